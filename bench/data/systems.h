// Runs a measurement of one system in a process of its own and takes its
// figures over, or the reason why there are none.
#pragma once

#include <functional>

#include "bench/common/isolated.h"
#include "bench/data/rows.h"

namespace bench {

// There is no figure for this reason. That Keyport, a raw mechanism or a peer
// of Linux's own does not work is a failure of the run; another system is only
// left out.
void Omit(const Pass& pass, const RowName& row, const std::string& why);

void AddTimesOf(const Pass& pass, const RowName& row,
                const std::function<Times()>& measure);
// The median of the values counts; none: the system cannot do it.
void AddValuesOf(const Pass& pass, const RowName& row, const char* unit,
                 const std::function<std::vector<double>()>& measure);

}  // namespace bench
