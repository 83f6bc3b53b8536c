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

// What `operation` gives, `count` times.
template <typename Operation>
std::vector<double> Slices(int count, const Operation& operation) {
  std::vector<double> slices;
  for (int i = 0; i < count; ++i) slices.push_back(operation());
  return slices;
}

}  // namespace bench
