#include "kernel/object/reply.h"

#include "kernel/object/kernel.h"
#include "kernel/object/transfers.h"

namespace kernel {
namespace {

constexpr Rights kReplyRights = abi::kRightSend | abi::kRightTransfer |
                                abi::kRightWait | abi::kRightInspect;

// It is open no longer. What was charged for it is given back.
void Close(Kernel& kernel, Reply& reply, abi::ReplyState state) {
  reply.lane->replies.erase(reply.call.correlation);
  reply.lane = nullptr;
  reply.state = state;
  kernel.Refund(*reply.charged, Charges::Of(AccountItem::messages));
  kernel.Signal(reply);
}

void Deliver(const Lane& lane, Answer answer) {
  const Lane::End& caller = lane.sender();
  caller.session->Post(abi::Event::call_answered, caller.handle->handle,
                       std::move(answer));
}

}  // namespace

Answer CreateReply(Kernel& kernel, Session& session, Lane& lane, LaneEnd end,
                   const Reply::Call& call) {
  if (end != LaneEnd::kListener) return Error::bad_state;
  if (lane.sender_cut || lane.sender().handle == nullptr)
    return Error::peer_closed;
  if (lane.replies.contains(call.correlation)) return Error::already_exists;
  if (lane.replies.size() >= abi::kOpenRepliesMax)
    return Answer::Failed(Error::quota_exceeded, lane.replies.size(),
                          abi::kOpenRepliesMax);
  // The caller is told of each: one that does not look must not be flooded.
  if (lane.sender().session->backlog_events() > Session::kReplyEventsMax)
    return Error::should_wait;
  KP_ANSWER(kernel.RoomFor(session, 1));
  const Charges charges = Charges::Of(AccountItem::messages);
  KP_ANSWER(Kernel::RoomIn(*session.account, charges));
  Reply& reply = kernel.Add<Reply>(&lane, call);
  reply.charged = session.account;
  kernel.Charge(*session.account, charges);
  lane.replies.emplace(call.correlation, &reply);
  Capability* right = kernel.NewCapability(
      {.object = &reply, .rights = kReplyRights, .made_by = session.id()});
  const Lane::End& caller = lane.sender();
  caller.session->Post(abi::Event::call_moved, caller.handle->handle,
                       Answer::Of(call.correlation, reply.id));
  return Answer::Of(kernel.Place(session, *right), reply.id);
}

Answer SendReply(Kernel& kernel, Session& session, Capability& right,
                 const ReplyContent& content) {
  auto& reply = As<Reply>(*right.object);
  CheckedItems items;
  if (!content.items.empty())
    items = CheckItems(kernel, session, *right.object, content.items);
  if (items.first != Error::ok) return items.Refused();
  if (reply.state == abi::ReplyState::stale) return Error::stale_reply;
  if (!reply.open()) return Error::peer_closed;
  Lane& lane = *reply.lane;
  if (lane.sender().session->backlog_bytes() > Session::kReplyBacklogMax)
    return Error::should_wait;
  uint64_t token = 0;
  if (!items.gifts.empty()) {
    KP_ANSWER(RoomForTransfer(session, lane, items));
    token = MakeTransfer(kernel, session, lane, LaneEnd::kListener, items);
  }
  const uint64_t count = items.gifts.size();
  Answer answer =
      Answer::Of(reply.call.correlation, token,
                 count | (content.in_region ? abi::kAnsweredInRegion : 0) |
                     uint64_t{reply.call.label} << 32,
                 static_cast<uint64_t>(Error::ok));
  answer.AppendBytes(content.bytes.data(), content.bytes.size());
  Deliver(lane, std::move(answer));
  Close(kernel, reply, abi::ReplyState::over);
  kernel.Destroy(right, Ending::kMoved);
  return {};
}

Answer CancelReply(Kernel& kernel, Lane& lane, LaneEnd end,
                   uint64_t correlation) {
  if (end != LaneEnd::kSender) return Error::bad_state;
  const auto found =
      correlation > ~uint32_t{0}
          ? lane.replies.end()
          : lane.replies.find(static_cast<uint32_t>(correlation));
  if (found == lane.replies.end()) return Error::not_found;
  Close(kernel, *found->second, abi::ReplyState::stale);
  return {};
}

void DropReply(Kernel& kernel, Reply& reply) {
  if (!reply.open()) return;
  Deliver(*reply.lane, Answer::Of(reply.call.correlation, 0, 0,
                                  static_cast<uint64_t>(Error::dropped)));
  Close(kernel, reply, abi::ReplyState::over);
}

void EndReplies(Kernel& kernel, Lane& lane) {
  while (!lane.replies.empty())
    Close(kernel, *lane.replies.begin()->second, abi::ReplyState::gone);
}

}  // namespace kernel
