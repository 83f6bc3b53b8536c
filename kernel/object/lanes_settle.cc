// Lanes: brings marked lanes into the state that is asked for.
#include <fcntl.h>

#include "kernel/object/kernel.h"
#include "kernel/object/lane_positions.h"
#include "kernel/object/lane_traffic.h"
#include "kernel/object/reply.h"
#include "kernel/object/reserve.h"

namespace kernel {

// Its sender is told in this turn that it may send, and may tell others that it
// has: whoever listens hears of the lane before that.
void Lanes::SettleReady() {
  while (!ready_.empty()) {
    Lane& lane = *ready_.front();
    ready_.pop_front();
    lane.queued = false;
    Settle(lane);
    // A ring without room is its reader's own loss, found out in its turn.
    if (lane.bound()) (void)lane.listener().session->Flush();
  }
}

void Lanes::SettleSome() {
  SettleReady();
  for (uint32_t done = 0; done < kSettledPerTurn && !queue_.empty(); ++done) {
    Lane& lane = *queue_.front();
    queue_.pop_front();
    lane.queued = false;
    Settle(lane);
  }
  if (std::exchange(may_be_lost_, false)) DestroyLost();
}

void Lanes::Settle(Lane& lane) {
  Port& port = *lane.port;
  if (lane.bound() && !Listened(lane)) {
    Unbind(lane);
    PostOrphaned(lane);
  }
  if (lane.sender_leaves != Error::ok && !lane.sender_cut)
    CutBySender(lane, lane.sender_leaves);
  if (port.closed && !lane.cut) CutByListener(lane, Error::peer_closed);
  UpdateTracing(lane);
  Bind(lane);
  RetireIfOver(lane);
}

// By the listening that it was bound to, not by a later one of the session.
bool Lanes::Listened(const Lane& lane) const {
  const Port::Listener* listener =
      lane.port->FindListener(lane.listener().session);
  return listener != nullptr && listener->capability->serial == lane.listening;
}

void Lanes::Bind(Lane& lane) {
  if (lane.bound() || !lane.sender().ready() || lane.port->closed) return;
  if (lane.cut && !lane.has_leftover()) return;
  Port::Listener* listener = lane.port->ChooseListener(lane.sender().process);
  if (listener == nullptr) return;
  const Handle port_handle = listener->capability->handle;
  if (!Reserve::Held() || !Open(lane, *listener->session, port_handle).ok()) {
    starved_.insert(lane.id);
    return;
  }
  leftovers_.erase(&lane);
  ++listener->lanes;
  lane.listening = listener->capability->serial;
  kernel_->trace().Fact(abi::TraceKind::lane_opened, lane.port->id, lane.id);
  if (lane.sender_cut)
    Post(
        lane, LaneEnd::kListener, abi::Event::lane_cut,
        Answer::Of(lane.cut_end, 0, static_cast<uint64_t>(Error::peer_closed)));
  TryStarved();  // what did for this one may do for another
}

void Lanes::TryStarved() {
  while (!starved_.empty()) {
    auto at = starved_.upper_bound(last_tried_);
    if (at == starved_.end()) at = starved_.begin();
    last_tried_ = *at;
    starved_.erase(at);
    const auto& lanes = kernel_->objects(ObjectKind::lane);
    const auto found = lanes.find(last_tried_);
    if (found == lanes.end()) continue;
    Lane& lane = As<Lane>(*found->second);
    if (!lane.retired && !lane.bound()) return Enqueue(lane);
  }
}

Result<void> Lanes::Open(Lane& lane, Session& session, Handle port_handle) {
  if (!session.handles.HasRoom(1)) return Error::quota_exceeded;
  const Lane::End& sender = lane.sender();
  UniqueFd half_a(fcntl(sender.memory.get(), F_DUPFD_CLOEXEC, 0));
  UniqueFd bell(fcntl(lane.listener_bell.get(), F_DUPFD_CLOEXEC, 0));
  UniqueFd offer;
  if (lane.offer.valid())
    offer.Reset(fcntl(lane.offer.get(), F_DUPFD_CLOEXEC, 0));
  if (!half_a.valid() || !bell.valid() || offer.valid() != lane.offer.valid())
    return Error::quota_exceeded;
  KP_ASSIGN(auto rings, RingsToTell(lane));
  EndMemory memory;
  UniqueFd half_b;
  if (!lane.offer.valid() && session.spare.IsReadyFor(lane.port->ring_bytes)) {
    memory = session.spare.Take();
  } else {
    KP_ASSIGN(memory.memory, base::Half::Create(lane.port->ring_bytes));
    half_b.Reset(fcntl(memory.memory.get(), F_DUPFD_CLOEXEC, 0));
    if (!half_b.valid()) return Error::quota_exceeded;
    memory.key = RandomKey();
  }
  Lane::End& listener = lane.end(LaneEnd::kListener);
  listener.session = &session;
  listener.process = session.id();
  listener.since_ns = kernel_->NowNs();
  listener.key = memory.key;
  listener.memory = std::move(memory.memory);
  listener.half = std::move(memory.half);
  listener.handle = kernel_->NewCapability(
      {.object = &lane, .rights = 0, .made_by = sender.process});
  // Not charged to the listener: the sender paid for the lane.
  const Handle handle =
      kernel_->Place(session, *listener.handle, Charging::kNobody);
  ++session.lanes_receiving;
  Answer opened = Answer::Of(lane.port->ring_bytes, sender.key, listener.key);
  opened.Append(abi::LaneOpened{.lane_id = lane.id,
                                .port_id = lane.port->id,
                                .badge = lane.badge,
                                .sender_process = sender.process,
                                .request_start = lane.taken,
                                .reply_start = lane.reply_end,
                                .port_handle = port_handle,
                                .band = lane.band,
                                .port_options = lane.port->options,
                                .reserved = 0,
                                .spare = memory.spare,
                                .next_number = lane.next_number,
                                .tracing = lane.tracing});
  opened.descriptors.push_back(std::move(half_a));
  if (memory.spare == 0) opened.descriptors.push_back(std::move(half_b));
  opened.descriptors.push_back(std::move(bell));
  if (offer.valid()) opened.descriptors.push_back(std::move(offer));
  session.Post(abi::Event::lane_opened, handle, std::move(opened));
  PostRings(lane, std::move(rings));
  if (listener.ready()) PostJoined(lane);
  return {};
}

void Lanes::Unbind(Lane& lane) {
  const LanePositions at = Measure(lane);
  lane.taken = at.taken;
  lane.reply_end = at.reply_end;
  lane.next_number = NextNumber(lane, lane.listener().half.get());
  NoteTaken(lane);
  lane.past_listeners = CountTraffic(lane, kernel_->NowNs()).listener;
  lane.port->past_times.Add(
      ReadTimes(lane, LaneEnd::kListener, kernel_->NowNs()));
  Lane::End& listener = lane.end(LaneEnd::kListener);
  if (Listened(lane)) --lane.port->FindListener(listener.session)->lanes;
  --listener.session->lanes_receiving;
  listener.attachments.Clear(*kernel_);
  Capability* handle = listener.handle;
  left_.push_back(std::exchange(listener, Lane::End()));
  if (handle != nullptr) kernel_->Destroy(*handle, Ending::kClosed);
}

// Who is cut off but lives goes on taking for a moment, and the sender believes
// it until it is told otherwise. What the next listener begins with is looked
// up after that.
void Lanes::PostOrphaned(Lane& lane) {
  if (lane.cut || lane.port->closed) return;
  const Lane::End& sender = lane.sender();
  if (sender.handle != nullptr) {
    Post(lane, LaneEnd::kSender, abi::Event::lane_orphaned,
         Answer::Of(lane.taken, lane.reply_end));
    // A ring without room is its sender's own loss, and found out in its turn.
    (void)sender.session->Flush();
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
  const base::Half* const left = left_.back().half.get();
  lane.taken = FindBeginning(lane, left);
  lane.next_number = NextNumber(lane, left);
  NoteTaken(lane);
}

void Lanes::CutBySender(Lane& lane, Error why) {
  const LanePositions at = Measure(lane);
  // What a listener left behind by itself is for nobody.
  lane.cut_end = lane.cut ? at.taken : at.request_end;
  lane.sender_cut = true;
  Drop(lane, std::move(lane.asked));
  EndReplies(*kernel_, lane);
  if (lane.cut) return;  // both were told already
  lane.cut = true;
  kernel_->trace().Fact(abi::TraceKind::lane_cut, lane.port->id, lane.id);
  const Error to_listener =
      why == Error::revoked ? Error::revoked : Error::peer_closed;
  Post(lane, LaneEnd::kListener, abi::Event::lane_cut,
       Answer::Of(lane.cut_end, 0, static_cast<uint64_t>(to_listener)));
  Post(lane, LaneEnd::kSender, abi::Event::lane_cut,
       Answer::Of(at.reply_end, at.taken, static_cast<uint64_t>(why)));
}

void Lanes::CutByListener(Lane& lane, Error why) {
  if (lane.cut) return;
  lane.cut = true;
  kernel_->trace().Fact(abi::TraceKind::lane_cut, lane.port->id, lane.id);
  Post(lane, LaneEnd::kSender, abi::Event::lane_cut,
       Answer::Of(lane.reply_end, lane.taken, static_cast<uint64_t>(why)));
}

void Lanes::UpdateTracing(Lane& lane) {
  const abi::LaneTracing tracing = kernel_->trace().scopes().Of(*lane.port);
  if (tracing == lane.tracing) return;
  lane.tracing = tracing;
  for (const LaneEnd which : {LaneEnd::kSender, LaneEnd::kListener}) {
    const Lane::End& end = lane.end(which);
    if (end.handle == nullptr) continue;
    Answer told = Answer::Of(tracing.on());
    told.Append(tracing);
    Post(lane, which, abi::Event::lane_traced, std::move(told));
  }
}

void Lanes::RetireIfOver(Lane& lane) {
  if (lane.sender().handle != nullptr || lane.bound()) return;
  if (lane.has_leftover() && lane.sender().ready() && !lane.port->closed) {
    leftovers_.insert(&lane);
    MayBeLost();
    return;
  }
  Retire(lane);
}

void Lanes::Retire(Lane& lane) {
  Port& port = *lane.port;
  lane.retired = true;
  leftovers_.erase(&lane);
  const Traffic traffic = CountTraffic(lane, kernel_->NowNs());
  AddCounters(traffic.sender, &port.past_senders);
  AddCounters(traffic.listener, &port.past_listeners);
  for (const LaneEnd which : {LaneEnd::kSender, LaneEnd::kListener})
    port.past_times.Add(ReadTimes(lane, which, kernel_->NowNs()));
  port.lanes.erase(lane.id);
  auto lanes = port.by_sender.find(lane.sender().process);
  std::erase(lanes->second, &lane);
  if (lanes->second.empty()) port.by_sender.erase(lanes);
  if (lane.send_capability != nullptr)
    std::erase(lane.send_capability->Use().lanes, &lane);
  for (auto& [token, transfer] : lane.transfers)
    kernel_->Doom(std::move(transfer));
  lane.end(LaneEnd::kSender).attachments.Clear(*kernel_);
  DropRings(lane);
  kernel_->Refund(*lane.charged, lane.charges);
  // In this order: the lane is listed with its port until it is reaped.
  kernel_->Unuse(lane);
  kernel_->Unuse(port);
  TryStarved();
}

}  // namespace kernel
