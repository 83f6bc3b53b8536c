#include "bench/data/plots.h"

#include "bench/common/plots.h"
#include "bench/common/report.h"
#include "bench/data/rows.h"

namespace bench {
namespace {

constexpr char kWhiskers[] =
    "Median of the passes, whiskers from the least to the most; logarithmic.";

std::vector<const Series*> RowsOf(const Figures& figures,
                                  const std::string& group) {
  std::vector<const Series*> rows;
  for (const Series* row : figures.rows())
    if (row->row.group == group) rows.push_back(row);
  return rows;
}

// All as they come, and the raw mechanisms as they are.
Bars RoundTripBars(const Figures& figures, const Place& place,
                   const std::string& where) {
  Bars bars{"Round trip of 64 bytes, " + where, "shorter is better", kWhiskers,
            RowsOf(figures, RoundTripGroup(64, Waits::kDefault, place))};
  for (const auto& [waits, system] : {std::pair(Waits::kPolling, "raw ring"),
                                      std::pair(Waits::kSleeping, "raw futex")})
    if (const Series* raw =
            figures.Find({RoundTripGroup(64, waits, place), system}))
      bars.rows.push_back(raw);
  return bars;
}

Bars OneWayBars(const Figures& figures) {
  return {"Messages of 64 bytes one way, two processors",
          "longer is better, million messages a second", kWhiskers,
          RowsOf(figures, OneWayGroup(kApartPlace)), true};
}

// One system over several groups.
template <typename List, typename GroupOf>
Curve CurveOf(const Figures& figures, const std::string& system,
              const List& steps, const GroupOf& group_of) {
  Curve curve{system, {}};
  for (const auto step : steps)
    curve.points.push_back(figures.Find({group_of(step), system}));
  return curve;
}

Curves WakeUpCurves(const Figures& figures) {
  Curves curves{"Wake-up of an idle process, two processors",
                "how long it has been idle",
                "From sending until the receiver has the message; median.",
                {},
                {}};
  for (const int idle_us : kIdleUs)
    curves.steps.push_back(std::to_string(idle_us) + " µs");
  for (const char* system :
       {kKeyport, "raw futex", "AF_UNIX seqpacket", "iceoryx", "zeromq"}) {
    Curve curve = CurveOf(figures, system, kIdleUs, WakeUpGroup);
    if (curve.points.back() != nullptr) curves.curves.push_back(curve);
  }
  return curves;
}

Curves HandOverCurves(const Figures& figures) {
  Curves curves{"Handing over a block of memory, two processors",
                "size of the block",
                "Until the answer of a receiver that looked at its beginning, "
                "middle and end; median.",
                {},
                {}};
  std::vector<uint64_t> sizes;
  for (const uint64_t bytes : kHandOverBytes)
    if (figures.Has({HandOverGroup(bytes), kKeyport})) sizes.push_back(bytes);
  for (const uint64_t bytes : sizes) curves.steps.push_back(SizeText(bytes));
  const auto add = [&](const char* name, const char* system,
                       std::string (*group)(uint64_t)) {
    Curve curve = CurveOf(figures, system, sizes, group);
    curve.name = name;
    curves.curves.push_back(curve);
  };
  add("Keyport, loan", kKeyport, HandOverGroup);
  add("shared memory", kRawHandOver, HandOverGroup);
  add("Keyport, copy", kKeyport, CopyGroup);
  add("memcpy alone", kPlainCopy, CopyGroup);
  return curves;
}

}  // namespace

void WritePlots(const Figures& figures, const std::string& folder) {
  const auto write = [&](const char* name, const std::string& svg) {
    WriteFile(folder + "/" + name + ".svg", svg);
  };
  write("round_trip_apart",
        BarPlot(RoundTripBars(figures, kPlaces[0], "two processors")));
  write("round_trip_one_processor",
        BarPlot(RoundTripBars(figures, kPlaces[1], "one processor")));
  write("round_trip_not_pinned",
        BarPlot(RoundTripBars(figures, kPlaces[2], "not pinned")));
  write("one_way", BarPlot(OneWayBars(figures)));
  write("wake_up", LinePlot(WakeUpCurves(figures)));
  write("hand_over", LinePlot(HandOverCurves(figures)));
}

}  // namespace bench
