// Empty calls beside eventfd and a socket; duplicate, mint, close.
#include <array>

#include "bench/capabilities/many.h"
#include "bench/capabilities/raw_session.h"
#include "bench/capabilities/raw_sockets.h"
#include "bench/capabilities/rows.h"
#include "bench/common/kernel_process.h"
#include "bench/common/must.h"
#include "bench/common/raw_memory.h"

namespace bench {
namespace {

// Batched calls are timed in slices of about a millisecond.
constexpr int kSliceCalls = 5'000;
constexpr int kSlices = 80;
constexpr int kRingMessages = 200'000;
constexpr char kRawRingRow[] = "raw ring, 64 B one way, publishing each, apart";

using ipc::Capability;
using ipc::Handle;
using ipc::abi::Syscall;

// A kernel process in its place and a port to make calls about.
struct Rig {
  explicit Rig(Placement placement)
      : kernel(placement.second),
        port(Must(kernel.session().CreatePort({}))),
        object(Must(port.Info()).object_id),
        pinned(placement.first) {}
  ipc::Session& session() { return kernel.session(); }

  KernelProcess kernel;
  Capability port;
  uint64_t object;
  PinnedTo pinned;
};

Times EmptyCalls(Rig& rig, int rounds) {
  return TimeEach(rounds, [&](int) {
    const ipc::Answer answer =
        CallOne(rig.session(), {Syscall::handle_info, rig.port.handle()});
    Expect(answer.value(2) == rig.object, "the object's id");
  });
}

double MillionsASecond(size_t count, double ns) {
  return static_cast<double>(count) * 1e3 / ns;
}

double EmptyBatch(Rig& rig, size_t count) {
  return MillionsASecond(count, TimeAll([&] {
                           InfoMany(rig.session(), rig.port.handle(),
                                    rig.object, count);
                         }));
}

// A session without libipc that holds the port, too.
struct RawRig {
  explicit RawRig(Rig& rig)
      : session(rig.kernel.NewSocket(
            "raw", std::array{ipc::InitialCapability{"port", &rig.port}})),
        port(session.FirstHandle()) {}

