#include "bench/data/systems.h"

#include "bench/peers/kinds.h"

namespace bench {

void Omit(const Pass& pass, const RowName& row, const std::string& why) {
  bool failed = true;
  for (const PeerKind* kind : HeavyPeers())
    if (row.system == kind->name) failed = false;
  pass.figures.Omit({row.name(), why, failed});
}

void AddTimesOf(const Pass& pass, const RowName& row,
                const std::function<Times()>& measure) {
  Isolated<int64_t> got = Isolate<int64_t>(kSecondsMax, measure);
  if (got.ok())
    pass.figures.AddTimes(row, std::move(got.values));
  else
    Omit(pass, row, got.why);
}

void AddValuesOf(const Pass& pass, const RowName& row, const char* unit,
                 const std::function<std::vector<double>()>& measure) {
  const Isolated<double> got = Isolate<double>(kSecondsMax, measure);
  if (got.ok() && got.values.empty()) return;
  if (got.ok())
    pass.figures.AddSlices(row, unit, got.values);
  else
    Omit(pass, row, got.why);
}

}  // namespace bench
