// Calls about the end of processes.
#include "kernel/syscall/call.h"

namespace kernel::handlers {
namespace {

// What waitpid says of a process that is no more: an exit code in the second
// byte, or a signal in the first, perhaps with 128 for a core dump.
bool IsExit(uint64_t wait_status) {
  constexpr uint64_t kStopped = 0x7f;
  const uint64_t signal = wait_status & 0x7f;
  if (signal == 0) return (wait_status & ~uint64_t{0xff00}) == 0;
  return signal != kStopped && wait_status <= 0xff;
}

}  // namespace

Answer process_end(Call& call) {
  KP_ANSWER(call.Check({.options = abi::kProcessKill}));
  auto& process = call.object<Process>();
  const auto before = static_cast<uint64_t>(process.state);
  Session* session = process.session;
  if (session == nullptr || !session->alive()) return Answer::Of(before);
  const bool kill = (call.request.options & abi::kProcessKill) != 0;
  const bool sent = kill && session->transport->KillProcess();
  // Nothing behind its own request is done.
  if (session == &call.session)
    call.kernel.EndSession(*session);
  else
    call.kernel.CutOff(*session);
  return Answer::Of(before, sent ? 1 : 0);
}

Answer process_exited(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  const uint64_t wait_status = call.request.args[0];
  if (!IsExit(wait_status)) return Error::invalid_args;
  auto& process = call.object<Process>();
  if (process.exit != 0) return Error::bad_state;
  process.exit = abi::kExitKnown | static_cast<uint32_t>(wait_status);
  call.kernel.flight().NoteExit(process.id, process.exit);
  call.kernel.Signal(process);
  return {};
}

}  // namespace kernel::handlers
