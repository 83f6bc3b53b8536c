// Runs a measurement of one system in a process of its own and takes its
// figures over, or the reason why there are none.
#pragma once

#include <functional>

#include "bench/common/isolated.h"
#include "bench/data/rows.h"

namespace bench {

inline constexpr unsigned kSecondsMax = 60;  // a measurement

void AddTimesOf(const Pass& pass, const RowName& row,
                const std::function<Times()>& measure);
// The median of the values counts; none: the system cannot do it.
void AddValuesOf(const Pass& pass, const RowName& row, const char* unit,
                 const std::function<std::vector<double>()>& measure);

}  // namespace bench
