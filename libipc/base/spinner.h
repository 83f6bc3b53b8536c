// Spinner: how long to poll before sleeping, learnt from what it brought.
//
// Polling pays while the other side runs on another processor; where both
// share one it only keeps the other from running. The budget halves each time
// it ran out in vain and is restored when polling, or a rare trial, succeeds.
#pragma once

#include <atomic>
#include <cstdint>

#include "libipc/base/clock.h"

namespace base {

// Processors of this machine that are in use. Which of them this thread is
// bound to says nothing: its peer may be bound to another.
int OnlineProcessors();

inline void CpuRelax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

// Lets no load begin before those above are done. Else a processor that polls
// reads the same word many times ahead, and has to take it all back when it
// changes, which takes long.
inline void AwaitLoads() {
#if defined(__x86_64__)
  __builtin_ia32_lfence();
#else
  CpuRelax();
#endif
}

// Thread: any; racing updates lose no more than a little learning.
class Spinner {
 public:
  static constexpr int64_t kLeastNs = 1'000;

  // The process's limit; 0: never poll.
  static void SetMost(int64_t ns);
  // Whether this process polls at all.
  static bool MayPoll() {
    return most_ns_.load(std::memory_order_relaxed) >= kLeastNs &&
           OnlineProcessors() > 1;
  }

  // What came of it: it was not tried, `ready()` held, or it never did.
  enum class Spun { kNot, kPaid, kLost };

  // Polls `ready()` for the learnt time, until it holds.
  template <typename Ready>
  bool Spin(Ready&& ready) {
    return Try(ready) == Spun::kPaid;
  }
  // Polls for this long, whatever was learnt, and learns from it.
  template <typename Ready>
  Spun TryFor(int64_t budget, Ready&& ready) {
    if (PollFor(budget, ready)) {
      Learn(true);
      return Spun::kPaid;
    }
    return Spun::kLost;
  }
  template <typename Ready>
  Spun Try(Ready&& ready) {
    const int64_t budget = Budget();
    if (budget == 0) return Spun::kNot;
    const bool paid = PollFor(budget, ready);
    Learn(paid);
    return paid ? Spun::kPaid : Spun::kLost;
  }

 private:
  static constexpr int64_t kNotLearnt = -1;
  template <typename Ready>
  static bool PollFor(int64_t budget, Ready&& ready) {
    // The clock is read only once it has taken a while.
    int64_t end = 0;
    // What comes soon is found sooner without the long pause.
    for (int i = 0; i < 64; ++i) {
      if (ready()) return true;
      AwaitLoads();
    }
    do {
      for (int i = 0; i < 32; ++i) {
        if (ready()) return true;
        CpuRelax();
      }
      if (end == 0) end = NowNs() + budget;
    } while (NowNs() < end);
    return false;
  }
  int64_t Budget();
  void Learn(bool paid);

  static std::atomic<int64_t> most_ns_;
  std::atomic<int64_t> budget_ns_{kNotLearnt};
  std::atomic<uint32_t> waits_{0};
};

}  // namespace base
