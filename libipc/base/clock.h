// Time: nanoseconds of CLOCK_MONOTONIC, and deadlines in them.
#pragma once

#include <time.h>

#include <cstdint>
#include <limits>

namespace base {

inline constexpr int64_t kNoDeadline = std::numeric_limits<int64_t>::max();

inline int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

// As of the last tick, a few milliseconds ago at most; cheaper.
inline int64_t CoarseNowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}
inline uint64_t CoarseSecond() {
  return static_cast<uint64_t>(CoarseNowNs()) / 1'000'000'000;
}

}  // namespace base
