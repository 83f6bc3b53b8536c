#include "bench/sharing/plots.h"

#include <span>

#include "bench/common/plots.h"
#include "bench/common/report.h"
#include "bench/sharing/rows.h"

namespace bench {
namespace {

// One system over several groups; none if it was measured at no step.
struct Named {
  const char* system;
  const char* name;  // short: there is little room beside the curves
};
template <typename GroupOf>
void AddCurve(const Figures& figures, const Named& one,
              std::span<const int> steps, const GroupOf& group_of,
              Curves& curves) {
  Curve curve{one.name, {}};
  bool measured = false;
  for (const int step : steps) {
    curve.points.push_back(figures.Find({group_of(step), one.system}));
    measured = measured || curve.points.back() != nullptr;
  }
  if (measured) curves.curves.push_back(curve);
}

Curves FanOutCurves(const Figures& figures) {
  Curves curves{"What publishing 64 bytes costs the publisher",
                "subscribers",
                "The subscribers poll, on another processor; median.",
                {},
                {}};
  for (const int step : kSubscribers)
    curves.steps.push_back(std::to_string(step));
  for (const Named one : {Named{kTopicReliable, "topic, reliable"},
                          {kTopicLossy, "topic, lossy"},
                          {kRawRing, "raw ring, unchecked"},
                          {kLaneEach, "a lane to each"}})
    AddCurve(figures, one, kSubscribers, FanOutGroup, curves);
  return curves;
}

Curves LockCurves(const Figures& figures, Access access) {
  Curves curves{std::string("Lock and unlock, ") + TextOf(access),
                "processes that contend for it",
                "The time over all that they took together; median.",
                {},
                {}};
  for (const int step : kContenders)
    curves.steps.push_back(step == 1 ? "free" : std::to_string(step));
  for (const Named one : {Named{kRegionLock, "RegionLock"},
                          {kSlotLock, "its slot alone"},
                          {kRwlock, "pthread_rwlock"},
                          {kRobustMutex, "robust mutex"}})
    AddCurve(
        figures, one, kContenders,
        [&](int contenders) { return LockGroup(contenders, access); }, curves);
  return curves;
}

}  // namespace

void WriteSharingPlots(const Figures& figures, const std::string& folder) {
  const auto write = [&](const char* name, const Curves& curves) {
    WriteFile(folder + "/" + name + ".svg", LinePlot(curves));
  };
  write("fan_out", FanOutCurves(figures));
  write("locks_reading", LockCurves(figures, Access::kReading));
  write("locks_mixed", LockCurves(figures, Access::kMixed));
  write("locks_writing", LockCurves(figures, Access::kWriting));
}

}  // namespace bench
