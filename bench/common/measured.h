// What is measured in a process of its own, one pass of it.
#pragma once

#include <functional>
#include <vector>

#include "bench/common/pass.h"

namespace bench {

// Measures in a process of its own, and adds each value to its row. One that
// fails is a failure of the run.
struct RowUnit {
  RowName row;
  const char* unit;
};
void AddEachOf(const Pass& pass, const std::vector<RowUnit>& rows,
               const std::function<std::vector<double>()>& measure);
void AddNsOf(const Pass& pass, const RowName& row,
             const std::function<double()>& measure);

}  // namespace bench
