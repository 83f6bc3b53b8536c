// Calls about the flight recorder.
#include "libipc/abi/flight.h"

#include "kernel/syscall/call.h"

namespace kernel::handlers {

Answer flight_ring(Call& call) {
  KP_ANSWER(call.Check({.options = 3, .args = 2}));
  FlightBoard& flight = call.kernel.flight();
  const uint64_t ring = call.request.args[0];
  const uint64_t thread_id = call.request.args[1];
  if (call.request.options == abi::kFlightRingGrant) {
    if (ring != 0 || thread_id > ~uint32_t{0}) return Error::invalid_args;
    return flight.GrantRing(call.session, static_cast<uint32_t>(thread_id));
  }
  if (thread_id != 0) return Error::invalid_args;
  switch (call.request.options) {
    case abi::kFlightRingReady:
      return flight.ReadyRing(call.session, ring);
    case abi::kFlightRingEnd:
      return flight.EndRing(call.session, ring);
    default:
      return Error::invalid_args;
  }
}

Answer flight_next(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  // The flight recorder knows no limits.
  if (call.capability->trace_limits() != nullptr)
    return Answer::Missing(abi::kRightTraceMeta);
  return call.kernel.flight().Next(call.request.args[0]);
}

}  // namespace kernel::handlers
