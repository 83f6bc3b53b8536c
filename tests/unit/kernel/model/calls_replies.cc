// The model of the calls about replies.
#include <cstring>

#include "tests/unit/kernel/model/calls.h"

namespace model::calls {
namespace {

constexpr Rights kReplyRights = abi::kRightSend | abi::kRightTransfer |
                                abi::kRightWait | abi::kRightInspect;

}  // namespace

Answer reply_create(Call& call) {
  if (!call.Fits({.args = 3})) return Error::invalid_args;
  const auto correlation = static_cast<uint32_t>(call.arg(0));
  if (correlation == 0) return Error::invalid_args;
  if (EndOf(call) == End::kSender) return Error::bad_state;
  Lane& lane = call.object<Lane>();
  if (lane.sender_cut || lane.side(End::kSender).handle == nullptr)
    return Error::peer_closed;
  if (lane.replies.count(correlation) != 0) return Error::already_exists;
  if (lane.replies.size() >= abi::kOpenRepliesMax)
    return Answer::Failed(Error::quota_exceeded, lane.replies.size(),
                          abi::kOpenRepliesMax);
  Account& account = *call.session.account;
  const Amounts amounts = Model::One(AccountItem::messages);
  if (Answer full = call.Room(1); !full.ok()) return full;
  if (Answer full = Model::Refusal(account, amounts); !full.ok()) return full;
  Reply& reply = call.model.Add<Reply>();
  reply.correlation = correlation;
  reply.label = static_cast<uint32_t>(call.arg(0) >> 32);
  reply.flow = call.arg(1);
  reply.deadline = call.arg(2);
  reply.lane = &lane;
  reply.charged = &account;
  lane.replies[correlation] = &reply;
  call.model.Touch(lane);
  call.model.Charge(account, amounts);
  call.model.PostLane(lane, End::kSender, abi::Event::call_moved,
                      {correlation, reply.id});
  Cap& made = call.model.NewCap(
      {.object = &reply, .rights = kReplyRights, .made_by = call.session.id()});
  return Answer::Of(
      call.model.Place(call.session, made, &account, call.given()), reply.id);
}

Answer reply_send(Call& call) {
  if (!call.Fits({.options = abi::kReplyInRegion, .args = 1, .payload = true}))
    return Error::invalid_args;
  const uint64_t count = call.arg(0);
  if (count > abi::kMessageHandlesMax)
    return Answer::Failed(Error::out_of_range, 0, abi::kMessageHandlesMax);
  const auto& payload = call.request.payload;
  const size_t bytes = count * sizeof(abi::TransferItem);
  if (payload.size() < bytes) return Error::invalid_args;
  const bool in_region = call.options() == abi::kReplyInRegion;
  if (in_region && count == 0) return Error::invalid_args;
  std::vector<abi::TransferItem> items(count);
  if (count != 0) std::memcpy(items.data(), payload.data(), bytes);
  Reply& reply = call.object<Reply>();
  std::vector<Gift> gifts;
  if (Answer bad = CheckItems(call.model, call.session, reply, items, &gifts);
      !bad.ok())
    return bad;
  if (reply.state == abi::ReplyState::stale) return Error::stale_reply;
  if (!reply.open()) return Error::peer_closed;
  Lane& lane = *reply.lane;
  uint64_t token = 0;
  if (count != 0) {
    if (Answer full = RoomForTransfer(call.session, lane, gifts); !full.ok())
      return full;
    token = MakeTransfer(call, lane, End::kListener, gifts);
    call.model.coverage().Saw("replies with capabilities");
  }
  call.model.PostLane(
      lane, End::kSender, abi::Event::call_answered,
      {reply.correlation, token,
       count | (in_region ? abi::kAnsweredInRegion : 0) |
           uint64_t{reply.label} << 32},
      {payload.begin() + static_cast<ptrdiff_t>(bytes), payload.end()});
  call.model.CloseReply(reply, abi::ReplyState::over);
  call.model.Destroy(*call.cap, Ending::kMoved);
  return {};
}

Answer reply_cancel(Call& call) {
  if (!call.Fits({.args = 1})) return Error::invalid_args;
  if (EndOf(call) == End::kListener) return Error::bad_state;
  const auto& replies = call.object<Lane>().replies;
  if (call.arg(0) > ~uint32_t{0}) return Error::not_found;
  const auto found = replies.find(static_cast<uint32_t>(call.arg(0)));
  if (found == replies.end()) return Error::not_found;
  call.model.CloseReply(*found->second, abi::ReplyState::stale);
  return {};
}

Answer reply_info(Call& call) {
  if (!call.Fits({})) return Error::invalid_args;
  const Reply& reply = call.object<Reply>();
  return Answer::Of(static_cast<uint64_t>(reply.state), reply.deadline,
                    reply.flow, reply.label);
}

}  // namespace model::calls
