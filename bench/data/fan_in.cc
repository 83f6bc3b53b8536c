// Many senders, one receiver: all of them busy, or one among idle ones. The
// senders are in one process and send in turn, so that two processors are
// enough.
#include "bench/common/raw_lanes.h"
#include "bench/data/lanes_rig.h"
#include "bench/data/rates.h"
#include "bench/data/systems.h"

namespace bench {
namespace {

void MeasureSenders(const Pass& pass, int senders) {
  const std::string group = FanInGroup(senders);
  AddValuesOf(pass, {group, kRawEachSender}, "M/s", [&] {
    RawLanes lanes(kApart, senders);
    return Rates(pass, [&](int messages) { return lanes.OneWayNs(messages); });
  });
  for (const auto& [system, takes] :
       {std::pair(kKeyport, Takes::kEach), {kKeyportInPlace, Takes::kInPlace}})
    AddValuesOf(pass, {group, system}, "M/s", [&, takes = takes] {
      LanesRig rig(senders, takes);
      return Rates(
          pass, [&](int messages) { return rig.OneWayNs(senders, messages); });
    });
}

// Making thousands of lanes takes longer than measuring one of them, so both
// measurements share them: slices of the rate, then times of calls.
void MeasureIdle(const Pass& pass, int idle) {
  const Isolated<double> got = Isolate<double>(kSecondsMax, [&] {
    LanesRig rig(idle + 1);
    std::vector<double> values =
        Rates(pass, [&](int messages) { return rig.OneWayNs(1, messages); });
    rig.RoundTrips(100);
    const Times times = rig.RoundTrips(pass.Rounds(16'000));
    values.insert(values.end(), times.begin(), times.end());
    return values;
  });
  const RowName rates(IdleLanesGroup(), LanesSystem(idle));
  if (!got.ok()) return Omit(pass, rates, got.why);
  const auto end_of_rates = got.values.begin() + RateSlices(pass.effort);
  pass.figures.AddSlices(rates, "M/s", {got.values.begin(), end_of_rates});
  pass.figures.AddTimes({IdleLanesCallGroup(), LanesSystem(idle)},
                        Times(end_of_rates, got.values.end()));
}

}  // namespace

void MeasureFanIn(const Pass& pass) {
  for (const int senders : {4, 32}) MeasureSenders(pass, senders);
}

void MeasureIdleLanes(const Pass& pass) {
  MeasureIdle(pass, 0);
  MeasureIdle(pass, pass.effort == Effort::kSmoke ? 100 : 1'000);
  if (pass.effort == Effort::kFull && pass.number < 3)
    MeasureIdle(pass, MostIdleLanes());
}

}  // namespace bench
