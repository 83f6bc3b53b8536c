// Capabilities in messages: staged in a lane under a token, redeemed at the
// other end or taken back.
#pragma once

#include <span>
#include <vector>

#include "kernel/cap/gift.h"
#include "kernel/object/answer.h"
#include "kernel/object/lane.h"

namespace kernel {

class Kernel;

// What a sender wants to go with a message, checked item by item.
struct CheckedItems {
  std::vector<Gift> gifts;
  std::vector<Error> errors;
  Error first = Error::ok;

  // The first error; in the payload each item's.
  Answer Refused() const;
};
// `into`: the object whose own right must not be among them.
CheckedItems CheckItems(Kernel& kernel, Session& session, const Object& into,
                        std::span<const abi::TransferItem> items);
Answer RoomForTransfer(const Session& session, const Lane& lane,
                       const CheckedItems& items);
// Returns its token. Everything was checked.
uint64_t MakeTransfer(Kernel& kernel, Session& session, Lane& lane,
                      LaneEnd from, const CheckedItems& items);

// All or nothing. On failure the payload has each item's error.
Answer StageTransfer(Kernel& kernel, Session& session, Lane& lane, LaneEnd end,
                     std::span<const abi::TransferItem> items);
Answer RedeemTransfer(Kernel& kernel, Session& session, Lane& lane, LaneEnd end,
                      uint64_t token);
Answer CancelTransfer(Kernel& kernel, Session& session, Lane& lane, LaneEnd end,
                      uint64_t token);

}  // namespace kernel
