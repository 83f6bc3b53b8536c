#include "flow_ids.h"

#include <utility>

#include "libipc/base/flow_ranks.h"

namespace ipc {
namespace {

// Flows with ranks that this thread has begun in a second.
struct FlowSecond {
  uint64_t session;
  uint64_t number;
  uint64_t unspent;  // one that nothing was sent in; 0: none
  base::FlowCount count;
};
constinit thread_local FlowSecond t_second = {};

uint64_t WithRank(SessionCore& session, uint64_t flow) {
  const uint64_t second = base::CoarseSecond();
  if (t_second.session != session.serial() || t_second.count.IsNew(second))
    t_second = {session.serial(), session.NewFlowSecond(), 0, {}};
  if (t_second.unspent != 0) return std::exchange(t_second.unspent, 0);
  return base::RankedFlow(flow, t_second.number, t_second.count.Next(second));
}

}  // namespace

uint64_t NewFlowSlow(SessionCore& session) {
  constexpr uint64_t kAtOnce = 256;
  FlowsAtHand& at_hand = t_flows_at_hand;
  if (at_hand.left == 0 || at_hand.session != session.serial())
    at_hand = {session.serial(), session.NewFlows(kAtOnce), kAtOnce};
  --at_hand.left;
  const uint64_t flow = at_hand.next++;
  return session.ranks_flows() ? WithRank(session, flow) : flow;
}

void LeaveUnspent(uint64_t flow) {
  if (base::HasRank(flow) && t_flow.flow.id() == 0) t_second.unspent = flow;
}

}  // namespace ipc
