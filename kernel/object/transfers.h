// Capabilities in messages: staged in a lane under a token, redeemed at the
// other end or taken back.
#pragma once

#include <span>

#include "kernel/object/answer.h"
#include "kernel/object/lane.h"

namespace kernel {

class Kernel;

// All or nothing. On failure the payload has each item's error.
Answer StageTransfer(Kernel& kernel, Session& session, Lane& lane, LaneEnd end,
                     std::span<const abi::TransferItem> items);
Answer RedeemTransfer(Kernel& kernel, Session& session, Lane& lane, LaneEnd end,
                      uint64_t token);
Answer CancelTransfer(Kernel& kernel, Session& session, Lane& lane, LaneEnd end,
                      uint64_t token);

}  // namespace kernel
