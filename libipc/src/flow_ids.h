// The ids of flows that begin here.
#pragma once

#include "message_state.h"
#include "session_core.h"

namespace ipc {

// Those that this thread has taken from its session and not used yet.
struct FlowsAtHand {
  uint64_t session;  // its serial
  uint64_t next;
  uint64_t left;
};
inline constinit thread_local FlowsAtHand t_flows_at_hand = {};

uint64_t NewFlowSlow(SessionCore& session);
// One that no other message of the session has. Each thread takes many at once.
[[gnu::always_inline]] inline uint64_t NewFlow(SessionCore& session) {
  FlowsAtHand& at_hand = t_flows_at_hand;
  if (at_hand.left == 0 || at_hand.session != session.serial() ||
      session.ranks_flows()) [[unlikely]]
    return NewFlowSlow(session);
  --at_hand.left;
  return at_hand.next++;
}
// Nothing was sent in the flow that FlowToSend gave: a rank is not lost.
void LeaveUnspent(uint64_t flow);
// Which this thread's next message belongs to.
[[gnu::always_inline]] inline uint64_t FlowToSend(SessionCore& session) {
  const uint64_t flow = t_flow.flow.id();
  return flow != 0 ? flow : NewFlow(session);
}

}  // namespace ipc
