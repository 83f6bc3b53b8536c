// Pace: how long a tracer rests between drains. Rings cannot wake it (their
// writers never look at their readers), so it comes by: often while records
// flow, fifty times a second when nothing happens (a ring holds 4,096 records,
// and the first of a burst come while it rests). Where services wait for it, it
// never rests as long as they do.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace keyport {

class Pace {
 public:
  // Of a lossless trace: how long services wait at most; else 0.
  static Pace For(std::chrono::nanoseconds wait) {
    if (wait.count() == 0) return Pace(kLongMs);
    const auto quarter_ms = static_cast<int>(wait.count() / 4'000'000);
    return Pace(std::clamp(quarter_ms, 1, kLongMs));
  }
  Pace() : Pace(kLongMs) {}

  // The rest after a drain that took `records`. Units: milliseconds.
  int NextMs(uint64_t records) {
    rest_ms_ = std::min(records > 0 ? kShortMs : rest_ms_ * 2, longest_ms_);
    return rest_ms_;
  }

 private:
  static constexpr int kShortMs = 2;
  static constexpr int kLongMs = 20;
  explicit Pace(int longest_ms) : longest_ms_(longest_ms) {}
  int longest_ms_;
  int rest_ms_ = kShortMs;
};

}  // namespace keyport
