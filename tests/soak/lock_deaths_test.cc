// Region locks whose users are killed, by SIGKILL, between any two of their
// steps, thousands of times: the others go on, nobody is let in beside
// another, and what a death may have left half written is told.
//
// slot_lock.cc is built into this program with KEYPORT_LOCK_STEPS, so that a
// child can count its steps and die at a given one. This process stands in for
// the kernel process: it waits for the dead and keeps the roster.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

#include "libipc/base/clock.h"
#include "tests/soak/options.h"
#include "tests/soak/random.h"
#include "tests/testing/fake_roster.h"

namespace soak {
namespace {

using base::SlotLock;
using Got = SlotLock::Got;

constexpr uint32_t kChildren = 4;
constexpr int64_t kHangNs = 30'000'000'000;

// What the lock guards, and what the children tell. Plain words would do for
// the first two; children that look at them while they may not are to see it.
struct Shared {
  std::atomic<uint64_t> first;
  std::atomic<uint64_t> second;
  std::atomic<uint64_t> locked[3];  // by Got
  std::atomic<uint64_t> wrong;
  std::atomic<uint64_t> hung;
};

uint64_t steps_left = 0;
void DieAtTheStep() {
  if (--steps_left == 0) raise(SIGKILL);
}

class Child {
 public:
  Child(SlotLock& lock, Shared& shared, uint64_t seed)
      : lock_(lock), shared_(shared), random_(seed) {}

  void Work() {
    for (;;) {
      const bool exclusive = random_.Below(3) == 0;
      const bool short_wait = random_.Below(4) == 0;
      const int64_t deadline = base::NowNs() + (short_wait ? 20'000 : kHangNs);
      Got got = exclusive ? Got::kExclusive : Got::kShared;
      if (!(exclusive ? lock_.TryExclusive() : lock_.TryShared()))
        got = exclusive ? lock_.Exclusive(deadline) : lock_.Shared(deadline);
      if (got == Got::kTimedOut || got == Got::kLost) {
        if (got == Got::kLost || !short_wait) ++shared_.hung;
        continue;
      }
      ++shared_.locked[static_cast<int>(got)];
      if (got == Got::kShared)
        Read();
      else
        Write(got);
    }
  }

 private:
  void Read() {
    const uint64_t first = shared_.first;
    if (shared_.second != first) ++shared_.wrong;
    SlotLock::step();
    if (shared_.first != first) ++shared_.wrong;
    lock_.EndShared();
  }
  void Write(Got got) {
    if (got == Got::kOwnerDied) {
      shared_.second.store(shared_.first);
      // Now and then it goes without repairing.
      if (random_.Below(4) == 0) return lock_.EndExclusive();
      lock_.Repaired();
    }
    const uint64_t first = shared_.first;
    if (shared_.second != first) ++shared_.wrong;
    shared_.first.store(first + 1);
    SlotLock::step();
    if (shared_.second != first) ++shared_.wrong;
    shared_.second.store(first + 1);
    lock_.EndExclusive();
  }

  SlotLock& lock_;
  Shared& shared_;
  Random random_;
};

class LockDeaths : public ::testing::Test {
 protected:
  LockDeaths()
      : shared_(*new (mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Shared{}) {}

  // In a slot of its own; dies at its n-th step.
  void Start(uint32_t slot, uint64_t steps) {
    const uint32_t member = roster_.Give(slot);
    const uint64_t seed = random_.Next();
    const pid_t parent = getpid();
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid > 0) {
      slots_[pid] = slot;
      return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    steps_left = steps;
    SlotLock::step = &DieAtTheStep;
    Child(*roster_.Attach(slot, member), shared_, seed).Work();
  }
  // The slot of the next who died.
  uint32_t AwaitDeath() {
    int status = 0;
    const pid_t pid = waitpid(-1, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    const uint32_t slot = slots_.at(pid);
    slots_.erase(pid);
    roster_.Take(slot);
    return slot;
  }
  void KillTheRest() {
    for (const auto& [pid, slot] : slots_) kill(pid, SIGKILL);
    while (!slots_.empty()) AwaitDeath();
  }

  testing_kit::FakeRoster roster_;
  Shared& shared_;
  Random random_{CurrentOptions().seed};
  std::map<pid_t, uint32_t> slots_;
};

TEST_F(LockDeaths, AtEachStepLeaveAllOthersWorking) {
  const int64_t end =
      base::NowNs() + CurrentOptions().seconds * int64_t{1'000'000'000};
  uint64_t deaths = 0;
  for (uint32_t slot = 0; slot < kChildren; ++slot) Start(slot, 200);
  while (deaths < 2'000 || base::NowNs() < end) {
    const uint32_t slot = AwaitDeath();
    ++deaths;
    // Each of the first steps again and again, and some that are far off.
    Start(slot, 1 + random_.Below(random_.Below(4) == 0 ? 2'000 : 120));
    ASSERT_EQ(shared_.hung, 0u) << "after deaths: " << deaths;
    ASSERT_EQ(shared_.wrong, 0u) << "after deaths: " << deaths;
  }
  KillTheRest();
  printf("%llu deaths; locked shared %llu, exclusive %llu, owner_died %llu\n",
         static_cast<unsigned long long>(deaths),
         static_cast<unsigned long long>(shared_.locked[0]),
         static_cast<unsigned long long>(shared_.locked[1]),
         static_cast<unsigned long long>(shared_.locked[2]));
  for (const auto& locked : shared_.locked) EXPECT_GT(locked, 0u);
  const auto last = roster_.Attach(0);
  const Got got = last->Exclusive(base::NowNs() + kHangNs);
  EXPECT_TRUE(got == Got::kExclusive || got == Got::kOwnerDied);
}

}  // namespace
}  // namespace soak
