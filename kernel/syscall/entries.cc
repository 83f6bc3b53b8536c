#include "kernel/syscall/entries.h"

#include "kernel/object/lane_positions.h"
#include "kernel/object/lane_traffic.h"
#include "kernel/syscall/call.h"

namespace kernel {
namespace {

uint32_t ArmedOf(const Lane::End& end) {
  if (!end.ready()) return 0;
  return end.half->armed().load(std::memory_order_relaxed) &
         (abi::kArmRecordsFutex | abi::kArmRecordsBell | abi::kArmRoomFutex);
}

uint32_t GrownBytesOf(const Lane& lane) {
  uint32_t bytes = 0;
  const RequestRing* const rings[] = {&lane.ring, lane.last.get(),
                                      lane.asked.get()};
  for (const RequestRing* ring : rings)
    if (ring != nullptr && ring->grown != nullptr) bytes += ring->grown->bytes;
  return bytes;
}

}  // namespace

abi::PortEntry PortEntryOf(Port& port, const TraceScopes& traced,
                           int64_t now_ns) {
  abi::PortEntry entry = {};
  entry.id = port.id;
  CopyName(entry.name, port.name);
  entry.owner_process = port.owner_process;
  if (!port.listeners.empty())
    entry.listener_process = port.listeners.front().session->id();
  entry.options = port.options;
  entry.ring_bytes = port.ring_bytes;
  entry.listeners = static_cast<uint32_t>(port.listeners.size());
  entry.lanes = static_cast<uint32_t>(port.lanes.size());
  entry.send_capabilities = port.send_capabilities;
  entry.receive_capabilities = port.receivers;
  entry.sender_counters = port.past_senders;
  entry.receiver_counters = port.past_listeners;
  for (const auto& [id, lane] : port.lanes) {
    const LanePositions at = Measure(*lane);
    entry.queued_bytes += at.request_end - at.taken;
    const Traffic traffic = CountTraffic(*lane, now_ns);
    AddCounters(traffic.sender, &entry.sender_counters);
    AddCounters(traffic.listener, &entry.receiver_counters);
  }
  entry.closed = port.closed ? 1 : 0;
  const TraceScopeSet& everything = traced.everything();
  entry.traced = port.traced.tracers() + everything.tracers();
  entry.traced_payload = port.traced.payload_tracers();
  if (!port.secret()) entry.traced_payload += everything.payload_tracers();
  entry.account = port.charged->id;
  entry.ring_bytes_max = port.ring_bytes_max;
  return entry;
}

abi::LaneEntry LaneEntryOf(Lane& lane, int64_t now_ns) {
  const LanePositions at = Measure(lane);
  abi::LaneEntry entry = {};
  entry.id = lane.id;
  entry.port = lane.port->id;
  entry.sender_process = lane.sender().process;
  entry.receiver_process = lane.listener().process;
  entry.badge = lane.badge;
  entry.band = lane.band;
  entry.queued_bytes = at.request_end - at.taken;
  entry.sent_bytes = at.request_end;
  entry.replied_bytes = at.reply_end;
  entry.sender_armed = ArmedOf(lane.sender());
  entry.receiver_armed = ArmedOf(lane.listener());
  entry.staged_transfers = static_cast<uint32_t>(lane.transfers.size());
  entry.cut = lane.cut ? 1 : 0;
  entry.ring_bytes = lane.ring.grown != nullptr ? lane.ring.grown->bytes
                                                : lane.port->ring_bytes;
  entry.grown_bytes = GrownBytesOf(lane);
  const Traffic traffic = CountTraffic(lane, now_ns);
  entry.sender_counters = traffic.sender;
  entry.receiver_counters = traffic.listener;
  return entry;
}

abi::RegionEntry RegionEntryOf(const Region& region) {
  abi::RegionEntry entry = {};
  entry.id = region.id;
  entry.owner_process = region.owner_process;
  entry.bytes = region.bytes;
  entry.guarantee = region.guarantee;
  entry.capabilities = region.capabilities;
  entry.grants = region.grants;
  entry.attachments = region.attachments;
  entry.account = region.charged->id;
  const abi::RegionFacts facts = region.Facts();
  entry.bytes_most = facts.bytes_most;
  entry.options = facts.options;
  entry.writers = facts.writers;
  entry.sessions = facts.sessions;
  entry.pages = facts.pages;
  entry.state = facts.state;
  return entry;
}

abi::ProcessEntry ProcessEntryOf(const Process& process) {
  abi::ProcessEntry entry = {};
  entry.id = process.id;
  CopyName(entry.name, process.name);
  entry.state = process.state;
  entry.pid = process.pid;
  entry.requests = process.requests;
  entry.exit = process.exit;
  const Session* session = process.session;
  if (session == nullptr) return entry;
  entry.account = session->account->id;
  entry.handles = session->handles.size();
  entry.lanes_sending = session->lanes_sending;
  entry.lanes_receiving = session->lanes_receiving;
  entry.calls_parked = static_cast<uint32_t>(session->waits.size());
  return entry;
}

abi::AccountEntry AccountEntryOf(const Account& account) {
  abi::AccountEntry entry = {};
  entry.id = account.id;
  CopyName(entry.name, account.name);
  entry.parent = account.parent != nullptr ? account.parent->id : 0;
  entry.options = account.options;
  entry.at_soft_limit = account.at_soft_limit();
  for (uint32_t i = 0; i < abi::kAccountItems; ++i) {
    entry.used[i] = account.used[i];
    entry.limit[i] = account.EffectiveLimit(i);
    entry.soft[i] = account.soft[i];
  }
  return entry;
}

abi::NotificationEntry NotificationEntryOf(const Notification& notification) {
  abi::NotificationEntry entry = {};
  entry.id = notification.id;
  entry.owner_process = notification.owner_process;
  entry.kind = notification.type;
  entry.waiting = static_cast<uint32_t>(notification.takers.size());
  entry.value = notification.value;
  entry.account = notification.charged->id;
  return entry;
}

abi::TopicEntry TopicEntryOf(const Topic& topic) {
  const base::TopicEnd at = topic.Measure();
  abi::TopicEntry entry = {};
  entry.id = topic.id;
  CopyName(entry.name, topic.name);
  entry.owner_process = topic.owner_process;
  if (topic.publication.active())
    entry.publisher_process = topic.publication.process;
  entry.account = topic.charged->id;
  entry.patience_ns = topic.patience_ns;
  entry.published_bytes = at.position;
  entry.published = at.sequence - 1;
  entry.cuts = topic.cuts;
  entry.options = topic.options;
  entry.ring_bytes = topic.ring_bytes;
  entry.subscribers = static_cast<uint32_t>(topic.subscriptions.size());
  entry.reliable = topic.reliable;
  entry.closed = topic.closed ? 1 : 0;
  // What it had lent, and is gone, is nobody's.
  if (!topic.publication.ready() || topic.attachments.empty()) return entry;
  const base::TopicMemory& ring = *topic.publication.ring;
  entry.lent = base::ReadClaim(ring.lent());
  entry.lent_from = base::ReadCount(ring.lent_from());
  return entry;
}

// Its page is not mapped here: there may be thousands, and only tools ask.
abi::SubscriptionEntry SubscriptionEntryOf(const Subscription& subscription) {
  const base::SubscriberClaims claims =
      base::ReadClaims(subscription.memory.get(), subscription.seat);
  return {.id = subscription.id,
          .topic = subscription.topic->id,
          .process = subscription.process,
          .account = subscription.charged->id,
          .taken = claims.taken,
          .lost = claims.lost,
          .head = claims.head,
          .options = subscription.options,
          .cut = subscription.cut ? 1u : 0u,
          .held = claims.held,
          .holding = claims.holding};
}

abi::CapabilityEntry CapabilityEntryOf(const CapabilityTree& tree,
                                       const Capability& capability) {
  abi::CapabilityEntry entry = {};
  entry.serial = capability.serial;
  if (const Session* holder = capability.holder(); holder != nullptr) {
    entry.process = holder->id();
    entry.handle = capability.handle;
  }
  entry.object = capability.object->id;
  entry.badge = capability.badge;
  entry.band = capability.band;
  if (const Capability* parent = tree.LivingParent(capability))
    entry.parent = parent->serial;
  entry.kind = capability.object->kind;
  entry.rights = capability.rights;
  entry.made_by = capability.made_by;
  entry.ends_ns = capability.ends_ns();
  entry.trace_limits = capability.TraceLimitsTold();
  return entry;
}

}  // namespace kernel
