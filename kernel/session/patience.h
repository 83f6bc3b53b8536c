// Patience: how long to poll a session's request ring before resting on it,
// learnt from what it brought.
//
// It halves each time that it ran out in vain and is whole again when a
// request came, or when a rare trial found one: a client that calls now and
// then costs nothing, one that calls at once no system call.
#pragma once

#include <cstdint>

namespace kernel {

class Patience {
 public:
  static constexpr int64_t kMostNs = 30'000;
  static constexpr int64_t kLeastNs = 1'000;
  static constexpr uint32_t kTrialEvery = 64;

  // From now on; 0: not at all.
  int64_t Next() {
    if (left_ns_ >= kLeastNs) return left_ns_;
    return ++rests_ % kTrialEvery == 0 ? kMostNs / 4 : 0;
  }
  void Learn(bool paid) { left_ns_ = paid ? kMostNs : left_ns_ / 2; }

 private:
  int64_t left_ns_ = kMostNs;
  uint32_t rests_ = 0;
};

}  // namespace kernel
