#include "tests/soak/storm.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "libipc/base/clock.h"

namespace soak {
namespace {

std::atomic<uint64_t>* g_signals = nullptr;

void OnSignal(int) {
  if (g_signals != nullptr) g_signals->fetch_add(1, std::memory_order_relaxed);
}

void Handle(int number, int flags) {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  action.sa_flags = flags;
  sigaction(number, &action, nullptr);
}

void Send(int task, int number) { syscall(SYS_tkill, task, number); }

void Pause(Random& random, uint64_t most_ns) {
  const timespec time = {0, static_cast<long>(random.Below(most_ns))};
  nanosleep(&time, nullptr);
}

cpu_set_t AllProcessors() {
  cpu_set_t all;
  sched_getaffinity(getpid(), sizeof(all), &all);
  return all;
}

}  // namespace

std::shared_ptr<Storm> Storm::Create() {
  void* memory = mmap(nullptr, sizeof(Storm), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* storm = new (memory) Storm;
  g_signals = &storm->counts_.signals;
  return {storm, [](Storm* gone) {
            g_signals = nullptr;
            munmap(gone, sizeof(Storm));
          }};
}

void Storm::Join() {
  Handle(SIGUSR1, SA_RESTART);
  Handle(SIGUSR2, 0);
  const uint32_t place = task_count_.fetch_add(1);
  if (place < kTasksMax) tasks_[place] = static_cast<int>(syscall(SYS_gettid));
}

void Storm::Rage(Random& random, int64_t until_ns, Stops stops) {
  while (base::NowNs() < until_ns) {
    const uint32_t count = std::min(task_count_.load(), kTasksMax);
    const int task = count == 0 ? 0 : tasks_[random.Below(count)].load();
    if (task != 0) {
      switch (random.Below(stops == Stops::kYes ? 8 : 7)) {
        case 0:
        case 1:
        case 2:
          Move(random, task);
          break;
        case 3:
          // To go back up needs a privilege that the test may not have.
          setpriority(PRIO_PROCESS, static_cast<id_t>(task),
                      static_cast<int>(random.Below(4)));
          break;
        case 7:
          Halt(random, task);
          break;
        default:
          Signal(random, task);
      }
    }
    Pause(random, 1'000'000);
  }
  Calm();
}

void Storm::Move(Random& random, int task) {
  const cpu_set_t all = AllProcessors();
  cpu_set_t some;
  CPU_ZERO(&some);
  for (int i = 0; i < CPU_SETSIZE; ++i)
    if (CPU_ISSET(i, &all) && random.OneIn(2)) CPU_SET(i, &some);
  sched_setaffinity(task, sizeof(some), CPU_COUNT(&some) > 0 ? &some : &all);
}

void Storm::Signal(Random& random, int task) {
  for (uint64_t left = random.Below(16) + 1; left > 0; --left)
    Send(task, random.OneIn(2) ? SIGUSR1 : SIGUSR2);
}

void Storm::Halt(Random& random, int task) {
  Send(task, SIGSTOP);
  Pause(random, 20'000'000);
  Send(task, SIGCONT);
}

void Storm::Calm() {
  const cpu_set_t all = AllProcessors();
  const uint32_t count = std::min(task_count_.load(), kTasksMax);
  for (uint32_t i = 0; i < count; ++i)
    if (const int task = tasks_[i].load(); task != 0)
      sched_setaffinity(task, sizeof(all), &all);
}

void Storm::SawDeadline(int64_t deadline_ns) {
  const int64_t late_ns = base::NowNs() - deadline_ns;
  if (late_ns < 0) return;
  counts_.late.fetch_add(1, std::memory_order_relaxed);
  int64_t latest = counts_.latest_ns.load();
  while (late_ns > latest &&
         !counts_.latest_ns.compare_exchange_weak(latest, late_ns)) {
  }
}

}  // namespace soak
