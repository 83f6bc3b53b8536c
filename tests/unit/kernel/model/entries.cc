#include "tests/unit/kernel/model/entries.h"

namespace model {

void CopyName(char (&to)[abi::kNameBytesMax], const std::string& name) {
  for (size_t i = 0; i < name.size(); ++i) to[i] = name[i];
}

abi::PortEntry EntryOf(const Port& port) {
  abi::PortEntry entry = {};
  entry.id = port.id;
  CopyName(entry.name, port.name);
  entry.owner_process = port.owner;
  if (!port.listeners.empty())
    entry.listener_process = port.listeners.front().session->id();
  entry.account = port.charged->id;
  entry.options = port.options;
  entry.ring_bytes = port.ring_bytes;
  entry.ring_bytes_max = port.ring_bytes_max;
  entry.listeners = static_cast<uint32_t>(port.listeners.size());
  entry.lanes = static_cast<uint32_t>(port.lanes.size());
  entry.send_capabilities = static_cast<uint32_t>(port.send_caps);
  entry.receive_capabilities = static_cast<uint32_t>(port.receivers);
  for (const auto& [id, lane] : port.lanes) {
    const Lane::Positions at = lane->Measure();
    entry.queued_bytes += at.request_end - at.taken;
  }
  entry.closed = port.closed ? 1 : 0;
  return entry;
}

abi::LaneEntry EntryOf(const Lane& lane) {
  abi::LaneEntry entry = {};
  entry.id = lane.id;
  entry.port = lane.port->id;
  entry.sender_process = lane.side(End::kSender).process;
  entry.receiver_process = lane.side(End::kListener).process;
  entry.badge = lane.badge;
  entry.band = lane.band;
  const Lane::Positions at = lane.Measure();
  entry.queued_bytes = at.request_end - at.taken;
  entry.sent_bytes = at.request_end;
  entry.replied_bytes = at.reply_end;
  entry.staged_transfers = static_cast<uint32_t>(lane.transfers.size());
  entry.cut = lane.cut ? 1 : 0;
  entry.ring_bytes = lane.port->ring_bytes;
  return entry;
}

abi::RegionFacts FactsOf(const Region& region) {
  abi::RegionFacts facts = {};
  facts.id = region.id;
  facts.bytes = region.bytes;
  facts.bytes_most = region.bytes_most;
  facts.options = region.options;
  facts.guarantee = region.guarantee;
  facts.writers = static_cast<uint32_t>(region.guarantee == abi::kGuaranteeNone
                                            ? region.sessions
                                            : region.writers);
  facts.sessions = static_cast<uint32_t>(region.sessions);
  facts.grants = static_cast<uint32_t>(region.grants);
  return facts;
}

abi::RegionEntry EntryOf(const Region& region) {
  abi::RegionEntry entry = {};
  entry.id = region.id;
  entry.owner_process = region.owner;
  entry.account = region.charged->id;
  entry.bytes = region.bytes;
  entry.guarantee = region.guarantee;
  entry.capabilities = static_cast<uint32_t>(region.caps);
  entry.grants = static_cast<uint32_t>(region.grants);
  entry.attachments = static_cast<uint32_t>(region.attachments);
  const abi::RegionFacts facts = FactsOf(region);
  entry.bytes_most = facts.bytes_most;
  entry.options = facts.options;
  entry.writers = facts.writers;
  entry.sessions = facts.sessions;
  return entry;
}

abi::ProcessEntry EntryOf(const Process& process) {
  abi::ProcessEntry entry = {};
  entry.id = process.id;
  CopyName(entry.name, process.name);
  entry.state = process.state;
  entry.pid = process.pid;
  entry.requests = process.requests;
  const Session* session = process.session;
  if (session == nullptr) return entry;
  entry.account = session->account->id;
  entry.handles = static_cast<uint32_t>(session->table.size());
  entry.lanes_sending = static_cast<uint32_t>(session->lanes_sending);
  entry.lanes_receiving = static_cast<uint32_t>(session->lanes_receiving);
  entry.calls_parked = static_cast<uint32_t>(session->watches.size());
  return entry;
}

abi::AccountEntry EntryOf(const Account& account) {
  abi::AccountEntry entry = {};
  entry.id = account.id;
  CopyName(entry.name, account.name);
  entry.parent = account.parent != nullptr ? account.parent->id : 0;
  entry.options = account.options;
  entry.at_soft_limit = account.at_soft;
  for (size_t i = 0; i < account.used.size(); ++i) {
    entry.used[i] = account.used[i];
    entry.limit[i] = account.EffectiveLimit(i);
    entry.soft[i] = account.soft[i];
  }
  return entry;
}

abi::NotificationEntry EntryOf(const Notification& notification) {
  abi::NotificationEntry entry = {};
  entry.id = notification.id;
  entry.owner_process = notification.owner;
  entry.account = notification.charged->id;
  entry.kind = notification.type;
  entry.waiting = static_cast<uint32_t>(notification.takers.size());
  entry.value = notification.value;
  return entry;
}

abi::CapabilityEntry EntryOf(const Cap& cap) {
  abi::CapabilityEntry entry = {};
  entry.serial = cap.serial;
  entry.process = cap.holder != nullptr ? cap.holder->id() : 0;
  entry.object = cap.object->id;
  entry.badge = cap.badge;
  entry.band = cap.band;
  entry.parent = cap.parent != nullptr ? cap.parent->serial : 0;
  entry.handle = cap.handle;
  entry.kind = cap.object->kind;
  entry.rights = cap.rights;
  entry.made_by = cap.made_by;
  entry.ends_ns = cap.ends_ns;
  entry.trace_limits = cap.trace_limits.value_or(abi::TraceLimits());
  return entry;
}

}  // namespace model
