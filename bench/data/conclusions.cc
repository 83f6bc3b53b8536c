// What is to be reached, as docs/performance.md says, and what was.
#include "bench/data/rows.h"

namespace bench {
namespace {

constexpr Place kApartPlace = kPlaces[0];

RowName RoundTrip(size_t bytes, Waits waits, const Place& place,
                  const char* system) {
  return {RoundTripGroup(bytes, waits, place), system};
}

void ConcludeBusy(Figures& figures) {
  const auto ours = [](size_t bytes, Waits waits) {
    return RoundTrip(bytes, waits, kApartPlace, kKeyport);
  };
  const RowName line = RoundTrip(8, Waits::kPolling, kApartPlace, kLineSystem);
  const RowName ring = RoundTrip(64, Waits::kPolling, kApartPlace, "raw ring");
  for (const Waits waits : {Waits::kDefault, Waits::kPolling}) {
    const std::string how = std::string(", ") + TextOf(waits) + ", apart";
    for (const size_t bytes : {8, 32})
      figures.Compare("round trip, " + std::to_string(bytes) +
                          " B / one cache line there and back" + how,
                      ours(bytes, waits), line, AtMost(1.6, 1.9));
    figures.Compare("round trip, 64 B / raw ring" + how, ours(64, waits), ring,
                    AtMost(0.95, 1.15));
  }
}

void ConcludeSleeping(Figures& figures) {
  const auto compare = [&](const Place& place, std::optional<Bar> bar) {
    figures.Compare(
        std::string("round trip, sleeping / raw futex, ") + place.name,
        RoundTrip(64, Waits::kSleeping, place, kKeyport),
        RoundTrip(64, Waits::kSleeping, place, "raw futex"), bar);
  };
  compare(kPlaces[0], AtMost(1.03, 1.1));
  compare(kPlaces[1], AtMost(1.2, 1.5));
  compare(kPlaces[2], {});
  const RowName calls(
      "system calls" + CostsSuffix(Waits::kSleeping, kApartPlace), kKeyport);
  if (figures.Has(calls))
    figures.Conclude("system calls a round trip, sleeping, apart", "",
                     figures.Median(calls), AtMost(4.1, 4.1));
}

// The better of spinning and sleeping; nobody spins on one processor.
void ConcludeDefault(Figures& figures) {
  for (const Place& place : {kPlaces[1], kPlaces[2]}) {
    const Series* asleep =
        figures.Find(RoundTrip(64, Waits::kSleeping, place, kKeyport));
    const Series* polling =
        figures.Find(RoundTrip(64, Waits::kPolling, place, kKeyport));
    const Series* ours =
        figures.Find(RoundTrip(64, Waits::kDefault, place, kKeyport));
    if (asleep == nullptr || ours == nullptr) continue;
    double better = asleep->Median();
    if (polling != nullptr) better = std::min(better, polling->Median());
    figures.Conclude(
        std::string("round trip, default / better of polling and sleeping, ") +
            place.name,
        "x", ours->Median() / better, AtMost(1.2, 1.5));
  }
}

void ConcludeOneWay(Figures& figures) {
  const std::string group = OneWayGroup(kApartPlace);
  figures.Compare("one way, Send each / raw ring publishing each (rate)",
                  {group, kKeyport}, {group, kRawEach}, AtLeast(1.5, 1));
  figures.Compare("one way, batched / raw ring publishing every 16 (rate)",
                  {group, kKeyportBatched}, {group, kRawBatched},
                  AtLeast(0.9, 0.7));
}

void ConcludeCosts(Figures& figures) {
  const RowName calls(
      "system calls" + CostsSuffix(Waits::kDefault, kApartPlace), kKeyport);
  if (figures.Has(calls))
    figures.Conclude("system calls a round trip, busy, apart", "",
                     figures.Median(calls), AtMost(0.01, 0.01));
  if (figures.Has(kKernelCpuBusy))
    figures.Conclude(kKernelCpuBusy, "ns", figures.Median(kKernelCpuBusy),
                     AtMost(1, 1));
  if (figures.Has(kKernelCpuIdle))
    figures.Conclude(kKernelCpuIdle, "µs/s", figures.Median(kKernelCpuIdle),
                     AtMost(1, 1));
}

}  // namespace

void Conclude(Figures& figures) {
  ConcludeBusy(figures);
  ConcludeSleeping(figures);
  ConcludeDefault(figures);
  ConcludeOneWay(figures);
  ConcludeCosts(figures);
}

}  // namespace bench
