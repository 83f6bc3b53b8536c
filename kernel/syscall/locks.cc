// Calls about region locks.
#include "kernel/syscall/call.h"

namespace kernel::handlers {

Answer lock_attach(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  return call.kernel.locks().Attach(call.session, *call.capability,
                                    call.request.args[0]);
}

Answer lock_detach(Call& call) {
  KP_ANSWER(call.Check({.args = 2}));
  return call.kernel.locks().Detach(*call.capability, call.request.args[0],
                                    call.request.args[1]);
}

}  // namespace kernel::handlers
