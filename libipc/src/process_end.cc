// The end of processes: asked for, waited for, and told.
#include <sys/wait.h>

#include <algorithm>

#include "ipc/process.h"
#include "session_core.h"

namespace ipc {
namespace {

std::optional<ExitStatus> ExitOf(uint32_t exit_word) {
  if ((exit_word & abi::kExitKnown) == 0) return std::nullopt;
  const int status = static_cast<int>(exit_word & ~abi::kExitKnown);
  if (WIFSIGNALED(status))
    return ExitStatus{ExitStatus::How::kSignalled, WTERMSIG(status)};
  return ExitStatus{ExitStatus::How::kExited, WEXITSTATUS(status)};
}

// What waitpid would say; a number that is none of its becomes a status that
// the kernel process refuses.
uint64_t WaitStatusOf(const ExitStatus& status) {
  const auto number = static_cast<uint32_t>(status.number);
  if (status.how == ExitStatus::How::kExited) return uint64_t{number} << 8;
  constexpr uint32_t kNoSignal = 0x7f;
  return number == 0 ? kNoSignal : std::min(number, kNoSignal);
}

absl::Status NoProcess() {
  return MakeStatus(Error::bad_handle, "the process's Capability is empty");
}

}  // namespace

absl::StatusOr<ProcessInfo> GetProcessInfo(const Capability& process) {
  if (!process.valid()) return NoProcess();
  const Answer answer =
      process.session()->Call(abi::Syscall::process_info, process.handle());
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::process_info, process.handle(), answer);
  ProcessInfo info;
  info.state = static_cast<abi::ProcessState>(answer.value(0) & 0xffff'ffff);
  info.pid = static_cast<int>(answer.value(1));
  info.handles = answer.value(2);
  info.exit = ExitOf(static_cast<uint32_t>(answer.value(0) >> 32));
  return info;
}

absl::StatusOr<EndReceipt> EndProcess(const Capability& process, EndHow how) {
  if (!process.valid()) return NoProcess();
  const Answer answer = process.session()->Call(
      abi::Syscall::process_end, process.handle(),
      {.options = how == EndHow::kKill ? uint32_t{abi::kProcessKill} : 0});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::process_end, process.handle(), answer);
  return EndReceipt{static_cast<abi::ProcessState>(answer.value(0)),
                    answer.value(1) != 0};
}

absl::StatusOr<ExitStatus> WaitForExit(const Capability& process,
                                       Deadline deadline) {
  if (!process.valid()) return NoProcess();
  const Answer answer =
      process.session()->CallUntil(abi::Syscall::object_watch, process.handle(),
                                   {.args = {kSignalExited}}, deadline);
  if (answer.error() == Error::timed_out)
    return MakeStatus(deadline.ns == 0 ? Error::should_wait : Error::timed_out,
                      "nobody has told in time how the process ended");
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::object_watch, process.handle(), answer);
  return ExitOf(static_cast<uint32_t>(answer.value(2))).value_or(ExitStatus{});
}

absl::Status ReportExit(const Capability& process, const ExitStatus& status) {
  if (!process.valid()) return NoProcess();
  const Answer answer =
      process.session()->Call(abi::Syscall::process_exited, process.handle(),
                              {.args = {WaitStatusOf(status)}});
  if (answer.error() == Error::ok) return absl::OkStatus();
  return StatusOfAnswer(abi::Syscall::process_exited, process.handle(), answer);
}

void ReportExitSoon(const Capability& process, const ExitStatus& status) {
  if (process.valid())
    process.session()->Post(abi::Syscall::process_exited, process.handle(),
                            {.args = {WaitStatusOf(status)}});
}

}  // namespace ipc
