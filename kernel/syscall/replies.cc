// Calls about Reply capabilities.
#include <vector>

#include "kernel/object/reply.h"
#include "kernel/syscall/call.h"

namespace kernel::handlers {

Answer reply_create(Call& call) {
  KP_ANSWER(call.Check({.args = 3}));
  const auto& args = call.request.args;
  const auto correlation = static_cast<uint32_t>(args[0]);
  if (correlation == 0) return Error::invalid_args;
  return CreateReply(call.kernel, call.session, call.object<Lane>(),
                     Lanes::EndOf(call.object<Lane>(), *call.capability),
                     {.correlation = correlation,
                      .label = static_cast<uint32_t>(args[0] >> 32),
                      .flow = args[1],
                      .deadline_ns = static_cast<int64_t>(args[2])});
}

Answer reply_send(Call& call) {
  KP_ANSWER(
      call.Check({.options = abi::kReplyInRegion, .args = 1, .payload = true}));
  const uint64_t count = call.request.args[0];
  if (count > abi::kMessageHandlesMax)
    return Answer::OutOfRange(0, abi::kMessageHandlesMax);
  std::vector<abi::TransferItem> items(count);
  const size_t item_bytes = count * sizeof(abi::TransferItem);
  if (call.payload.size() < item_bytes) return Error::invalid_args;
  const bool in_region = (call.request.options & abi::kReplyInRegion) != 0;
  if (in_region && count == 0) return Error::invalid_args;
  if (count > 0) std::memcpy(items.data(), call.payload.data(), item_bytes);
  return SendReply(call.kernel, call.session, *call.capability,
                   {.items = items,
                    .bytes = call.payload.subspan(item_bytes),
                    .in_region = in_region});
}

Answer reply_cancel(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  Lane& lane = call.object<Lane>();
  return CancelReply(call.kernel, lane, Lanes::EndOf(lane, *call.capability),
                     call.request.args[0]);
}

Answer reply_info(Call& call) {
  KP_ANSWER(call.Check({}));
  const Reply& reply = call.object<Reply>();
  return Answer::Of(static_cast<uint64_t>(reply.state),
                    static_cast<uint64_t>(reply.call.deadline_ns),
                    reply.call.flow, reply.call.label);
}

}  // namespace kernel::handlers
