#include "services/cli/listing.h"

#include <cstdio>
#include <map>
#include <set>

#include "services/cli/deadlocks.h"
#include "services/cli/listing_builder.h"
#include "services/cli/waits.h"

namespace keyport {
namespace {

std::string UpText(uint64_t ns) {
  const uint64_t seconds = ns / 1'000'000'000;
  char text[32];
  std::snprintf(text, sizeof(text), "%02u:%02u:%02u",
                static_cast<unsigned>(seconds / 3600),
                static_cast<unsigned>(seconds / 60 % 60),
                static_cast<unsigned>(seconds % 60));
  return text;
}

// What belongs to a process, counted over the other lists.
struct Holdings {
  uint64_t ports = 0;  // it may receive from
  uint64_t regions = 0;
  uint64_t region_bytes = 0;
  uint64_t queued_bytes = 0;  // for it, not taken yet
};

Holdings HoldingsOf(const Snapshot& snapshot, uint64_t process) {
  Holdings holdings;
  for (const ipc::CapabilityEntry& capability : snapshot.capabilities)
    if (capability.process == process &&
        capability.kind == ipc::ObjectKind::port &&
        (capability.rights & ipc::kRightReceive) != 0)
      ++holdings.ports;
  for (const ipc::RegionEntry& region : snapshot.regions) {
    if (region.owner_process != process) continue;
    ++holdings.regions;
    holdings.region_bytes += region.bytes;
  }
  for (const ipc::LaneEntry& lane : snapshot.lanes)
    if (lane.receiver_process == process)
      holdings.queued_bytes += lane.queued_bytes;
  return holdings;
}

enum class Deadlocked { kNo, kYes };

void AddProcess(const Snapshot& snapshot, const ipc::ProcessEntry& process,
                const ProcStat& stat, Deadlocked deadlocked,
                ListingBuilder* list) {
  const ProcessActivity activity = ActivityOf(snapshot, process);
  const Holdings holdings = HoldingsOf(snapshot, process.id);
  std::vector<std::string> ports;
  for (const uint64_t port : activity.ports)
    ports.push_back(snapshot.PortName(port));
  std::string regions = Number(holdings.regions);
  if (holdings.regions > 0) regions += " " + BytesText(holdings.region_bytes);
  list->Add(
      {Number(static_cast<uint64_t>(process.pid)), NameText(process.name),
       ActivityText(snapshot, activity), Number(holdings.ports),
       Number(process.handles), regions, BytesText(holdings.queued_bytes),
       Number(process.requests), DurationText(stat.cpu_ns), UpText(stat.up_ns)},
      {{"id", process.id},
       {"pid", process.pid},
       {"service", NameText(process.name)},
       {"state", ActivityName(activity.activity)},
       {"on_ports", ports},
       {"waits_for", IsBlocked(activity.activity)
                         ? Json(snapshot.ProcessName(activity.waits_for))
                         : Json(nullptr)},
       {"since_ns", SinceJson(activity.since_ns)},
       {"more_waiting", activity.more},
       {"deadlocked", deadlocked == Deadlocked::kYes},
       {"exit", ExitJson(activity.exit)},
       {"ports", holdings.ports},
       {"handles", process.handles},
       {"regions", holdings.regions},
       {"region_bytes", holdings.region_bytes},
       {"queued_bytes", holdings.queued_bytes},
       {"lanes_sending", process.lanes_sending},
       {"lanes_receiving", process.lanes_receiving},
       {"watches", process.calls_parked},
       {"requests", process.requests},
       {"account", process.account},
       {"cpu_ns", stat.cpu_ns},
       {"up_ns", stat.up_ns}});
}

}  // namespace

Listing ListProcesses(const Snapshot& snapshot, const ProcStatOf& stat_of) {
  ListingBuilder list({{"PID", Align::kRight},
                       {"SERVICE"},
                       {"STATE"},
                       {"PORTS", Align::kRight},
                       {"CAPS", Align::kRight},
                       {"REGIONS", Align::kRight},
                       {"QUEUED", Align::kRight},
                       {"CALLS", Align::kRight},
                       {"CPU", Align::kRight},
                       {"UP", Align::kRight}});
  const std::vector<Deadlock> deadlocks = FindDeadlocks(snapshot);
  std::set<uint64_t> stuck;
  for (const Deadlock& deadlock : deadlocks)
    for (const WaitEdge& edge : deadlock) stuck.insert(edge.waiter);
  for (const ipc::ProcessEntry& process : snapshot.processes) {
    AddProcess(snapshot, process, stat_of(process.pid).value_or(ProcStat{}),
               stuck.contains(process.id) ? Deadlocked::kYes : Deadlocked::kNo,
               &list);
  }
  Listing listing = std::move(list).Build();
  for (const Deadlock& deadlock : deadlocks)
    listing.text += DeadlockText(snapshot, deadlock) + "\n";
  return listing;
}

Listing ListLanes(const Snapshot& snapshot) {
  ListingBuilder list({{"FROM"},
                       {"TO"},
                       {"PORT"},
                       {"BADGE", Align::kRight},
                       {"BAND", Align::kRight},
                       {"QUEUED", Align::kRight},
                       {"SENT", Align::kRight},
                       {"REPLIED", Align::kRight},
                       {"STATE"}});
  std::map<uint64_t, Activity> waits;  // by lane
  for (const WaitEdge& edge : WaitEdges(snapshot))
    waits[edge.lane] = edge.activity;
  for (const ipc::LaneEntry& lane : snapshot.lanes) {
    std::string state = lane.cut != 0 ? "cut" : "open";
    if (const auto wait = waits.find(lane.id); wait != waits.end())
      state = ActivityName(wait->second);
    list.Add({snapshot.ProcessName(lane.sender_process),
              snapshot.ProcessName(lane.receiver_process),
              snapshot.PortName(lane.port), Number(lane.badge),
              Number(lane.band), BytesText(lane.queued_bytes),
              BytesText(lane.sent_bytes), BytesText(lane.replied_bytes), state},
             {{"id", lane.id},
              {"from", snapshot.ProcessName(lane.sender_process)},
              {"to", snapshot.ProcessName(lane.receiver_process)},
              {"port", snapshot.PortName(lane.port)},
              {"port_id", lane.port},
              {"badge", lane.badge},
              {"band", lane.band},
              {"queued_bytes", lane.queued_bytes},
              {"sent_bytes", lane.sent_bytes},
              {"replied_bytes", lane.replied_bytes},
              {"state", state}});
  }
  return std::move(list).Build();
}

}  // namespace keyport
