#include "kernel/object/transfers.h"

#include <vector>

#include "kernel/cap/gift.h"
#include "kernel/object/kernel.h"

namespace kernel {
namespace {

Result<Gift> CheckItem(Kernel& kernel, Session& session, const Object& into,
                       const abi::TransferItem& item) {
  KP_ASSIGN(const Gift gift,
            CheckGift(kernel, session, item.handle, item.rights, item.mode));
  if (item.reserved != 0) return Error::invalid_args;
  // A port's Receive right in its own queue could never be reached again, and
  // the right to reply cannot be its own answer.
  if (gift.capability->object == &into &&
      (into.kind != ObjectKind::port ||
       (gift.rights & abi::kRightReceive) != 0))
    return Error::invalid_args;
  return gift;
}

uint64_t LivingItems(const Transfer& transfer) {
  uint64_t count = 0;
  for (const Transfer::Item& item : transfer.items)
    count += item.capability != nullptr ? 1 : 0;
  return count;
}

}  // namespace

CheckedItems CheckItems(Kernel& kernel, Session& session, const Object& into,
                        std::span<const abi::TransferItem> items) {
  CheckedItems checked;
  absl::flat_hash_set<Handle> seen;
  for (const abi::TransferItem& item : items) {
    const Result<Gift> gift = CheckItem(kernel, session, into, item);
    Error error = gift.error();
    if (gift.ok() && !seen.insert(item.handle).second)
      error = Error::invalid_args;
    if (error == Error::ok) checked.gifts.push_back(*gift);
    if (checked.first == Error::ok) checked.first = error;
    checked.errors.push_back(error);
  }
  return checked;
}

Answer CheckedItems::Refused() const {
  Answer answer = first;
  for (const Error error : errors) answer.Append(error);
  return answer;
}

Answer RoomForTransfer(const Session& session, const Lane& lane,
                       const CheckedItems& items) {
  if (lane.transfers.size() >= abi::kStagedTransfersMax)
    return Answer::Failed(Error::quota_exceeded, lane.transfers.size(),
                          abi::kStagedTransfersMax);
  // A message, and the copies: what is moved is paid for already.
  uint64_t copies = 0;
  for (const Gift& gift : items.gifts) copies += gift.move ? 0 : 1;
  return Kernel::RoomIn(*session.account,
                        Charges::Handles(copies).Add(AccountItem::messages, 1));
}

uint64_t MakeTransfer(Kernel& kernel, Session& session, Lane& lane,
                      LaneEnd from, const CheckedItems& items) {
  auto transfer = std::make_unique<Transfer>();
  const uint64_t token = transfer->token = ++lane.last_token;
  transfer->from = from;
  transfer->process = session.id();
  transfer->charged = session.account;
  kernel.Charge(*session.account, Charges::Of(AccountItem::messages));
  for (const Gift& gift : items.gifts)
    kernel.PutInto(*transfer, *TakeGift(kernel, session, gift));
  lane.transfers.emplace(token, std::move(transfer));
  return token;
}

Answer StageTransfer(Kernel& kernel, Session& session, Lane& lane, LaneEnd end,
                     std::span<const abi::TransferItem> items) {
  if (items.empty() || items.size() > abi::kMessageHandlesMax)
    return Answer::OutOfRange(1, abi::kMessageHandlesMax);
  const CheckedItems checked = CheckItems(kernel, session, *lane.port, items);
  if (checked.first != Error::ok) return checked.Refused();
  if (lane.cut || lane.port->closed || lane.sender_leaves != Error::ok)
    return Error::peer_closed;
  KP_ANSWER(RoomForTransfer(session, lane, checked));
  return Answer::Of(MakeTransfer(kernel, session, lane, end, checked));
}

Answer RedeemTransfer(Kernel& kernel, Session& session, Lane& lane, LaneEnd end,
                      uint64_t token) {
  const auto found = lane.transfers.find(token);
  if (found == lane.transfers.end() || found->second->from == end)
    return Error::not_found;
  KP_ANSWER(Kernel::RoomForMoved(session, LivingItems(*found->second),
                                 *found->second->charged));
  const std::unique_ptr<Transfer> transfer = std::move(found->second);
  lane.transfers.erase(found);
  Answer answer = Answer::Of(transfer->items.size());
  for (const Transfer::Item& item : transfer->items) {
    abi::RedeemedItem redeemed = {.handle = abi::kNoHandle,
                                  .kind = item.kind,
                                  .rights = 0,
                                  .error = Error::revoked};
    if (item.capability != nullptr) {
      redeemed.handle = kernel.Place(session, *item.capability);
      redeemed.rights = item.capability->rights;
      redeemed.error = Error::ok;
    }
    answer.Append(redeemed);
  }
  kernel.Refund(*transfer->charged, Charges::Of(AccountItem::messages));
  return answer;
}

Answer CancelTransfer(Kernel& kernel, Session& session, Lane& lane, LaneEnd end,
                      uint64_t token) {
  const auto found = lane.transfers.find(token);
  if (found == lane.transfers.end() || found->second->from != end ||
      found->second->process != session.id())
    return Error::not_found;
  if (!session.handles.HasRoom(found->second->items.size()))
    return Error::quota_exceeded;
  const std::unique_ptr<Transfer> transfer = std::move(found->second);
  lane.transfers.erase(found);
  Answer answer = Answer::Of(transfer->items.size());
  for (const Transfer::Item& item : transfer->items) {
    Handle handle = abi::kNoHandle;
    if (item.capability != nullptr)
      handle = kernel.Place(session, *item.capability);
    answer.Append(handle);
  }
  kernel.Refund(*transfer->charged, Charges::Of(AccountItem::messages));
  return answer;
}

}  // namespace kernel
