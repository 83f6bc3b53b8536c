#include "bench/data/systems.h"

namespace bench {

void AddTimesOf(const Pass& pass, const RowName& row,
                const std::function<Times()>& measure) {
  Isolated<int64_t> got = Isolate<int64_t>(kSecondsMax, measure);
  if (got.ok())
    pass.figures.AddTimes(row, std::move(got.values));
  else
    pass.figures.Omit({row.name(), got.why, true});
}

void AddValuesOf(const Pass& pass, const RowName& row, const char* unit,
                 const std::function<std::vector<double>()>& measure) {
  const Isolated<double> got = Isolate<double>(kSecondsMax, measure);
  if (got.ok() && got.values.empty()) return;
  if (got.ok())
    pass.figures.AddSlices(row, unit, got.values);
  else
    pass.figures.Omit({row.name(), got.why, true});
}

}  // namespace bench
