// Futex waits on shared and private words.
//
// Reading a word is enough to wait on it and to wake its waiters, which is why
// a lane's sleeper can wait on the peer's sealed half.
//
// Source: futex(2), futex_waitv (Linux 5.16).
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

namespace base {

// A word to sleep on while it has the value.
struct FutexWait {
  const uint32_t* word;
  uint32_t value;
  bool is_private = false;  // all its users are threads of this process
};

inline constexpr size_t kFutexWaitsMax = 128;

inline uint32_t ValueOf(const uint32_t* word) {
  return std::atomic_ref<uint32_t>(*const_cast<uint32_t*>(word))
      .load(std::memory_order_acquire);
}

enum class WaitResult {
  kWoken,  // woken, or a word had changed already, or a signal came
  kTimedOut,
};

// Sleeps until a word's waiters are woken or its value differs. At most
// kFutexWaitsMax words. `deadline_ns`: CLOCK_MONOTONIC, kNoDeadline for ever.
WaitResult WaitOnWords(std::span<const FutexWait> waits, int64_t deadline_ns);

enum class WakeScope { kShared, kPrivate };
void WakeWord(const uint32_t* word, int how_many,
              WakeScope scope = WakeScope::kShared);

}  // namespace base
