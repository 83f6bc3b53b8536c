// One pass over the groups of rows.
#pragma once

#include "bench/common/effort.h"
#include "bench/common/figures.h"

namespace bench {

inline constexpr unsigned kSecondsMax = 60;  // a measurement

struct Pass {
  Figures& figures;
  Effort effort;
  int number;
  int Rounds(int full) const { return bench::Rounds(effort, full); }
};

}  // namespace bench
