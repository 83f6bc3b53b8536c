#include "libipc/base/barrier.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

namespace base {
namespace {

// The process that joined: a forked one has to do so itself.
std::atomic<pid_t> g_joined{0};
std::atomic<bool> g_processes{false};
std::atomic<bool> g_threads{false};

bool Membarrier(int command) {
  return syscall(SYS_membarrier, command, 0, 0) == 0;
}

// A filter that came after joining refuses it. A processor has made its stores
// visible long before this is over.
void WaitForStores() {
  const timespec a_while = {.tv_sec = 0, .tv_nsec = 1'000'000};
  nanosleep(&a_while, nullptr);
}

}  // namespace

void JoinBarriers() {
  const pid_t me = getpid();
  if (g_joined.load(std::memory_order_acquire) == me) return;
  // Racing threads both ask, which does no harm.
  g_processes = Membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED);
  g_threads = Membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
  g_joined.store(me, std::memory_order_release);
}

bool HasProcessBarriers() {
  return g_processes.load(std::memory_order_relaxed);
}
bool HasThreadBarriers() { return g_threads.load(std::memory_order_relaxed); }

void FenceProcesses() {
  if (!Membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED)) WaitForStores();
}
void FenceThreads() {
  if (!Membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) WaitForStores();
}

}  // namespace base
