// Rates of one-way messages, in slices that take about as long with each
// system.
#pragma once

#include <algorithm>
#include <vector>

#include "bench/data/rows.h"

namespace bench {

inline constexpr int kRateSlices = 7;

// `one_way(messages)` returns nanoseconds a message, or something negative when
// the system has no such messages: then there are no rates.
// Units: million messages a second.
template <typename OneWay>
std::vector<double> Rates(const Pass& pass, const OneWay& one_way) {
  const double slice_ns = pass.Rounds(20'000'000);
  const double ns = one_way(pass.Rounds(8'000) + 32);
  if (ns < 0) return {};
  const int messages =
      std::clamp(static_cast<int>(slice_ns / ns), 32, 4'000'000);
  return Slices(kRateSlices, [&] { return 1e3 / one_way(messages); });
}

}  // namespace bench
