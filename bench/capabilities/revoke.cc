// Revoking many capabilities, and what another client notices of it.
#include <unistd.h>

#include <memory>
#include <string>

#include "bench/capabilities/bystander.h"
#include "bench/capabilities/many.h"
#include "bench/capabilities/rows.h"
#include "bench/common/kernel_process.h"
#include "bench/common/must.h"

namespace bench {
namespace {

using ipc::Capability;
using ipc::Handle;
using ipc::abi::Syscall;

// Fewer are over before a bystander has made a call.
constexpr int kWatchedLeast = 10'000;
constexpr int kSmallRepeats = 20;
constexpr useconds_t kQuietMicroseconds = 300'000;
constexpr int kSessions = 4;

// The kernel process has processor 1; this one sleeps during a revoke, so
// processor 0 is the bystander's.
struct RevokeRig {
  RevokeRig()
      : kernel(kApart.second),
        port(Must(kernel.session().CreatePort({}))),
        pinned(kApart.first) {
    bystander = std::make_unique<Bystander>(kernel, port, kApart.first);
  }
  ipc::Session& session() { return kernel.session(); }

  KernelProcess kernel;
  Capability port;
  PinnedTo pinned;
  std::unique_ptr<Bystander> bystander;
};

// `count` copies of the root, side by side.
void GrowFlat(RevokeRig& rig, const Capability& root, int count) {
  DuplicateMany(rig.session(), root.handle(), static_cast<size_t>(count));
}

// Each derived from the one before. On one processor: every answer is needed
// for the next call, and waiting for another processor takes longer.
void GrowChain(RevokeRig& rig, const Capability& root, int count) {
  rig.kernel.Move(kApart.first);
  Handle last = root.handle();
  for (int i = 0; i < count; ++i)
    last = static_cast<Handle>(
        CallOne(rig.session(), {Syscall::handle_duplicate,
                                last,
                                {.args = {ipc::abi::kRightsSame}}})
            .value(0));
  rig.kernel.Move(kApart.second);
}

// A quarter in each of four other sessions, copied there from their own.
void GrowSpread(std::vector<ipc::Session>& sessions, RevokeRig& rig,
                const Capability& root, int count) {
  const ipc::InitialCapability initial[] = {{"root", &root}};
  for (int i = 0; i < kSessions; ++i) {
    ipc::Session& session =
        sessions.emplace_back(rig.kernel.NewSession("holder", initial));
    Capability held = Must(session.Take("root"));
    DuplicateMany(session, held.handle(),
                  static_cast<size_t>(count / kSessions - 1));
    held.Release();
  }
}

double RevokeNs(const Capability& root, int count) {
  ipc::RevokeReceipt receipt;
  const double took = TimeAll([&] { receipt = Must(root.Revoke()); });
  Expect(receipt.capabilities == static_cast<uint64_t>(count),
         "the number of revoked capabilities");
  return took / count;
}

std::string Row(const char* shape, int count) {
  return "revoke " + std::to_string(count) + " " + shape + ", per capability";
}
std::string DelayRow(const char* shape, int count) {
  return "another's call, during revoke of " + std::to_string(count) + " " +
         shape;
}
constexpr char kQuietRow[] = "another's call, nothing else happens";

void MeasureQuiet(Figures& figures, RevokeRig& rig) {
  rig.bystander->Start();
  const int64_t from = base::NowNs();
  usleep(kQuietMicroseconds);
  figures.AddTimes(kQuietRow, rig.bystander->StopAndTell(from, base::NowNs()));
}

// `grow` makes `count` capabilities out of a root, which is then revoked: by
// itself, and once more while a bystander calls.
template <typename Grow>
void MeasureShape(Figures& figures, RevokeRig& rig, const char* shape,
                  int count, const Grow& grow) {
  const Capability root = Must(rig.port.Duplicate());
  const int repeats = count < kWatchedLeast ? kSmallRepeats : 1;
  for (int i = 0; i < repeats; ++i) {
    grow(root, count);
    figures.Add(Row(shape, count), "ns", RevokeNs(root, count));
  }
  if (count < kWatchedLeast) return;
  grow(root, count);
  rig.bystander->Start();
  const int64_t from = base::NowNs();
  RevokeNs(root, count);
  const int64_t until = base::NowNs();
  figures.AddTimes(DelayRow(shape, count),
                   rig.bystander->StopAndTell(from, until));
}

int FlatMost(Effort effort) { return effort.quick ? 100'000 : 1'000'000; }
int ChainMost(Effort effort) { return effort.quick ? 10'000 : 100'000; }

// Of the largest that was measured.
void ConcludeDelay(Figures& figures, const char* shape) {
  for (const int count : {1'000'000, 100'000, 10'000}) {
    const std::string row = DelayRow(shape, count);
    if (!figures.Has(row)) continue;
    figures.Compare(row + " / quiet, median", row, kQuietRow);
    figures.Conclude(row + " / quiet, p99", "x",
                     figures.P99(row) / figures.P99(kQuietRow));
    figures.Conclude(row + ", longest", "ms", figures.Longest(row) / 1e6);
    return;
  }
}

}  // namespace

void MeasureRevokes(Figures& figures, Effort effort) {
  RevokeRig rig;
  MeasureQuiet(figures, rig);
  for (int count = 1; count <= FlatMost(effort); count *= 10)
    MeasureShape(
        figures, rig, "flat", count,
        [&](const Capability& root, int n) { GrowFlat(rig, root, n); });
  for (int count = 100; count <= ChainMost(effort); count *= 10)
    MeasureShape(
        figures, rig, "chained", count,
        [&](const Capability& root, int n) { GrowChain(rig, root, n); });
  std::vector<ipc::Session> sessions;
  MeasureShape(figures, rig, "in 4 sessions", FlatMost(effort),
               [&](const Capability& root, int n) {
                 sessions.clear();
                 GrowSpread(sessions, rig, root, n);
               });
}

void ConcludeRevokes(Figures& figures) {
  figures.Compare("revoke flat, each of 1000000 / of 10000",
                  Row("flat", 1'000'000), Row("flat", 10'000));
  figures.Compare("revoke flat, each of 100000 / of 10000",
                  Row("flat", 100'000), Row("flat", 10'000));
  figures.Compare("revoke chained, each of 100000 / of 10000",
                  Row("chained", 100'000), Row("chained", 10'000));
  for (const char* shape : {"flat", "chained", "in 4 sessions"})
    ConcludeDelay(figures, shape);
  if (figures.Has(kQuietRow))
    figures.Conclude("another's call, quiet, longest", "ms",
                     figures.Longest(kQuietRow) / 1e6);
}

}  // namespace bench
