// Listings of what processes hold: ports, capabilities, regions, accounts.
#include <cctype>
#include <cstdio>
#include <limits>
#include <map>

#include "libipc/base/names.h"
#include "services/cli/listing.h"
#include "services/cli/listing_builder.h"
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

std::string PortOptionsText(const ipc::PortEntry& port) {
  std::string text;
  if ((port.options & ipc::abi::kPortShareable) != 0) text += "shareable ";
  if ((port.options & ipc::abi::kPortFullFails) != 0) text += "fails-full ";
  if (port.traced != 0) text += "traced ";
  if (port.closed != 0) text += "closed ";
  return text.empty() ? "-" : text.substr(0, text.size() - 1);
}

// "12/500", or "12" without a limit.
std::string UsedCell(uint64_t used, uint64_t limit, bool bytes) {
  std::string text = bytes ? BytesText(used) : Number(used);
  if (limit != std::numeric_limits<uint64_t>::max())
    text += "/" + (bytes ? BytesText(limit) : Number(limit));
  return text;
}

const char* ItemName(uint32_t item) {
  return base::AccountItemName(ipc::abi::AccountItem{item});
}

std::string UpperCase(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(c));
  return text;
}

}  // namespace

std::string RightsCell(ipc::Rights rights) {
  return rights == ipc::kRightsAll ? "all" : base::RightsText(rights);
}

std::string HandleCell(ipc::Handle handle) {
  char text[16];
  std::snprintf(text, sizeof(text), "0x%x", handle);
  return text;
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
    list.Add(
        {Number(port.id), NameText(port.name), BytesText(port.queued_bytes),
         BytesText(port.ring_bytes), Number(port.listeners),
         Number(port.send_capabilities), Number(port.lanes),
         PortOptionsText(port), snapshot.ProcessName(port.owner_process)},
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
    list.Add({holder, HandleCell(capability.handle), object,
              RightsCell(capability.rights),
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
  std::vector<Column> columns = {
      {"ID", Align::kRight}, {"ACCOUNT"}, {"PARENT"}};
  for (uint32_t i = 0; i < ipc::abi::kAccountItems; ++i)
    columns.push_back({UpperCase(ItemName(i)), Align::kRight});
  ListingBuilder list(std::move(columns));
  for (const ipc::AccountEntry& account : snapshot.accounts) {
    const ipc::AccountEntry* parent = snapshot.FindAccount(account.parent);
    const std::string parent_name =
        parent != nullptr ? NameText(parent->name) : "-";
    std::vector<std::string> row = {Number(account.id), NameText(account.name),
                                    parent_name};
    Json object = {
        {"id", account.id},
        {"account", NameText(account.name)},
        {"parent", account.parent},
        {"shared", (account.options & ipc::abi::kAccountShared) != 0}};
    for (uint32_t i = 0; i < ipc::abi::kAccountItems; ++i) {
      const bool bytes =
          i == static_cast<uint32_t>(ipc::abi::AccountItem::bytes);
      const bool at_soft = (account.at_soft_limit >> i & 1) != 0;
      const uint64_t used = account.used[i];
      const uint64_t limit = account.limit[i];
      row.push_back(UsedCell(used, limit, bytes) + (at_soft ? "!" : ""));
      object[ItemName(i)] = {{"used", used},
                             {"limit", limit},
                             {"soft_limit", account.soft[i]},
                             {"at_soft_limit", at_soft}};
    }
    list.Add(std::move(row), object);
  }
  return std::move(list).Build();
}

}  // namespace keyport
