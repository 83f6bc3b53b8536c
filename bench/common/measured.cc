#include "bench/common/measured.h"

#include "bench/common/isolated.h"

namespace bench {

void AddEachOf(const Pass& pass, const std::vector<RowUnit>& rows,
               const std::function<std::vector<double>()>& measure) {
  const Isolated<double> got = Isolate<double>(kSecondsMax, measure);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (got.ok())
      pass.figures.Add(rows[i].row, rows[i].unit, got.values.at(i));
    else
      pass.figures.Omit({rows[i].row.name(), got.why, true});
  }
}

void AddNsOf(const Pass& pass, const RowName& row,
             const std::function<double()>& measure) {
  AddEachOf(pass, {{row, "ns"}}, [&] { return std::vector{measure()}; });
}

}  // namespace bench
