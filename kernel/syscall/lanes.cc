// Calls about lanes, and capabilities in messages.
#include <vector>

#include "kernel/object/deadlock.h"
#include "kernel/object/transfers.h"
#include "kernel/syscall/call.h"

namespace kernel::handlers {
namespace {

LaneEnd EndOf(const Call& call) {
  return Lanes::EndOf(call.object<Lane>(), *call.capability);
}

}  // namespace

Answer lane_ready(Call& call) {
  KP_ANSWER(call.Check({}));
  return call.kernel.lanes().Ready(call.object<Lane>(), EndOf(call));
}

Answer half_spare(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  const uint64_t number = call.request.args[0];
  return number == 0 ? call.session.spare.Grant()
                     : call.session.spare.Ready(number);
}

Answer lane_close(Call& call) {
  KP_ANSWER(call.Check({}));
  call.kernel.Destroy(*call.capability, Ending::kClosed);
  return {};
}

Answer lane_resize(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  return call.kernel.lanes().Resize(call.object<Lane>(), EndOf(call),
                                    call.request.args[0]);
}

Answer lane_resized(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  return call.kernel.lanes().Resized(call.object<Lane>(), EndOf(call),
                                     call.request.args[0]);
}

Answer lane_attach(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  Capability* region = nullptr;
  KP_ANSWER(call.FindSecond(call.request.args[0], ObjectKind::region,
                            abi::kRightRead | abi::kRightMap, &region));
  return call.kernel.lanes().Attach(call.object<Lane>(), EndOf(call), *region);
}

Answer lane_detach(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  return call.kernel.lanes().Detach(call.object<Lane>(), EndOf(call),
                                    call.request.args[0]);
}

Answer lane_map(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  return call.kernel.lanes().MapAttached(call.session, call.object<Lane>(),
                                         EndOf(call), call.request.args[0]);
}

Answer deadlock_check(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  Lane& lane = call.object<Lane>();
  if (EndOf(call) != LaneEnd::kSender) return Error::bad_state;
  return CheckDeadlock(call.kernel, call.session, lane, call.request.args[0]);
}

Answer transfer_stage(Call& call) {
  KP_ANSWER(call.Check({.payload = true}));
  const size_t count = call.payload.size() / sizeof(abi::TransferItem);
  if (call.payload.size() != count * sizeof(abi::TransferItem))
    return Error::invalid_args;
  if (count == 0 || count > abi::kMessageHandlesMax)
    return Answer::OutOfRange(1, abi::kMessageHandlesMax);
  std::vector<abi::TransferItem> items(count);
  std::memcpy(items.data(), call.payload.data(), call.payload.size());
  return StageTransfer(call.kernel, call.session, call.object<Lane>(),
                       EndOf(call), items);
}

Answer transfer_redeem(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  return RedeemTransfer(call.kernel, call.session, call.object<Lane>(),
                        EndOf(call), call.request.args[0]);
}

Answer transfer_cancel(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  return CancelTransfer(call.kernel, call.session, call.object<Lane>(),
                        EndOf(call), call.request.args[0]);
}

}  // namespace kernel::handlers
