// Model: what becomes of lanes.
#include <algorithm>

#include "kernel/object/kernel.h"
#include "tests/unit/kernel/model/model.h"

namespace model {

void Model::PostLane(const Lane& lane, End end, abi::Event event,
                     std::array<uint64_t, 4> values,
                     std::vector<uint8_t> payload) {
  const Lane::Side& side = lane.side(end);
  if (side.handle == nullptr) return;
  Expect(side.session, {.event = event,
                        .user_data = side.handle->handle,
                        .values = values,
                        .payload = std::move(payload)});
}

void Model::CloseReply(Reply& reply, abi::ReplyState state) {
  touched_objects_.insert(reply.id);
  touched_objects_.insert(reply.lane->id);
  reply.lane->replies.erase(reply.correlation);
  reply.lane = nullptr;
  reply.state = state;
  Refund(*reply.charged, One(AccountItem::messages));
  Signal(reply);
}

void Model::EndReplies(Lane& lane) {
  while (!lane.replies.empty()) {
    coverage_.Saw("replies whose caller went");
    CloseReply(*lane.replies.begin()->second, abi::ReplyState::gone);
  }
}

void Model::EndListening(Port& port, Session& session, Error why) {
  const Port::Listener* listener = port.FindListener(&session);
  if (listener == nullptr) return;
  listener->cap->listening = false;
  std::erase_if(port.listeners, [&](const Port::Listener& one) {
    return one.session == &session;
  });
  session.listening.erase(port.id);
  touched_objects_.insert(port.id);
  for (const auto& [id, lane] : port.lanes)
    if (lane->side(End::kListener).session == &session) MarkLane(*lane);
  Expect(&session, {.event = abi::Event::listen_ended,
                    .user_data = port.id,
                    .values = {static_cast<uint64_t>(why)}});
  TellSenders(port);
}

// Each process that sends is told once, by one of its lanes.
void Model::TellSenders(Port& port) {
  if (!port.shareable()) return;
  std::set<uint64_t> told;
  for (const auto& [id, lane] : port.lanes) {
    const Lane::Side& sender = lane->side(End::kSender);
    if (sender.handle == nullptr || lane->cut) continue;
    if (told.insert(sender.process).second)
      PostLane(*lane, End::kSender, abi::Event::listeners_changed,
               {port.listeners.size()});
  }
}

bool Model::Listened(const Lane& lane) {
  const Port::Listener* listener =
      lane.port->FindListener(lane.side(End::kListener).session);
  return listener != nullptr && listener->cap->serial == lane.listening;
}

void Model::HandleGone(Lane& lane, const Cap& handle, Ending ending) {
  Lane::Side& sender = lane.side(End::kSender);
  touched_objects_.insert(lane.id);
  if (sender.handle == &handle) {
    MarkLane(lane);
    sender.handle = nullptr;
    --sender.session->lanes_sending;
    EndReplies(lane);
    if (lane.sender_leaves == Error::ok) lane.sender_leaves = Error::canceled;
    return;
  }
  Lane::Side& listener = lane.side(End::kListener);
  if (listener.handle != &handle) return;  // Unbind took it away
  MarkLane(lane);
  listener.handle = nullptr;
  // Who has stopped listening leaves the queue to the next listener.
  const bool keeps = ending == Ending::kDeath || !Listened(lane);
  Unbind(lane);
  if (keeps) {
    PostOrphaned(lane);
    return;
  }
  CutByListener(lane, Error::peer_closed);
  // Who leaves a lane by itself has no use for what is left in it.
  if (lane.sender_cut) lane.cut_end = lane.taken;
}

void Model::Unbind(Lane& lane) {
  const Lane::Positions at = lane.Measure();
  lane.taken = at.taken;
  lane.reply_end = at.reply_end;
  Lane::Side& listener = lane.side(End::kListener);
  if (Listened(lane)) --lane.port->FindListener(listener.session)->lanes;
  --listener.session->lanes_receiving;
  DropAttachments(lane, End::kListener);
  Cap* handle = listener.handle;
  listener = Lane::Side();
  touched_objects_.insert(lane.id);
  if (handle != nullptr) Destroy(*handle, Ending::kClosed);
}

void Model::Detach(Lane& lane, End end, uint64_t number) {
  auto& attachments = lane.side(end).attachments;
  const Lane::Side::Attachment gone = attachments.at(number);
  attachments.erase(number);
  --gone.region->attachments;
  Unuse(*gone.region);
  if (!gone.mapped) return;
  coverage_.Saw("mapped attachments that ended");
  PostLane(lane, end == End::kSender ? End::kListener : End::kSender,
           abi::Event::lane_detached, {number});
}

void Model::DropAttachments(Lane& lane, End end) {
  auto& attachments = lane.side(end).attachments;
  for (auto& [number, attachment] : attachments) attachment.mapped = false;
  while (!attachments.empty()) Detach(lane, end, attachments.begin()->first);
}

void Model::PostOrphaned(const Lane& lane) {
  const Lane::Side& sender = lane.side(End::kSender);
  if (lane.cut || sender.handle == nullptr) return;
  Expect(sender.session, {.event = abi::Event::lane_orphaned,
                          .user_data = sender.handle->handle,
                          .values = {lane.taken, lane.reply_end},
                          .unless_closed = lane.port->id});
}

void Model::CutBySender(Lane& lane, Error why) {
  const Lane::Positions at = lane.Measure();
  // What a listener left behind by itself is for nobody.
  lane.cut_end = lane.cut ? at.taken : at.request_end;
  lane.sender_cut = true;
  EndReplies(lane);
  if (lane.cut) return;
  lane.cut = true;
  const Error to_listener =
      why == Error::revoked ? Error::revoked : Error::peer_closed;
  const Lane::Side& listener = lane.side(End::kListener);
  if (listener.handle != nullptr)
    Expect(listener.session,
           {.event = abi::Event::lane_cut,
            .user_data = listener.handle->handle,
            .values = {lane.cut_end, 0, static_cast<uint64_t>(to_listener)},
            .any_value = lane.why_unsure ? 0b0100u : 0u});
  PostLane(lane, End::kSender, abi::Event::lane_cut,
           {at.reply_end, at.taken, static_cast<uint64_t>(why)});
}

void Model::CutByListener(Lane& lane, Error why) {
  if (lane.cut) return;
  lane.cut = true;
  PostLane(lane, End::kSender, abi::Event::lane_cut,
           {lane.reply_end, lane.taken, static_cast<uint64_t>(why)});
}

void Model::SettleLanes(const kernel::Kernel& kernel) {
  std::vector<Lane*> lanes;
  for (const uint64_t id : std::exchange(pending_lanes_, {}))
    if (Object* lane = FindObject(ObjectKind::lane, id))
      lanes.push_back(&As<Lane>(*lane));
  if (lanes.empty()) return;
  BeginGroups();
  for (Lane* lane : lanes) {
    touched_objects_.insert(lane->id);
    if (lane->bound() && !Listened(*lane)) {
      Unbind(*lane);
      PostOrphaned(*lane);
    }
    if (lane->sender_leaves != Error::ok && !lane->sender_cut)
      CutBySender(*lane, lane->sender_leaves);
    if (lane->port->closed) CutByListener(*lane, Error::peer_closed);
  }
  BindLanes(kernel, lanes);
  EndGroups();
  for (Lane* lane : lanes) RetireIfOver(*lane);
}

// In the order in which the kernel bound them, as their serials tell.
void Model::BindLanes(const kernel::Kernel& kernel,
                      const std::vector<Lane*>& lanes) {
  struct Bound {
    Lane* lane;
    uint64_t session;
    Handle handle;
  };
  std::map<uint64_t, Bound> bound;
  const auto& kernels = kernel.objects(kernel::ObjectKind::lane);
  for (Lane* lane : lanes) {
    if (lane->bound() || !lane->side(End::kSender).ready ||
        lane->port->closed || lane->port->listeners.empty())
      continue;
    if (lane->cut && !(lane->sender_cut && lane->taken < lane->cut_end))
      continue;
    const auto found = kernels.find(lane->id);
    if (found == kernels.end()) throw Mismatch("a lane to be bound is gone");
    const auto& end = static_cast<kernel::Lane&>(*found->second).listener();
    if (end.handle == nullptr)
      throw Mismatch("lane " + std::to_string(lane->id) + " is not bound");
    bound[end.handle->serial] = {lane, end.process, end.handle->handle};
  }
  std::map<Port*, int> on_port;
  for (const auto& [serial, one] : bound) ++on_port[one.lane->port];
  for (const auto& [serial, one] : bound) {
    if (serial != next_serial_) throw Mismatch("a bound lane's serial is odd");
    Session* session = FindSession(one.session);
    Port::Listener* listener =
        session == nullptr ? nullptr : one.lane->port->FindListener(session);
    if (listener == nullptr)
      throw Mismatch("a lane is bound to one who does not listen");
    if (on_port[one.lane->port] == 1) CheckChoice(*one.lane, *listener);
    Bind(*one.lane, *session, *listener, one.handle);
  }
}

// One that has none of this sender's lanes, else one with the fewest.
void Model::CheckChoice(const Lane& lane, const Port::Listener& chosen) {
  std::set<const Session*> served;
  for (const auto& [id, other] : lane.port->lanes)
    if (other->side(End::kSender).process == lane.side(End::kSender).process)
      served.insert(other->side(End::kListener).session);
  const auto rank = [&](const Port::Listener& one) {
    return std::pair(served.count(one.session), one.lanes);
  };
  for (const Port::Listener& other : lane.port->listeners)
    if (rank(other) < rank(chosen))
      throw Mismatch("a lane is bound to the wrong listener");
}

void Model::Bind(Lane& lane, Session& session, Port::Listener& listener,
                 Handle handle) {
  if (lane.listening != 0) coverage_.Saw("lanes bound again");
  ++listener.lanes;
  ++session.lanes_receiving;
  lane.listening = listener.cap->serial;
  Lane::Side& side = lane.side(End::kListener);
  side.session = &session;
  side.process = session.id();
  side.handle = &NewCap({.object = &lane,
                         .rights = 0,
                         .made_by = lane.side(End::kSender).process});
  Place(session, *side.handle, nullptr, handle);
  Answer opened;
  opened.Append(
      abi::LaneOpened{.lane_id = lane.id,
                      .port_id = lane.port->id,
                      .badge = lane.badge,
                      .sender_process = lane.side(End::kSender).process,
                      .request_start = lane.taken,
                      .reply_start = lane.reply_end,
                      .port_handle = listener.cap->handle,
                      .band = lane.band,
                      .port_options = lane.port->options,
                      .reserved = 0,
                      .spare = 0,
                      .next_number = 0,
                      .tracing = {}});
  Expect(&session, {.event = abi::Event::lane_opened,
                    .user_data = handle,
                    .values = {lane.port->ring_bytes},
                    .payload = opened.payload,
                    .descriptors = lane.port->rendezvous() ? 4u : 3u,
                    .any_value = 0b0110});
  if (!lane.sender_cut) return;
  coverage_.Saw("messages of the dead given to a listener");
  PostLane(lane, End::kListener, abi::Event::lane_cut,
           {lane.cut_end, 0, static_cast<uint64_t>(Error::peer_closed)});
}

void Model::RetireIfOver(Lane& lane) {
  if (lane.side(End::kSender).handle != nullptr || lane.bound()) return;
  if (lane.left_over()) return;
  lane.retired = true;
  lane.port->lanes.erase(lane.id);
  if (lane.send_cap != nullptr) lane.send_cap->lanes.erase(&lane);
  lane.send_cap = nullptr;
  coverage_.Saw("transfers of lanes that are gone", lane.transfers.size());
  for (auto& [token, transfer] : lane.transfers) {
    transfer->lane = nullptr;
    doomed_.push_back(std::move(transfer));
  }
  lane.transfers.clear();
  DropAttachments(lane, End::kSender);
  Refund(*lane.charged, lane.charges);
  Unuse(*lane.port);
  Unuse(lane);
}

}  // namespace model
