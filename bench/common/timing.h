// Timing of operations, one by one or as a whole.
#pragma once

#include <cstdint>
#include <vector>

#include "libipc/base/clock.h"

namespace bench {

// One operation each. Units: nanoseconds.
using Times = std::vector<int64_t>;

// What reading the clock adds to each of TimeEach's times; it is taken off.
int64_t ClockNs();

// Times `operation` by itself, `rounds` times.
template <typename Operation>
Times TimeEach(int rounds, const Operation& operation) {
  const int64_t clock = ClockNs();
  Times times;
  times.reserve(static_cast<size_t>(rounds));
  for (int i = 0; i < rounds; ++i) {
    const int64_t start = base::NowNs();
    operation(i);
    times.push_back(base::NowNs() - start - clock);
  }
  return times;
}
// Times `operation` as a whole.
template <typename Operation>
double TimeAll(const Operation& operation) {
  const int64_t start = base::NowNs();
  operation();
  return static_cast<double>(base::NowNs() - start);
}

// Keeps the calling processor busy, so that only the other side's goes idle.
void StayBusyUntil(int64_t ns);
// `wake(number)` sends, and returns when the receiver had it by its own clock,
// which is the same as ours.
template <typename WakeUp>
Times TimeWakeUps(int64_t idle_ns, int rounds, const WakeUp& wake) {
  Times times;
  for (uint64_t i = 0; i < static_cast<uint64_t>(rounds); ++i) {
    StayBusyUntil(base::NowNs() + idle_ns);
    const int64_t start = base::NowNs();
    times.push_back(wake(i) - start);
  }
  return times;
}

// What `operation` gives, `count` times.
template <typename Operation>
std::vector<double> Slices(int count, const Operation& operation) {
  std::vector<double> slices;
  for (int i = 0; i < count; ++i) slices.push_back(operation());
  return slices;
}

}  // namespace bench
