// Capabilities from one process to another, beside SCM_RIGHTS.
#include <string>

#include "bench/capabilities/many.h"
#include "bench/capabilities/raw_sockets.h"
#include "bench/capabilities/rows.h"
#include "bench/common/kernel_process.h"
#include "bench/common/must.h"
#include "ipc/tuning.h"

namespace bench {
namespace {

using ipc::Capability;

constexpr int kCounts[] = {1, 64};

constexpr uint32_t kTake = 1;
constexpr uint32_t kDrop = 2;

// Takes what comes and answers how many good ports it was. They are kept
// until it is told to drop them.
void Serve(ipc::Receiver& receiver) {
  std::vector<ipc::ReceivedCapability> taken;
  while (true) {
    ipc::Message message = Must(receiver.Receive());
    if (message.label() == kTake)
      taken = Must(message.TakeCapabilities());
    else
      taken.clear();
    size_t good = 0;
    for (const ipc::ReceivedCapability& one : taken)
      if (one.capability.valid() && one.kind == ipc::ObjectKind::port) ++good;
    Must(message.Reply(std::to_string(good)));
    if (message.label() == PortServer::kQuit) return;
  }
}

// The kernel process runs beside the server.
struct TransferRig {
  explicit TransferRig(Placement placement)
      : kernel(placement.second),
        port(Must(kernel.session().CreatePort({}))),
        server(kernel, placement.second, Serve),
        pinned(placement.first) {}

  KernelProcess kernel;
  Capability port;
  PortServer server;
  PinnedTo pinned;
};

std::vector<Capability> NewCapabilities(TransferRig& rig, int count) {
  std::vector<Capability> made;
  for (const ipc::Handle handle : DuplicateMany(
           rig.kernel.session(), rig.port.handle(), static_cast<size_t>(count)))
    made.emplace_back(rig.kernel.session().core(), handle);
  return made;
}

Times Transfers(TransferRig& rig, int rounds, int count) {
  Times times;
  for (int i = 0; i < rounds; ++i) {
    std::vector<Capability> sent = NewCapabilities(rig, count);
    const int64_t start = base::NowNs();
    const ipc::Message reply = Must(
        rig.server.sender().Call("", {.label = kTake, .capabilities = sent}));
    times.push_back(base::NowNs() - start);
    Expect(reply.text() == std::to_string(count), "the count that arrived");
    Must(rig.server.sender().Call("", {.label = kDrop}));
  }
  return times;
}

std::string OurRow(int count, const Place& place) {
  return "message with " + std::to_string(count) + " capabilities, " +
         place.name;
}
std::string TheirRow(int count, const Place& place) {
  return "SCM_RIGHTS with " + std::to_string(count) + ", " + place.name;
}

void MeasurePlace(Figures& figures, Effort effort, const Place& place) {
  const int rounds = effort.Rounds(2'000);
  TransferRig rig(place.placement);
  Transfers(rig, 50, 1);
  figures.AddTimes(OurRow(0, place), Transfers(rig, rounds, 0));
  for (const int count : kCounts) {
    figures.AddTimes(TheirRow(count, place),
                     RightsRoundTrips(place.placement, rounds, count));
    figures.AddTimes(OurRow(count, place), Transfers(rig, rounds, count));
  }
}

}  // namespace

void MeasureTransfers(Figures& figures, Effort effort) {
  // The raw side sleeps as well.
  ipc::SetPollingLimit(absl::ZeroDuration());
  for (const Place& place : kPlaces) MeasurePlace(figures, effort, place);
}

void ConcludeTransfers(Figures& figures) {
  for (const Place& place : kPlaces)
    for (const int count : kCounts)
      figures.Compare(OurRow(count, place) + " / SCM_RIGHTS",
                      OurRow(count, place), TheirRow(count, place));
}

}  // namespace bench
