#include "services/cli/listing.h"

#include <map>
#include <nlohmann/json.hpp>

#include "libipc/base/names.h"
#include "services/cli/waits.h"
#include "services/tracer/trace_filter.h"

namespace keyport {
namespace {

using Json = nlohmann::ordered_json;

class ListingBuilder {
 public:
  explicit ListingBuilder(std::vector<Column> columns)
      : table_(std::move(columns)) {}
  void Add(std::vector<std::string> row, const Json& object) {
    table_.Add(std::move(row));
    json_ += object.dump(-1, ' ', false, Json::error_handler_t::replace);
    json_ += '\n';
  }
  Listing Build() && { return {table_.Text(), std::move(json_)}; }

 private:
  TextTable table_;
  std::string json_;
};

std::string Number(uint64_t value) { return std::to_string(value); }

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

const char* GuaranteeText(uint32_t guarantee) {
  switch (guarantee) {
    case 1:
      return "single-writer";
    case 2:
      return "immutable";
    default:
      return "none";
  }
}

std::string PortOptionsText(const ipc::PortEntry& port) {
  std::string text;
  if ((port.options & ipc::abi::kPortShareable) != 0) text += "shareable ";
  if ((port.options & ipc::abi::kPortFullFails) != 0) text += "fails-full ";
  if (port.traced != 0) text += "traced ";
  if (port.closed != 0) text += "closed ";
  return text.empty() ? "-" : text.substr(0, text.size() - 1);
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
  for (const ipc::ProcessEntry& process : snapshot.processes) {
    const ProcessActivity activity = ActivityOf(snapshot, process);
    const Holdings holdings = HoldingsOf(snapshot, process.id);
    const auto stat = stat_of(process.pid).value_or(ProcStat{});
    std::vector<std::string> ports;
    for (const uint64_t port : activity.ports)
      ports.push_back(snapshot.PortName(port));
    const bool blocked = activity.activity == Activity::kCallBlocked ||
                         activity.activity == Activity::kSendBlocked;
    std::string regions = Number(holdings.regions);
    if (holdings.regions > 0) regions += " " + BytesText(holdings.region_bytes);
    list.Add({Number(static_cast<uint64_t>(process.pid)),
              NameText(process.name), ActivityText(snapshot, activity),
              Number(holdings.ports), Number(process.handles), regions,
              BytesText(holdings.queued_bytes), Number(process.requests),
              DurationText(stat.cpu_ns), UpText(stat.up_ns)},
             {{"id", process.id},
              {"pid", process.pid},
              {"service", NameText(process.name)},
              {"state", ActivityName(activity.activity)},
              {"on_ports", ports},
              {"waits_for", blocked
                                ? Json(snapshot.ProcessName(activity.waits_for))
                                : Json(nullptr)},
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
  return std::move(list).Build();
}

Listing ListPorts(const Snapshot& snapshot) {
  ListingBuilder list({{"ID", Align::kRight},
                       {"PORT"},
                       {"QUEUED", Align::kRight},
                       {"RING", Align::kRight},
                       {"LISTENERS", Align::kRight},
                       {"SENDERS", Align::kRight},
                       {"LANES", Align::kRight},
                       {"OPTIONS"},
                       {"OWNER"}});
  for (const ipc::PortEntry& port : snapshot.ports)
    list.Add({Number(port.id), NameText(port.name),
              BytesText(port.queued_bytes), BytesText(port.ring_bytes),
              Number(port.listeners), Number(port.send_capabilities),
              Number(port.lanes), PortOptionsText(port),
              snapshot.ProcessName(port.owner_process)},
             {{"id", port.id},
              {"port", NameText(port.name)},
              {"queued_bytes", port.queued_bytes},
              {"ring_bytes", port.ring_bytes},
              {"listeners", port.listeners},
              {"send_capabilities", port.send_capabilities},
              {"receive_capabilities", port.receive_capabilities},
              {"lanes", port.lanes},
              {"shareable", (port.options & ipc::abi::kPortShareable) != 0},
              {"fails_when_full", (port.options & ipc::abi::kPortFullFails) != 0},
              {"traced", port.traced != 0},
              {"closed", port.closed != 0},
              {"owner", snapshot.ProcessName(port.owner_process)}});
  return std::move(list).Build();
}

Listing ListCapabilities(const Snapshot& snapshot, std::string_view service) {
  ListingBuilder list({{"SERVICE"},
                       {"HANDLE", Align::kRight},
                       {"OBJECT"},
                       {"RIGHTS"},
                       {"BADGE", Align::kRight},
                       {"FROM"}});
  std::map<uint64_t, uint64_t> holders;
  for (const ipc::CapabilityEntry& capability : snapshot.capabilities)
    holders[capability.serial] = capability.process;
  for (const ipc::CapabilityEntry& capability : snapshot.capabilities) {
    const std::string holder = capability.process == 0
                                   ? "(in flight)"
                                   : snapshot.ProcessName(capability.process);
    if (!service.empty() && !IsService(holder, service)) continue;
    std::string object = base::KindName(capability.kind);
    object += capability.kind == ipc::ObjectKind::port
                  ? " " + snapshot.PortName(capability.object)
                  : " :" + Number(capability.object);
    const auto parent = holders.find(capability.parent);
    const std::string from = capability.parent == 0 || parent == holders.end()
                                 ? "kernel"
                                 : snapshot.ProcessName(parent->second);
    char handle[16];
    std::snprintf(handle, sizeof(handle), "0x%x", capability.handle);
    list.Add({holder, handle, object, base::RightsText(capability.rights),
              capability.badge == 0 ? "-" : Number(capability.badge), from},
             {{"service", holder},
              {"process", capability.process},
              {"handle", capability.handle},
              {"kind", base::KindName(capability.kind)},
              {"object", capability.object},
              {"name", object},
              {"rights", base::RightsText(capability.rights)},
              {"badge", capability.badge},
              {"serial", capability.serial},
              {"parent", capability.parent},
              {"from", from}});
  }
  return std::move(list).Build();
}

Listing ListRegions(const Snapshot& snapshot) {
  ListingBuilder list({{"ID", Align::kRight},
                       {"BYTES", Align::kRight},
                       {"GUARANTEE"},
                       {"CAPS", Align::kRight},
                       {"GRANTS", Align::kRight},
                       {"LANES", Align::kRight},
                       {"OWNER"}});
  for (const ipc::RegionEntry& region : snapshot.regions)
    list.Add({Number(region.id), BytesText(region.bytes),
              GuaranteeText(region.guarantee), Number(region.capabilities),
              Number(region.grants), Number(region.attachments),
              snapshot.ProcessName(region.owner_process)},
             {{"id", region.id},
              {"bytes", region.bytes},
              {"guarantee", GuaranteeText(region.guarantee)},
              {"capabilities", region.capabilities},
              {"grants", region.grants},
              {"attachments", region.attachments},
              {"owner", snapshot.ProcessName(region.owner_process)}});
  return std::move(list).Build();
}

Listing ListAccounts(const Snapshot& snapshot) {
  static constexpr const char* kItems[] = {"handles", "ports", "lanes",
                                           "regions", "bytes"};
  ListingBuilder list({{"ID", Align::kRight},
                       {"ACCOUNT"},
                       {"PARENT"},
                       {"HANDLES", Align::kRight},
                       {"PORTS", Align::kRight},
                       {"LANES", Align::kRight},
                       {"REGIONS", Align::kRight},
                       {"BYTES", Align::kRight}});
  for (const ipc::AccountEntry& account : snapshot.accounts) {
    const ipc::AccountEntry* parent = snapshot.FindAccount(account.parent);
    const std::string parent_name =
        parent != nullptr ? NameText(parent->name) : "-";
    std::vector<std::string> row = {Number(account.id),
                                    NameText(account.name), parent_name};
    Json object = {{"id", account.id},
                   {"account", NameText(account.name)},
                   {"parent", account.parent}};
    for (uint32_t i = 0; i < ipc::abi::kAccountItems; ++i) {
      const bool bytes = i + 1 == ipc::abi::kAccountItems;
      const uint64_t used = account.used[i];
      const uint64_t limit = account.limit[i];
      row.push_back((bytes ? BytesText(used) : Number(used)) + "/" +
                    (bytes ? BytesText(limit) : Number(limit)));
      object[kItems[i]] = {{"used", used}, {"limit", limit}};
    }
    list.Add(std::move(row), object);
  }
  return std::move(list).Build();
}

Listing ListLanes(const Snapshot& snapshot) {
  ListingBuilder list({{"FROM"},
                       {"TO"},
                       {"PORT"},
                       {"BADGE", Align::kRight},
                       {"QUEUED", Align::kRight},
                       {"SENT", Align::kRight},
                       {"REPLIED", Align::kRight},
                       {"STATE"}});
  for (const ipc::LaneEntry& lane : snapshot.lanes) {
    std::string state = lane.cut != 0 ? "cut" : "open";
    for (const WaitEdge& edge : WaitEdges({.processes = {},
                                           .ports = {},
                                           .lanes = {lane},
                                           .regions = {},
                                           .accounts = {},
                                           .capabilities = {}}))
      state = ActivityName(edge.activity);
    list.Add({snapshot.ProcessName(lane.sender_process),
              snapshot.ProcessName(lane.receiver_process),
              snapshot.PortName(lane.port), Number(lane.badge),
              BytesText(lane.queued_bytes), BytesText(lane.sent_bytes),
              BytesText(lane.replied_bytes), state},
             {{"id", lane.id},
              {"from", snapshot.ProcessName(lane.sender_process)},
              {"to", snapshot.ProcessName(lane.receiver_process)},
              {"port", snapshot.PortName(lane.port)},
              {"port_id", lane.port},
              {"badge", lane.badge},
              {"queued_bytes", lane.queued_bytes},
              {"sent_bytes", lane.sent_bytes},
              {"replied_bytes", lane.replied_bytes},
              {"state", state}});
  }
  return std::move(list).Build();
}

}  // namespace keyport
