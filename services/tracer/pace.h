// Pace: how long a tracer rests between drains. Rings cannot wake it (their
// writers never look at their readers), so it comes by: often while records
// flow, fifty times a second when nothing happens (a ring holds 4,096 records,
// and the first of a burst come while it rests).
#pragma once

#include <algorithm>
#include <cstdint>

namespace keyport {

class Pace {
 public:
  // The rest after a drain that took `records`. Units: milliseconds.
  int NextMs(uint64_t records) {
    rest_ms_ = records > 0 ? kShortMs : std::min(rest_ms_ * 2, kLongMs);
    return rest_ms_;
  }

 private:
  static constexpr int kShortMs = 2;
  static constexpr int kLongMs = 20;
  int rest_ms_ = kShortMs;
};

}  // namespace keyport
