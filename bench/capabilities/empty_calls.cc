// Empty calls, one at a time and many in flight, beside an eventfd, a socket
// and a raw ring.
#include "bench/capabilities/calls_rig.h"
#include "bench/capabilities/many.h"
#include "bench/capabilities/raw_sockets.h"
#include "bench/capabilities/rows.h"
#include "bench/common/raw_futex.h"
#include "bench/common/raw_lanes.h"
#include "ipc/tuning.h"

namespace bench {
namespace {

using ipc::abi::Syscall;

constexpr absl::Duration kPollingByDefault = absl::Microseconds(30);
constexpr int kRingMessages = 200'000;
constexpr char kRawRingRow[] = "raw ring, 64 B one way, publishing each, apart";

Times EmptyCalls(CallRig& rig, int rounds) {
  return TimeEach(rounds, [&](int) {
    const ipc::Answer answer =
        CallOne(rig.session(), {Syscall::handle_info, rig.port.handle()});
    Expect(answer.value(2) == rig.object, "the object's id");
  });
}

// Neither side polls.
Times EmptyCallsAsleep(const Place& place, int rounds) {
  ipc::SetPollingLimit(absl::ZeroDuration());
  CallRig rig(place.placement, CallRig::Polling::kNever);
  EmptyCalls(rig, 100);
  Times times = EmptyCalls(rig, rounds);
  ipc::SetPollingLimit(kPollingByDefault);
  return times;
}

double MillionsASecond(size_t count, double ns) {
  return static_cast<double>(count) * 1e3 / ns;
}

double EmptyBatch(CallRig& rig, size_t count) {
  return MillionsASecond(count, TimeAll([&] {
                           InfoMany(rig.session(), rig.port.handle(),
                                    rig.object, count);
                         }));
}

double EmptyRawBatch(CallRig& rig, RawRig& raw, size_t count) {
  return MillionsASecond(
      count, TimeAll([&] {
        raw.session.Many(
            count,
            [&](size_t) { return RawRequest(Syscall::handle_info, raw.port); },
            [&](const ipc::abi::Completion& completion) {
              Expect(completion.values[2] == rig.object, "the object's id");
            });
      }));
}

void MeasurePlace(Figures& figures, Effort effort, const Place& place) {
  const std::string where = std::string(", ") + place.name;
  const int rounds = effort.Rounds(8'000);
  const int slices = effort.Rounds(kSlices);
  figures.AddTimes("eventfd there and back" + where,
                   EventfdRoundTrips(place.placement, rounds));
  figures.AddTimes("futex there and back" + where,
                   FutexRoundTrips(place.placement, rounds));
  figures.AddTimes("empty call asleep" + where,
                   EmptyCallsAsleep(place, rounds));
  CallRig rig(place.placement);
  EmptyCalls(rig, 100);
  figures.AddTimes("empty call by default" + where, EmptyCalls(rig, rounds));
  figures.AddTimes("SEQPACKET 64 B there and back" + where,
                   SocketRoundTrips(place.placement, rounds));
  figures.AddSlices(
      "empty calls batched, libipc" + where, "M/s",
      Slices(slices, [&] { return EmptyBatch(rig, kSliceCalls); }));
  RawRig raw(rig);
  figures.AddSlices(
      "empty calls batched, raw ring" + where, "M/s",
      Slices(slices, [&] { return EmptyRawBatch(rig, raw, kSliceCalls); }));
}

void MeasureRawRing(Figures& figures) {
  const PinnedTo here(kApart.first);
  RawLanes lanes(kApart, 1);
  figures.AddSlices(kRawRingRow, "M/s", Slices(5, [&] {
                      return 1e3 / lanes.OneWayNs(kRingMessages);
                    }));
}

}  // namespace

void MeasureEmptyCalls(Figures& figures, Effort effort) {
  MeasureRawRing(figures);
  for (const Place& place : kPlaces) MeasurePlace(figures, effort, place);
}

void ConcludeEmptyCalls(Figures& figures) {
  for (const Place& place : kPlaces) {
    const std::string where = std::string(", ") + place.name;
    const std::string empty = "empty call asleep" + where;
    figures.Compare("empty call asleep / eventfd" + where, empty,
                    "eventfd there and back" + where, AtMost(1.1, 1.3));
    figures.Compare("empty call asleep / futex" + where, empty,
                    "futex there and back" + where);
    const std::string by_default = "empty call by default" + where;
    figures.Compare("empty call by default / eventfd" + where, by_default,
                    "eventfd there and back" + where, AtMost(1.1, 1.3));
    figures.Compare("empty call by default / asleep" + where, by_default,
                    empty);
    figures.Compare("empty call asleep / SEQPACKET" + where, empty,
                    "SEQPACKET 64 B there and back" + where);
    const std::string batched = "empty calls batched, libipc" + where;
    if (figures.Has(batched))
      figures.Conclude(batched, "M/s", figures.Median(batched),
                       AtLeast(2, 0.5));
    figures.Compare("empty calls batched, raw ring / libipc (rate)" + where,
                    "empty calls batched, raw ring" + where, batched);
  }
  figures.Compare("raw ring messages / empty calls batched, libipc, apart",
                  kRawRingRow, "empty calls batched, libipc, apart");
  figures.Compare("raw ring messages / empty calls batched, raw ring, apart",
                  kRawRingRow, "empty calls batched, raw ring, apart");
}

}  // namespace bench
