// Listings of what processes hold: ports, capabilities, regions, notifications.
#include <cstdio>
#include <map>

#include "ipc/region.h"
#include "libipc/base/names.h"
#include "services/cli/listing.h"
#include "services/cli/listing_builder.h"
#include "services/cli/listing_loans.h"
#include "services/tracer/trace_filter.h"

namespace keyport {
namespace {

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

const char* StateText(const ipc::RegionEntry& region) {
  return ipc::StateName(static_cast<ipc::RegionState>(region.state));
}

const char* PagesText(const ipc::RegionEntry& region) {
  switch (region.pages) {
    case ipc::abi::RegionPages::normal:
      return "normal";
    case ipc::abi::RegionPages::advised:
      return "huge-advised";
    case ipc::abi::RegionPages::reserved:
      return "huge";
  }
  return "unknown";
}

std::string PortOptionsText(const ipc::PortEntry& port) {
  std::string text;
  if ((port.options & ipc::abi::kPortShareable) != 0) text += "shareable ";
  if ((port.options & ipc::abi::kPortFullFails) != 0) text += "fails-full ";
  if ((port.options & ipc::abi::kPortRendezvous) != 0) text += "rendezvous ";
  if ((port.options & ipc::abi::kPortOverwriting) != 0) text += "overwriting ";
  if ((port.options & ipc::abi::kPortSecret) != 0) text += "secret ";
  if (port.traced != 0)
    text += port.traced_payload != 0 ? "traced:payload " : "traced ";
  if (port.closed != 0) text += "closed ";
  return text.empty() ? "-" : text.substr(0, text.size() - 1);
}

const char* NotificationKindText(ipc::abi::NotificationKind kind) {
  switch (kind) {
    case ipc::abi::NotificationKind::bits:
      return "bits";
    case ipc::abi::NotificationKind::counter:
      return "counter";
    case ipc::abi::NotificationKind::latest:
      return "latest";
  }
  return "unknown";
}

// Bits in the base in which they are seen.
std::string ValueCell(const ipc::NotificationEntry& notification) {
  if (notification.kind != ipc::abi::NotificationKind::bits)
    return Number(notification.value);
  char text[24];
  std::snprintf(text, sizeof(text), "0x%llx",
                static_cast<unsigned long long>(notification.value));
  return text;
}

std::string Holder(const Snapshot& snapshot,
                   const ipc::CapabilityEntry& capability) {
  return capability.process == 0 ? "(in flight)"
                                 : snapshot.ProcessName(capability.process);
}

}  // namespace

Listing ListPorts(const Snapshot& snapshot) {
  ListingBuilder list({{"ID", Align::kRight},
                       {"PORT"},
                       {"MESSAGES", Align::kRight},
                       {"QUEUED", Align::kRight},
                       {"HIGH", Align::kRight},
                       {"RING", Align::kRight},
                       {"LISTENERS", Align::kRight},
                       {"SENDERS", Align::kRight},
                       {"LANES", Align::kRight},
                       {"OPTIONS"},
                       {"OWNER"}});
  for (const ipc::PortEntry& port : snapshot.ports)
    list.Add(
        {Number(port.id), NameText(port.name),
         Number(port.sender_counters.messages), BytesText(port.queued_bytes),
         BytesText(port.receiver_counters.queued_bytes_most),
         BytesText(port.ring_bytes), Number(port.listeners),
         Number(port.send_capabilities), Number(port.lanes),
         PortOptionsText(port), snapshot.ProcessName(port.owner_process)},
        {{"id", port.id},
         {"port", NameText(port.name)},
         {"messages", port.sender_counters.messages},
         {"queued_bytes", port.queued_bytes},
         {"queued_bytes_most", port.receiver_counters.queued_bytes_most},
         {"ring_bytes", port.ring_bytes},
         {"listeners", port.listeners},
         {"send_capabilities", port.send_capabilities},
         {"receive_capabilities", port.receive_capabilities},
         {"lanes", port.lanes},
         {"shareable", (port.options & ipc::abi::kPortShareable) != 0},
         {"fails_when_full", (port.options & ipc::abi::kPortFullFails) != 0},
         {"overwriting", (port.options & ipc::abi::kPortOverwriting) != 0},
         {"lost", port.receiver_counters.lost},
         {"secret", (port.options & ipc::abi::kPortSecret) != 0},
         {"traced", port.traced != 0},
         {"tracers", port.traced},
         {"payload_tracers", port.traced_payload},
         {"closed", port.closed != 0},
         {"owner", snapshot.ProcessName(port.owner_process)},
         {"account", port.account}});
  return std::move(list).Build();
}

Listing ListCapabilities(const Snapshot& snapshot, std::string_view service) {
  ListingBuilder list({{"SERVICE"},
                       {"HANDLE", Align::kRight},
                       {"OBJECT"},
                       {"RIGHTS"},
                       {"BADGE", Align::kRight},
                       {"FROM"},
                       {"MADE BY"},
                       {"ENDS", Align::kRight},
                       {"TRACES AT MOST", Align::kLeft, Shown::kIfSaid}});
  std::map<uint64_t, uint64_t> holders;
  for (const ipc::CapabilityEntry& capability : snapshot.capabilities)
    holders[capability.serial] = capability.process;
  for (const ipc::CapabilityEntry& capability : snapshot.capabilities) {
    const std::string holder = Holder(snapshot, capability);
    if (!service.empty() && !IsService(holder, service)) continue;
    std::string object = base::KindName(capability.kind);
    object += capability.kind == ipc::ObjectKind::port
                  ? " " + snapshot.PortName(capability.object)
                  : " :" + Number(capability.object);
    const auto parent = holders.find(capability.parent);
    const std::string from = capability.parent == 0 || parent == holders.end()
                                 ? "kernel"
                                 : snapshot.ProcessName(parent->second);
    const std::string maker = snapshot.MakerName(capability.made_by);
    Json json = {{"service", holder},
                 {"process", capability.process},
                 {"handle", capability.handle},
                 {"kind", base::KindName(capability.kind)},
                 {"object", capability.object},
                 {"name", object},
                 {"rights", base::RightsText(capability.rights)},
                 {"badge", capability.badge},
                 {"serial", capability.serial},
                 {"parent", capability.parent},
                 {"from", from},
                 {"made_by", capability.made_by},
                 {"maker", maker}};
    AddEnd(capability.ends_ns, snapshot.taken_ns, &json);
    json["trace_limits"] = TraceLimitsJson(capability.trace_limits);
    list.Add({holder, HandleCell(capability.handle), object,
              RightsCell(capability.rights),
              capability.badge == 0 ? "-" : Number(capability.badge), from,
              maker, EndsCell(capability.ends_ns, snapshot.taken_ns),
              base::TraceLimitsText(capability.trace_limits)},
             json);
  }
  return std::move(list).Build();
}

Listing ListRegions(const Snapshot& snapshot) {
  ListingBuilder list({{"ID", Align::kRight},
                       {"BYTES", Align::kRight},
                       {"GUARANTEE"},
                       {"WRITERS", Align::kRight},
                       {"STATE"},
                       {"CAPS", Align::kRight},
                       {"GRANTS", Align::kRight},
                       {"LANES", Align::kRight},
                       {"OWNER"}});
  for (const ipc::RegionEntry& region : snapshot.regions)
    list.Add({Number(region.id), BytesText(region.bytes),
              GuaranteeText(region.guarantee), Number(region.writers),
              StateText(region), Number(region.capabilities),
              Number(region.grants), Number(region.attachments),
              snapshot.ProcessName(region.owner_process)},
             {{"id", region.id},
              {"bytes", region.bytes},
              {"bytes_most", region.bytes_most},
              {"guarantee", GuaranteeText(region.guarantee)},
              {"writers", region.writers},
              {"sessions", region.sessions},
              {"state", StateText(region)},
              {"pages", PagesText(region)},
              {"capabilities", region.capabilities},
              {"grants", region.grants},
              {"attachments", region.attachments},
              {"owner", snapshot.ProcessName(region.owner_process)},
              {"account", region.account}});
  Listing listing = std::move(list).Build();
  const Listing loans = ListLoans(snapshot);
  if (!loans.text.empty()) listing.text += "\n" + loans.text;
  listing.json += loans.json;
  return listing;
}

Listing ListNotifications(const Snapshot& snapshot) {
  ListingBuilder list({{"ID", Align::kRight},
                       {"KIND"},
                       {"VALUE", Align::kRight},
                       {"WAITING", Align::kRight},
                       {"OWNER"},
                       {"ACCOUNT"}});
  for (const ipc::NotificationEntry& notification : snapshot.notifications)
    list.Add({Number(notification.id), NotificationKindText(notification.kind),
              ValueCell(notification), Number(notification.waiting),
              snapshot.ProcessName(notification.owner_process),
              snapshot.AccountName(notification.account)},
             {{"id", notification.id},
              {"kind", NotificationKindText(notification.kind)},
              {"value", notification.value},
              {"waiting", notification.waiting},
              {"owner", snapshot.ProcessName(notification.owner_process)},
              {"account", notification.account}});
  return std::move(list).Build();
}

}  // namespace keyport
