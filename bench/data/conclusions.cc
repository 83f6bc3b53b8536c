// What is to be reached, as docs/performance.md says, and what was.
#include <algorithm>

#include "bench/data/rows.h"

namespace bench {
namespace {

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
  figures.Compare(
      "one way, Send each, received in place / raw ring publishing each (rate)",
      {group, kKeyportInPlace}, {group, kRawEach}, AtLeast(1.5, 1));
  figures.Compare("one way, batched / raw ring publishing every 16 (rate)",
                  {group, kKeyportBatched}, {group, kRawBatched},
                  AtLeast(0.9, 0.7));
}

void ConcludeFanIn(Figures& figures) {
  for (const int senders : {4, 32}) {
    const std::string group = FanInGroup(senders);
    figures.Compare("from " + std::to_string(senders) +
                        " senders / raw ring for each (rate)",
                    {group, kKeyport}, {group, kRawEachSender},
                    AtLeast(0.95, 0.8));
    figures.Compare("from " + std::to_string(senders) +
                        " senders, received in place / raw ring for each "
                        "(rate)",
                    {group, kKeyportInPlace}, {group, kRawEachSender},
                    AtLeast(0.95, 0.8));
  }
  for (const int idle : {100, 1'000, MostIdleLanes()}) {
    const std::string beside =
        "one busy lane, " + std::to_string(idle) + " idle / alone";
    figures.Compare(beside + " (rate)", {IdleLanesGroup(), LanesSystem(idle)},
                    {IdleLanesGroup(), LanesSystem(0)}, AtLeast(0.97, 0.9));
    figures.Compare(beside + " (round trip)",
                    {IdleLanesCallGroup(), LanesSystem(idle)},
                    {IdleLanesCallGroup(), LanesSystem(0)}, AtMost(1.03, 1.1));
  }
}

// memcpy and a hand-over in one go, or their sum, where polling for the one
// slows the other down.
void ConcludeCopies(Figures& figures, uint64_t bytes) {
  const Series* ours = figures.Find({CopyGroup(bytes), kKeyport});
  const Series* raw = figures.Find({CopyGroup(bytes), kRawCopy});
  const Series* copy = figures.Find({CopyGroup(bytes), kPlainCopy});
  const Series* hand_over =
      figures.Find({HandOverGroup(64 << 10), kRawHandOver});
  if (ours == nullptr || raw == nullptr || copy == nullptr) return;
  double better = raw->Median();
  if (hand_over != nullptr)
    better = std::min(better, copy->Median() + hand_over->Median());
  figures.Conclude("copying send / memcpy and hand-over, " + SizeText(bytes),
                   "x", ours->Median() / better, AtMost(1.05, 1.2));
}

void ConcludeBlocks(Figures& figures) {
  for (const uint64_t bytes : kCopyBytes) ConcludeCopies(figures, bytes);
  const RowName small(kSmallMessageGroup, kKeyport);
  for (const uint64_t bytes : kHandOverBytes) {
    const RowName loan(HandOverGroup(bytes), kKeyport);
    std::optional<Bar> bar;  // smaller ones are better sent as messages
    if (bytes >= 64 << 10) bar = AtMost(50, 150);
    if (figures.Has(loan) && figures.Has(small))
      figures.Conclude(
          "hand-over of a loan beyond a small message, " + SizeText(bytes),
          "ns", figures.Median(loan) - figures.Median(small), bar);
    const RowName known(HandOverGroup(bytes), kKeyportKnownBlock);
    if (figures.Has(loan) && figures.Has(known))
      figures.Conclude(
          "the same beyond a message about a block that both have, " +
              SizeText(bytes),
          "ns", figures.Median(loan) - figures.Median(known));
  }
}

void ConcludeWakeUps(Figures& figures) {
  for (const int idle_us : kIdleUs)
    figures.Compare(WakeUpGroup(idle_us) + " / raw futex",
                    {WakeUpGroup(idle_us), kKeyport},
                    {WakeUpGroup(idle_us), "raw futex"});
}

void ConcludeStart(Figures& figures) {
  figures.Compare("connect and first round trip / sockets, memfd, 2 eventfds",
                  {kConnectGroup, kKeyport}, {kConnectGroup, kRawConnect},
                  AtMost(1, 1.5));
  const RowName start(kStartGroup, kKeyport);
  if (figures.Has(start))
    figures.Conclude(kStartGroup, "ms", figures.Median(start) / 1e6,
                     AtMost(2, 3));
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
  ConcludeFanIn(figures);
  ConcludeBlocks(figures);
  ConcludeWakeUps(figures);
  ConcludeStart(figures);
  ConcludeCosts(figures);
}

}  // namespace bench
