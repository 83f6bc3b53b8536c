#include "libipc/base/futex.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <climits>

#include "libipc/base/clock.h"

namespace base {
namespace {

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif

timespec ToTimespec(int64_t ns) {
  return {.tv_sec = static_cast<time_t>(ns / 1'000'000'000),
          .tv_nsec = static_cast<long>(ns % 1'000'000'000)};
}

}  // namespace

WaitResult WaitOnWords(std::span<const FutexWait> waits, int64_t deadline_ns) {
  futex_waitv vector[kFutexWaitsMax];
  const size_t count =
      waits.size() < kFutexWaitsMax ? waits.size() : kFutexWaitsMax;
  for (size_t i = 0; i < count; ++i) {
    vector[i] = {
        .val = waits[i].value,
        .uaddr = reinterpret_cast<uintptr_t>(waits[i].word),
        .flags = FUTEX_32 | (waits[i].is_private ? FUTEX_PRIVATE_FLAG : 0u),
        .__reserved = 0};
  }
  timespec until = ToTimespec(deadline_ns);
  timespec* timeout = deadline_ns == kNoDeadline ? nullptr : &until;
  const long result =
      syscall(SYS_futex_waitv, vector, count, 0, timeout, CLOCK_MONOTONIC);
  if (result < 0 && errno == ETIMEDOUT) return WaitResult::kTimedOut;
  return WaitResult::kWoken;
}

void WakeWord(const uint32_t* word, int how_many, WakeScope scope) {
  const int operation =
      scope == WakeScope::kPrivate ? FUTEX_WAKE_PRIVATE : FUTEX_WAKE;
  syscall(SYS_futex, word, operation, how_many, nullptr, nullptr, 0);
}

}  // namespace base
