// Locks in shared memory, free and contended: Keyport's region lock (the slot
// alone, without what its threads share) beside pthread_rwlock
// (process-shared) and a robust process-shared mutex. Passes are interleaved;
// the median is told, in nanoseconds a lock and unlock.
//
//   bench_locks [PASSES]
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "libipc/base/clock.h"
#include "libipc/base/slot_lock.h"

namespace {

constexpr int kFree = 2'000'000;
constexpr int64_t kContendedNs = 100'000'000;
constexpr uint32_t kMost = 32;

struct Shared {
  ipc::abi::LockPage page;
  ipc::abi::LockRoster roster;
  pthread_rwlock_t rwlock;
  pthread_mutex_t mutex;
  uint64_t sum;                  // guarded
  std::atomic<uint64_t> counts;  // of all processes
  uint64_t each[kMost];
};

// Locks and unlocks once, for reading or writing.
using Once = std::function<void()>;
struct Kind {
  const char* name;
  std::function<Once(Shared&, uint32_t slot, bool reads)> make;
};

Once RegionLock(Shared& shared, uint32_t slot, bool reads) {
  auto lock = std::make_shared<base::SlotLock>(&shared.page, &shared.roster,
                                               slot, slot + 1, nullptr);
  if (reads)
    return [lock] {
      if (!lock->TryShared()) lock->Shared(base::kNoDeadline);
      lock->EndShared();
    };
  return [lock, &shared] {
    if (!lock->TryExclusive()) lock->Exclusive(base::kNoDeadline);
    ++shared.sum;
    lock->EndExclusive();
  };
}

Once Rwlock(Shared& shared, uint32_t, bool reads) {
  if (reads)
    return [&] {
      pthread_rwlock_rdlock(&shared.rwlock);
      pthread_rwlock_unlock(&shared.rwlock);
    };
  return [&] {
    pthread_rwlock_wrlock(&shared.rwlock);
    ++shared.sum;
    pthread_rwlock_unlock(&shared.rwlock);
  };
}

Once RobustMutex(Shared& shared, uint32_t, bool) {
  return [&] {
    pthread_mutex_lock(&shared.mutex);
    ++shared.sum;
    pthread_mutex_unlock(&shared.mutex);
  };
}

const Kind kKinds[] = {{"keyport region lock", RegionLock},
                       {"pthread_rwlock", Rwlock},
                       {"robust mutex", RobustMutex}};

void Prepare(Shared& shared) {
  new (&shared) Shared{};
  shared.roster.slots = kMost;
  for (uint32_t slot = 0; slot < kMost; ++slot)
    shared.roster.members[slot] = slot + 1;
  pthread_rwlockattr_t rwlock;
  pthread_rwlockattr_init(&rwlock);
  pthread_rwlockattr_setpshared(&rwlock, PTHREAD_PROCESS_SHARED);
  pthread_rwlock_init(&shared.rwlock, &rwlock);
  pthread_mutexattr_t mutex;
  pthread_mutexattr_init(&mutex);
  pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&mutex, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&shared.mutex, &mutex);
}

double Free(Shared& shared, const Kind& kind, bool reads) {
  shared.roster.slots = 2;
  const Once once = kind.make(shared, 0, reads);
  const int64_t begin = base::NowNs();
  for (int i = 0; i < kFree; ++i) once();
  return static_cast<double>(base::NowNs() - begin) / kFree;
}

// `users` processes; one in `write_every` locks is for writing.
double Contended(Shared& shared, const Kind& kind, uint32_t users,
                 uint64_t write_every) {
  std::vector<pid_t> pids;
  for (uint32_t user = 0; user < users; ++user) {
    if (const pid_t pid = fork(); pid != 0) {
      pids.push_back(pid);
      continue;
    }
    const Once reads = kind.make(shared, user, true);
    const Once writes = kind.make(shared, user, false);
    const int64_t end = base::NowNs() + kContendedNs;
    uint64_t count = 0;
    do {
      for (int i = 0; i < 16; ++i)
        (++count % write_every == 0 ? writes : reads)();
    } while (base::NowNs() < end);
    shared.each[user] = count;
    shared.counts += count;
    _exit(0);
  }
  for (const pid_t pid : pids) waitpid(pid, nullptr, 0);
  return kContendedNs / (static_cast<double>(shared.counts) + 1);
}

}  // namespace

int main(int argc, char** argv) {
  const int passes = argc > 1 ? std::atoi(argv[1]) : 5;
  auto& shared = *static_cast<Shared*>(mmap(nullptr, sizeof(Shared),
                                            PROT_READ | PROT_WRITE,
                                            MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  struct Row {
    std::string name;
    std::function<double(const Kind&)> run;
  };
  const Row rows[] = {
      {"free, read", [&](const Kind& k) { return Free(shared, k, true); }},
      {"free, write", [&](const Kind& k) { return Free(shared, k, false); }},
      {"2 processes, read",
       [&](const Kind& k) { return Contended(shared, k, 2, ~0ull); }},
      {"2 processes, 1 in 10 writes",
       [&](const Kind& k) { return Contended(shared, k, 2, 10); }},
      {"32 processes, 1 in 10 writes",
       [&](const Kind& k) { return Contended(shared, k, 32, 10); }},
      {"2 processes, write",
       [&](const Kind& k) { return Contended(shared, k, 2, 1); }},
      {"32 processes, write",
       [&](const Kind& k) { return Contended(shared, k, 32, 1); }}};
  for (const Row& row : rows) {
    std::vector<double> times[std::size(kKinds)];
    for (int pass = 0; pass < passes; ++pass)
      for (size_t i = 0; i < std::size(kKinds); ++i) {
        Prepare(shared);
        times[i].push_back(row.run(kKinds[i]));
      }
    std::printf("%-30s", row.name.c_str());
    for (size_t i = 0; i < std::size(kKinds); ++i) {
      std::sort(times[i].begin(), times[i].end());
      std::printf("  %s %.1f ns", kKinds[i].name, times[i][passes / 2]);
    }
    std::printf("\n");
  }
}
