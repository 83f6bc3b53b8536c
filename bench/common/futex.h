// A word that two processes sleep on.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace bench {

struct alignas(128) FutexWord {
  std::atomic<uint32_t> value;

  // Sleeps, if need be, until the word is no longer `seen`.
  void WaitWhile(uint32_t seen) {
    while (value.load(std::memory_order_acquire) == seen)
      syscall(SYS_futex, &value, FUTEX_WAIT, seen, nullptr, nullptr, 0);
  }
  void Increment() {
    value.fetch_add(1, std::memory_order_release);
    syscall(SYS_futex, &value, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  }
};

}  // namespace bench
