// Reply: the one-shot right to answer one call, apart from the lane that the
// call came on, so that another process can have it.
//
//   open --sent--> over            the caller gets the answer
//     |  --last capability gone--> over, the caller gets `dropped`
//     +--caller gave up--> stale   sending says stale_reply
//     +--caller gone-----> gone    sending says peer_closed
//
// Whether the call is really open at the caller's only the caller knows: what
// a listener invents is thrown away there.
#pragma once

#include <span>

#include "kernel/object/answer.h"
#include "kernel/object/lane.h"

namespace kernel {

class Kernel;

class Reply : public Object {
 public:
  struct Call {
    uint32_t correlation;
    uint32_t label;
    uint64_t flow;
    int64_t deadline_ns;
  };
  Reply(uint64_t object_id, Lane* call_lane, const Call& which)
      : Object(ObjectKind::reply, object_id), call(which), lane(call_lane) {}

  bool open() const { return state == abi::ReplyState::open; }

  const Call call;
  Lane* lane;  // null unless it is open
  abi::ReplyState state = abi::ReplyState::open;
  Account* charged = nullptr;  // one message, until it is over
};

// The listener's end of a lane makes it. Errors: bad_state (the sender's end),
// invalid_args, already_exists, peer_closed, quota_exceeded.
Answer CreateReply(Kernel& kernel, Session& session, Lane& lane, LaneEnd end,
                   const Reply::Call& call);
// All or nothing; used up on success. On an item's error the payload has each
// item's.
struct ReplyContent {
  std::span<const abi::TransferItem> items;
  std::span<const uint8_t> bytes;
  bool in_region;  // the last item is a region with the bytes
};
Answer SendReply(Kernel& kernel, Session& session, Capability& right,
                 const ReplyContent& content);
// The caller gave up.
Answer CancelReply(Kernel& kernel, Lane& lane, LaneEnd end,
                   uint64_t correlation);
// Its last capability is gone.
void DropReply(Kernel& kernel, Reply& reply);
// The lane's caller is gone.
void EndReplies(Kernel& kernel, Lane& lane);

}  // namespace kernel
