#include "kernel/object/transfers.h"

#include <vector>

#include "kernel/cap/gift.h"
#include "kernel/object/kernel.h"

namespace kernel {
namespace {

Result<Gift> CheckItem(Kernel& kernel, Session& session, const Lane& lane,
                       const abi::TransferItem& item) {
  KP_ASSIGN(const Gift gift,
            CheckGift(kernel, session, item.handle, item.rights, item.mode));
  if (item.reserved != 0) return Error::invalid_args;
  // A port's Receive right in its own queue could never be reached again.
  if (gift.capability->object == lane.port &&
      (gift.rights & abi::kRightReceive) != 0)
    return Error::invalid_args;
  return gift;
}

struct CheckedItems {
  std::vector<Gift> gifts;
  std::vector<Error> errors;
  Error first = Error::ok;
};

CheckedItems CheckItems(Kernel& kernel, Session& session, const Lane& lane,
                        std::span<const abi::TransferItem> items) {
  CheckedItems checked;
  absl::flat_hash_set<Handle> seen;
  for (const abi::TransferItem& item : items) {
    const Result<Gift> gift = CheckItem(kernel, session, lane, item);
    Error error = gift.error();
    if (gift.ok() && !seen.insert(item.handle).second)
      error = Error::invalid_args;
    if (error == Error::ok) checked.gifts.push_back(*gift);
    if (checked.first == Error::ok) checked.first = error;
    checked.errors.push_back(error);
  }
  return checked;
}

// A message, and the copies: what is moved is paid for already.
Charges ChargesOf(const std::vector<Gift>& gifts) {
  uint64_t copies = 0;
  for (const Gift& gift : gifts) copies += gift.move ? 0 : 1;
  return Charges::Handles(copies).Add(AccountItem::messages, 1);
}

uint64_t LivingItems(const Transfer& transfer) {
  uint64_t count = 0;
  for (const Transfer::Item& item : transfer.items)
    count += item.capability != nullptr ? 1 : 0;
  return count;
}

}  // namespace

Answer StageTransfer(Kernel& kernel, Session& session, Lane& lane, LaneEnd end,
                     std::span<const abi::TransferItem> items) {
  if (items.empty() || items.size() > abi::kMessageHandlesMax)
    return Answer::OutOfRange(1, abi::kMessageHandlesMax);
  const CheckedItems checked = CheckItems(kernel, session, lane, items);
  if (checked.first != Error::ok) {
    Answer answer = checked.first;
    for (const Error error : checked.errors) answer.Append(error);
    return answer;
  }
  if (lane.cut || lane.port->closed || lane.sender_leaves != Error::ok)
    return Error::peer_closed;
  if (lane.transfers.size() >= abi::kStagedTransfersMax)
    return Answer::Failed(Error::quota_exceeded, lane.transfers.size(),
                          abi::kStagedTransfersMax);
  KP_ANSWER(Kernel::RoomIn(*session.account, ChargesOf(checked.gifts)));

  auto transfer = std::make_unique<Transfer>();
  transfer->token = ++lane.last_token;
  transfer->from = end;
  transfer->process = session.id();
  transfer->charged = session.account;
  kernel.Charge(*session.account, Charges::Of(AccountItem::messages));
  for (const Gift& gift : checked.gifts)
    kernel.PutInto(*transfer, *TakeGift(kernel, session, gift));
  const uint64_t token = transfer->token;
  lane.transfers.emplace(token, std::move(transfer));
  return Answer::Of(token);
}

Answer RedeemTransfer(Kernel& kernel, Session& session, Lane& lane, LaneEnd end,
                      uint64_t token) {
  const auto found = lane.transfers.find(token);
  if (found == lane.transfers.end() || found->second->from == end)
    return Error::not_found;
  KP_ANSWER(kernel.RoomFor(session, LivingItems(*found->second)));
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
