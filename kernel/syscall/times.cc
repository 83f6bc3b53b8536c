// port_times: how long messages of a port waited and took, as their two ends
// have counted.
#include "libipc/base/times.h"

#include "kernel/object/past_times.h"
#include "kernel/syscall/call.h"

namespace kernel::handlers {

Answer port_times(Call& call) {
  KP_ANSWER(call.Check({.args = 2}));
  const auto& ports = call.kernel.objects(ObjectKind::port);
  const auto found = ports.find(call.request.args[0]);
  if (found == ports.end()) return Error::not_found;
  const Port& port = As<Port>(*found->second);
  const int64_t now_ns = call.kernel.NowNs();
  const uint64_t after = call.request.args[1];
  abi::LaneTimes sum = {};
  if (after == 0) port.past_times.AddTo(&sum);
  uint64_t count = 0;
  uint64_t last = after;
  auto at = port.lanes.upper_bound(after);
  for (; at != port.lanes.end() && count < abi::kPortTimesLanes; ++at) {
    for (const LaneEnd end : {LaneEnd::kSender, LaneEnd::kListener})
      base::AddTimes(ReadTimes(*at->second, end, now_ns), &sum);
    last = at->first;
    ++count;
  }
  const uint64_t more = at != port.lanes.end() ? 1 : 0;
  Answer answer = Answer::Of(count, last, more, port.past_times.version());
  answer.Append(sum);
  return answer;
}

}  // namespace kernel::handlers
