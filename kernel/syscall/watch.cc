// Calls that wait for an object's signals.
#include "kernel/syscall/call.h"

namespace kernel::handlers {

Answer object_watch(Call& call) {
  Object& object = *call.capability->object;
  const abi::Signals possible = Kernel::SignalsOfKind(object.kind);
  if (possible == 0) return Error::wrong_type;
  KP_ANSWER(call.Check({.args = 1}));
  const uint64_t wanted = call.request.args[0];
  if (wanted == 0 || (wanted & ~uint64_t{abi::kSignalsAll}) != 0)
    return Error::invalid_args;
  if ((wanted & ~uint64_t{possible}) != 0) return Error::wrong_type;
  const auto now =
      static_cast<abi::Signals>(Kernel::SignalsOf(object) & wanted);
  if (now != 0) return Kernel::SignalAnswer(object, now);
  return call.Park({.signals = static_cast<abi::Signals>(wanted)});
}

Answer wait_cancel(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  const auto found = call.session.waits.find(call.request.args[0]);
  if (found == call.session.waits.end()) return Error::not_found;
  call.kernel.EndWait(*found->second, Error::canceled);
  return {};
}

}  // namespace kernel::handlers
