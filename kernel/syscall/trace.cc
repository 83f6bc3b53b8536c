// Calls about tracing.
#include "kernel/syscall/call.h"

namespace kernel::handlers {

Answer trace_ring(Call& call) {
  KP_ANSWER(call.Check({.options = 3, .args = 1}));
  TraceBoard& trace = call.kernel.trace();
  const uint64_t ring = call.request.args[0];
  switch (call.request.options) {
    case abi::kTraceRingGrant:
      if (ring != 0) return Error::invalid_args;
      return trace.GrantRing(call.session);
    case abi::kTraceRingReady:
      return trace.ReadyRing(call.session, ring);
    case abi::kTraceRingEnd:
      return trace.EndRing(call.session, ring);
    default:
      return Error::invalid_args;
  }
}

Answer trace_port(Call& call) {
  KP_ANSWER(call.Check({.options = 1}));
  return call.kernel.trace().TracePort(call.session, call.object<Port>(),
                                       call.request.options != 0);
}

Answer trace_all(Call& call) {
  KP_ANSWER(call.Check({.options = 1}));
  return call.kernel.trace().TraceAll(call.session, call.request.options != 0);
}

Answer trace_next(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  return call.kernel.trace().Next(call.session, call.request.args[0]);
}

}  // namespace kernel::handlers
