// Empty calls beside eventfd and a socket; duplicate, mint, close.
#include <array>

#include "bench/capabilities/many.h"
#include "bench/capabilities/raw.h"
#include "bench/capabilities/raw_session.h"
#include "bench/capabilities/rows.h"
#include "bench/common/kernel_process.h"
#include "bench/common/must.h"

namespace bench {
namespace {

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

double EmptyRawBatch(Rig& rig, size_t count) {
  RawRig raw(rig);
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
  const int rounds = effort.Times(8'000);
  const auto many = static_cast<size_t>(effort.Times(400'000));
  figures.AddTimes("eventfd there and back" + where,
                   EventfdRoundTrips(place.placement, rounds));
  Rig rig(place.placement);
  EmptyCalls(rig, 100);
  figures.AddTimes("empty call asleep" + where, EmptyCalls(rig, rounds));
  figures.AddTimes("SEQPACKET 64 B there and back" + where,
                   SocketRoundTrips(place.placement, rounds));
  figures.Add("empty calls batched, libipc" + where, "M/s",
              EmptyBatch(rig, many));
  figures.Add("empty calls batched, raw ring" + where, "M/s",
              EmptyRawBatch(rig, many));
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

void MeasureHandleCallsBatched(Figures& figures, Rig& rig, size_t count) {
  const Handle port = rig.port.handle();
  const auto add = [&](const char* name, const auto& operation) {
    figures.Add(name, "ns", TimeAll(operation) / static_cast<double>(count));
  };
  Handles made;
  add("duplicate batched, apart, memory not used before",
      [&] { made = DuplicateMany(rig.session(), port, count); });
  CloseMany(rig.session(), made);
  add("duplicate batched, apart",
      [&] { made = DuplicateMany(rig.session(), port, count); });
  add("close batched, apart", [&] { CloseMany(rig.session(), made); });
  add("mint batched, apart",
      [&] { made = MintMany(rig.session(), port, count); });
  CloseMany(rig.session(), made);
}

void MeasureHandleCallsRaw(Figures& figures, Rig& rig, size_t count) {
  RawRig raw(rig);
  const auto add = [&](const char* name, const auto& make, const auto& take) {
    figures.Add(name, "ns", TimeAll([&] {
                              raw.session.Many(count, make, take);
                            }) / static_cast<double>(count));
  };
  Handles made;
  made.reserve(count);
  add(
      "duplicate batched, raw ring, apart",
      [&](size_t) {
        return RawRequest(Syscall::handle_duplicate, raw.port,
                          ipc::abi::kRightsSame);
      },
      [&](const ipc::abi::Completion& completion) {
        made.push_back(static_cast<Handle>(completion.values[0]));
      });
  add(
      "close batched, raw ring, apart",
      [&](size_t i) { return RawRequest(Syscall::handle_close, made[i]); },
      [](const ipc::abi::Completion&) {});
}

}  // namespace

void MeasureCalls(Figures& figures, Effort effort) {
  for (const Place& place : kPlaces) MeasureEmptyCalls(figures, effort, place);
  Rig rig(kApart);
  MeasureHandleCallsAsleep(figures, rig, effort.Times(4'000));
  const auto many = static_cast<size_t>(effort.Times(200'000));
  MeasureHandleCallsBatched(figures, rig, many);
  MeasureHandleCallsRaw(figures, rig, many);
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
    figures.Compare("batched, raw ring / libipc (rate)" + where,
                    "empty calls batched, raw ring" + where, batched);
  }
}

}  // namespace bench
