// Rates of one-way messages, in slices that take about as long with each
// system.
#pragma once

#include <algorithm>
#include <vector>

#include "bench/data/rows.h"

namespace bench {

// Short ones, so that what else runs on the machine spoils only some, but long
// beside the answer at the end of each.
inline double RateSliceNs(Effort effort) {
  return effort == Effort::kSmoke ? 1e5 : 3e6;
}
inline int RateSlices(Effort effort) {
  return effort == Effort::kFull ? 41 : effort == Effort::kQuick ? 11 : 3;
}

// `one_way(messages)` returns nanoseconds a message, or something negative when
// the system has no such messages: then there are no rates.
// Units: million messages a second.
template <typename OneWay>
std::vector<double> Rates(const Pass& pass, const OneWay& one_way) {
  const double ns = one_way(pass.Rounds(8'000) + 32);
  if (ns < 0) return {};
  const int messages = std::clamp(
      static_cast<int>(RateSliceNs(pass.effort) / ns), 32, 4'000'000);
  return Slices(RateSlices(pass.effort),
                [&] { return 1e3 / one_way(messages); });
}

}  // namespace bench
