// duplicate, mint and close, one at a time and many in flight.
#include "bench/capabilities/calls_rig.h"
#include "bench/capabilities/many.h"
#include "bench/capabilities/rows.h"

namespace bench {
namespace {

using ipc::Handle;
using ipc::abi::Syscall;

void MeasureAsleep(Figures& figures, CallRig& rig, int rounds) {
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

void MeasureBatched(Figures& figures, CallRig& rig, int slices) {
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
void MeasureGrowth(Figures& figures, CallRig& rig, int slices) {
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

void MeasureRaw(Figures& figures, CallRig& rig, int slices) {
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

void MeasureHandleCalls(Figures& figures, Effort effort) {
  const int slices = effort.Rounds(kSlices);
  CallRig rig(kApart);
  MeasureAsleep(figures, rig, effort.Rounds(4'000));
  MeasureGrowth(figures, rig, slices);
  MeasureBatched(figures, rig, slices);
  MeasureRaw(figures, rig, slices);
}

void ConcludeHandleCalls(Figures& figures) {
  for (const char* call : {"duplicate", "close"})
    figures.Compare(std::string(call) + " batched, libipc / raw ring, apart",
                    std::string(call) + " batched, libipc, apart",
                    std::string(call) + " batched, raw ring, apart");
}

}  // namespace bench