  RawSession session;
  Handle port;
};

ipc::abi::Request RawRequest(Syscall call, Handle handle, uint64_t arg = 0) {
  ipc::abi::Request request = {};
  request.number = static_cast<uint32_t>(call);
  request.handle = handle;
  request.args[0] = arg;
  return request;
}

double EmptyRawBatch(Rig& rig, RawRig& raw, size_t count) {
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

void MeasureEmptyCalls(Figures& figures, Effort effort, const Place& place) {
  const std::string where = std::string(", ") + place.name;
  const int rounds = effort.Rounds(8'000);
  const int slices = effort.Rounds(kSlices);
  figures.AddTimes("eventfd there and back" + where,
                   EventfdRoundTrips(place.placement, rounds));
  Rig rig(place.placement);
  EmptyCalls(rig, 100);
  figures.AddTimes("empty call asleep" + where, EmptyCalls(rig, rounds));
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
  figures.AddSlices(kRawRingRow, "M/s", Slices(5, [] {
                      return 1e3 / RingOneWay(kApart, kRingMessages);
                    }));
}

void MeasureHandleCallsAsleep(Figures& figures, Rig& rig, int rounds) {
  const Handle port = rig.port.handle();
  Handles made;
  figures.AddTimes("duplicate asleep, apart", TimeEach(rounds, [&](int) {
                     const ipc::Answer answer = CallOne(
                         rig.session(), {Syscall::handle_duplicate,
                                         port,
                                         {.args = {ipc::abi::kRightsSame}}});
                     made.push_back(static_cast<Handle>(answer.value(0)));
                   }));
  figures.AddTimes(
      "mint asleep, apart", TimeEach(rounds, [&](int) {
        const ipc::Answer answer = CallOne(
            rig.session(),
            {Syscall::handle_mint, port, {.args = {ipc::abi::kRightsSame, 7}}});
        made.push_back(static_cast<Handle>(answer.value(0)));
      }));
  figures.AddTimes("close asleep, apart", TimeEach(rounds, [&](int i) {
                     CallOne(rig.session(), {Syscall::handle_close,
                                             made[static_cast<size_t>(i)]});
                   }));
  CloseMany(rig.session(),
            std::span(made).subspan(static_cast<size_t>(rounds)));
}

double EachNs(double ns) { return ns / kSliceCalls; }

void MeasureHandleCallsBatched(Figures& figures, Rig& rig, int slices) {
  const Handle port = rig.port.handle();
  std::vector<double> duplicate, close, mint;
  Handles made;
  for (int i = 0; i < slices; ++i) {
    duplicate.push_back(EachNs(TimeAll(
        [&] { made = DuplicateMany(rig.session(), port, kSliceCalls); })));
    close.push_back(EachNs(TimeAll([&] { CloseMany(rig.session(), made); })));
    mint.push_back(EachNs(
        TimeAll([&] { made = MintMany(rig.session(), port, kSliceCalls); })));
    CloseMany(rig.session(), made);
  }
  figures.AddSlices("duplicate batched, libipc, apart", "ns", duplicate);
  figures.AddSlices("mint batched, libipc, apart", "ns", mint);
  figures.AddSlices("close batched, libipc, apart", "ns", close);
}

// All at once, so that the kernel process has to get memory for them.
void MeasureGrowth(Figures& figures, Rig& rig, int slices) {
  std::vector<Handles> made(static_cast<size_t>(slices));
  auto next = made.begin();
  figures.AddSlices(
      "duplicate batched, libipc, apart, new memory", "ns", Slices(slices, [&] {
        return EachNs(TimeAll([&] {
          *next++ =
              DuplicateMany(rig.session(), rig.port.handle(), kSliceCalls);
        }));
      }));
  for (const Handles& handles : made) CloseMany(rig.session(), handles);
}

void MeasureHandleCallsRaw(Figures& figures, Rig& rig, int slices) {
  RawRig raw(rig);
  std::vector<double> duplicate, close;
  for (int i = 0; i < slices; ++i) {
    Handles made;
    made.reserve(kSliceCalls);
    const auto make = [&](size_t) {
      return RawRequest(Syscall::handle_duplicate, raw.port,
                        ipc::abi::kRightsSame);
    };
    const auto keep = [&](const ipc::abi::Completion& completion) {
      made.push_back(static_cast<Handle>(completion.values[0]));
    };
    duplicate.push_back(
        EachNs(TimeAll([&] { raw.session.Many(kSliceCalls, make, keep); })));
    const auto unmake = [&](size_t at) {
      return RawRequest(Syscall::handle_close, made[at]);
    };
    close.push_back(EachNs(TimeAll(
        [&] { raw.session.Many(kSliceCalls, unmake, [](const auto&) {}); })));
  }
  figures.AddSlices("duplicate batched, raw ring, apart", "ns", duplicate);
  figures.AddSlices("close batched, raw ring, apart", "ns", close);
}

}  // namespace

void MeasureCalls(Figures& figures, Effort effort) {
  MeasureRawRing(figures);
  for (const Place& place : kPlaces) MeasureEmptyCalls(figures, effort, place);
  Rig rig(kApart);
  MeasureHandleCallsAsleep(figures, rig, effort.Rounds(4'000));
  const int slices = effort.Rounds(kSlices);
  MeasureGrowth(figures, rig, slices);
  MeasureHandleCallsBatched(figures, rig, slices);
  MeasureHandleCallsRaw(figures, rig, slices);
}

void ConcludeCalls(Figures& figures) {
  for (const Place& place : kPlaces) {
    const std::string where = std::string(", ") + place.name;
    const std::string empty = "empty call asleep" + where;
    figures.Compare("empty call asleep / eventfd" + where, empty,
                    "eventfd there and back" + where, AtMost(1.1, 1.3));
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
