#include "kernel/object/lanes.h"

#include <fcntl.h>

#include "kernel/object/kernel.h"
#include "kernel/object/reply.h"
#include "libipc/base/offer.h"
#include "libipc/base/socket.h"

namespace kernel {
namespace {

Charges ChargesOf(const Port& port) {
  const uint64_t half = abi::kControlBytes + port.ring_bytes;
  const uint64_t offer = port.rendezvous() ? abi::kControlBytes : 0;
  return Charges::Handles(1)
      .Add(AccountItem::lanes, 1)
      .Add(AccountItem::bytes, 2 * half + offer);
}

Charges WithoutHandle(Charges charges) {
  charges.amount[static_cast<size_t>(AccountItem::handles)] = 0;
  return charges;
}

Answer Granted(const Lane& lane, const Port& port, uint64_t spare) {
  Answer answer = Answer::Of(lane.sender().handle->handle, lane.sender().key,
                             port.ring_bytes, port.listeners.size());
  answer.Append(abi::LaneGranted{.lane_id = lane.id,
                                 .port_id = port.id,
                                 .port_options = port.options,
                                 .ring_bytes_max = port.ring_bytes_max,
                                 .spare = spare,
                                 .tracing = lane.tracing});
  return answer;
}

}  // namespace

Answer Lanes::Connect(Session& session, Capability& port_capability) {
  Port& port = As<Port>(*port_capability.object);
  if (port.closed) return Error::peer_closed;
  KP_ANSWER(kernel_->RoomFor(session, 1));
  const Charges charges = ChargesOf(port);
  KP_ANSWER(Kernel::RoomIn(*session.account, charges));
  EndMemory memory;
  UniqueFd copy;
  if (!port.rendezvous() && session.spare.IsReadyFor(port.ring_bytes)) {
    memory = session.spare.Take();
  } else {
    KP_ASSIGN(memory, MakeEndMemory(port.ring_bytes));
    copy.Reset(fcntl(memory.memory.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy.valid()) return Error::quota_exceeded;
  }
  UniqueFd offer, offer_copy;
  if (port.rendezvous()) {
    auto page = base::Offer::Create();
    if (!page.ok()) return Error::quota_exceeded;
    offer = *std::move(page);
    offer_copy.Reset(fcntl(offer.get(), F_DUPFD_CLOEXEC, 0));
    if (!offer_copy.valid()) return Error::quota_exceeded;
  }

  Lane& lane = kernel_->Add<Lane>(&port, port_capability);
  kernel_->Use(lane);
  kernel_->Use(port);
  lane.charges = WithoutHandle(charges);
  lane.charged = session.account;
  kernel_->Charge(*session.account, lane.charges);
  lane.tracing = kernel_->trace().scopes().Of(port);
  lane.listener_bell = std::move(memory.far_bell);
  lane.offer = std::move(offer);
  lane.send_capability = &port_capability;
  port_capability.Use().lanes.push_back(&lane);
  Lane::End& sender = lane.end(LaneEnd::kSender);
  sender.session = &session;
  sender.process = session.id();
  sender.since_ns = kernel_->NowNs();
  sender.key = memory.key;
  sender.memory = std::move(memory.memory);
  sender.half = std::move(memory.half);
  sender.handle = kernel_->NewCapability(
      {.object = &lane, .rights = 0, .made_by = session.id()});
  kernel_->Place(session, *sender.handle);
  port.lanes.emplace(lane.id, &lane);
  port.by_sender[session.id()].push_back(&lane);
  ++session.lanes_sending;
  Answer granted = Granted(lane, port, memory.spare);
  if (memory.spare != 0) {
    EnqueueReady(lane);
    return granted;
  }
  granted = std::move(granted)
                .With(std::move(copy))
                .With(std::move(memory.near_bell));
  if (!offer_copy.valid()) return granted;
  return std::move(granted).With(std::move(offer_copy));
}

Answer Lanes::Listen(Session& session, Capability& port_capability) {
  Port& port = As<Port>(*port_capability.object);
  if (port.FindListener(&session) != nullptr) return Error::bad_state;
  if (!port.shareable() && !port.listeners.empty()) return Error::bad_state;
  if (port.listeners.size() >= abi::kListenersMax)
    return Answer::Failed(Error::quota_exceeded, port.listeners.size(),
                          abi::kListenersMax);
  port.listeners.push_back({&session, &port_capability, 0});
  port_capability.Use().listening = true;
  session.listening.insert(&port);
  for (auto& [id, lane] : port.lanes)
    if (!lane->bound()) Enqueue(*lane);
  TellSenders(port);
  return Answer::Of(port.id);
}

Answer Lanes::Ready(Lane& lane, LaneEnd which) {
  Lane::End& end = lane.end(which);
  if (end.ready()) return Error::bad_state;
  auto half = base::Half::Map(end.memory.get(), lane.port->ring_bytes, end.key,
                              base::Access::kRead);
  if (!half.ok()) return Error::quota_exceeded;
  KP_TRY(base::SealMemory(end.memory.get(), base::Seal::kSingleWriter));
  end.half = *std::move(half);
  if (which == LaneEnd::kSender)
    EnqueueReady(lane);
  else
    PostJoined(lane);
  return {};
}

void Lanes::PostJoined(Lane& lane) {
  Lane::End& listener = lane.end(LaneEnd::kListener);
  if (lane.sender().handle != nullptr && !lane.sender_cut)
    Post(lane, LaneEnd::kSender, abi::Event::lane_joined,
         Answer::Of(listener.key, lane.taken, lane.reply_end, listener.process)
             .With(std::move(listener.memory)));
  listener.memory.Reset();
}

Answer Lanes::Attach(Lane& lane, LaneEnd which, Capability& capability) {
  if (lane.cut) return Error::peer_closed;
  return lane.end(which).attachments.Add(*kernel_, capability);
}

Answer Lanes::MapAttached(Session& session, Lane& lane, LaneEnd which,
                          uint64_t number) {
  return lane.end(Opposite(which)).attachments.Map(*kernel_, session, number);
}

// What was lent over a lane that is cut may be read on.
Answer Lanes::Detach(Lane& lane, LaneEnd which, uint64_t number) {
  Attachments& attachments = lane.end(which).attachments;
  if (!attachments.Has(number)) return Error::not_found;
  if (lane.cut) return Error::peer_closed;
  if (attachments.WasMapped(number))
    Post(lane, Opposite(which), abi::Event::lane_detached, Answer::Of(number));
  attachments.Remove(*kernel_, number);
  return {};
}

void Lanes::EndListening(Port& port, Session& session, Error why) {
  const Port::Listener* listener = port.FindListener(&session);
  if (listener == nullptr) return;
  listener->capability->Use().listening = false;
  std::erase_if(port.listeners, [&](const Port::Listener& one) {
    return one.session == &session;
  });
  session.listening.erase(&port);
  for (auto& [id, lane] : port.lanes)
    if (lane->listener().session == &session) Enqueue(*lane);
  session.Post(abi::Event::listen_ended, port.id,
               Answer::Of(static_cast<uint64_t>(why)));
  TellSenders(port);
}

void Lanes::TellSenders(Port& port) {
  if (!port.shareable()) return;
  for (const auto& [process, lanes] : port.by_sender)
    for (const Lane* lane : lanes) {
      if (lane->sender().handle == nullptr || lane->cut) continue;
      Post(*lane, LaneEnd::kSender, abi::Event::listeners_changed,
           Answer::Of(port.listeners.size()));
      break;
    }
}

void Lanes::LoseCapability(Lane& lane, Ending ending) {
  lane.send_capability = nullptr;
  if (lane.sender_leaves == Error::ok) lane.sender_leaves = ErrorOf(ending);
  Enqueue(lane);
}

void Lanes::HandleGone(Lane& lane, const Capability& handle, Ending ending) {
  const LaneEnd which = EndOf(lane, handle);
  Lane::End& end = lane.end(which);
  if (end.handle != &handle) return;  // taken away by Unbind
  end.handle = nullptr;
  if (which == LaneEnd::kSender) {
    --end.session->lanes_sending;
    EndReplies(*kernel_, lane);
    if (lane.sender_leaves == Error::ok) lane.sender_leaves = Error::canceled;
  } else {
    // Who has stopped listening leaves the queue to the next listener.
    const bool keeps = ending == Ending::kDeath || !Listened(lane);
    Unbind(lane);
    if (keeps) {
      PostOrphaned(lane);
    } else {
      CutByListener(lane, Error::peer_closed);
      // Who leaves a lane by itself has no use for what is left in it.
      if (lane.sender_cut) lane.cut_end = lane.taken;
    }
  }
  Enqueue(lane);
}

void Lanes::Enqueue(Lane& lane) {
  if (lane.queued) return;
  lane.queued = true;
  queue_.push_back(&lane);
}

// Of one that has hung up nobody reads the answer: its lanes take their turn.
void Lanes::EnqueueReady(Lane& lane) {
  if (kernel_->hangs_up()) return Enqueue(lane);
  if (lane.queued) std::erase(queue_, &lane);
  lane.queued = true;
  ready_.push_back(&lane);
}

void Lanes::Post(const Lane& lane, LaneEnd which, abi::Event event,
                 Answer values) {
  const Lane::End& end = lane.ends[static_cast<size_t>(which)];
  if (end.handle == nullptr) return;
  end.session->Post(event, end.handle->handle, std::move(values));
}

}  // namespace kernel
