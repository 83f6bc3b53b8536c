// ChildProcess: a child by its pidfd, which names it for as long as this does.
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "ipc/process.h"
#include "libipc/base/socket.h"

namespace ipc {

absl::StatusOr<ChildProcess> ChildProcess::Start(
    const Capability& account, std::string_view name,
    std::span<const InitialCapability> initial, LaunchOptions options) {
  absl::StatusOr<NewProcess> made = CreateProcess(account, name, initial);
  if (!made.ok()) return made.status();
  options.session_socket = made->socket.get();
  const absl::StatusOr<int> pid = Launch(options);
  if (!pid.ok()) return pid.status();
  base::UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, *pid, 0)));
  if (pidfd.valid())
    return ChildProcess(std::move(made->process), *pid, std::move(pidfd));
  const int why = errno;
  kill(*pid, SIGKILL);
  waitpid(*pid, nullptr, 0);
  return MakeStatus(Error::quota_exceeded,
                    absl::StrCat("no pidfd for the child: ", strerror(why)));
}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this == &other) return *this;
  End();
  process_ = std::move(other.process_);
  pid_ = other.pid_;
  pidfd_ = std::move(other.pidfd_);
  exit_ = other.exit_;
  return *this;
}

ChildProcess::~ChildProcess() { End(); }

void ChildProcess::End() {
  if (!pidfd_.valid() || exit_.has_value()) return;
  Kill().IgnoreError();
  Reap().IgnoreError();
}

absl::StatusOr<ExitStatus> ChildProcess::Wait(Deadline deadline) {
  if (exit_.has_value()) return *exit_;
  if (!base::WaitReadable(pidfd_.get(), deadline.ns))
    return MakeStatus(deadline.ns == 0 ? Error::should_wait : Error::timed_out,
                      "the child still runs");
  return Reap();
}

absl::StatusOr<ExitStatus> ChildProcess::Reap() {
  siginfo_t info = {};
  const auto descriptor = static_cast<id_t>(pidfd_.get());
  while (waitid(P_PIDFD, descriptor, &info, WEXITED) != 0) {
    if (errno == EINTR) continue;
    return MakeStatus(Error::bad_state,
                      "the child was reaped by somebody else: this process "
                      "waits for any child, or ignores SIGCHLD");
  }
  exit_ = ExitStatus{info.si_code == CLD_EXITED ? ExitStatus::How::kExited
                                                : ExitStatus::How::kSignalled,
                     info.si_status};
  ReportExitSoon(process_, *exit_);
  return *exit_;
}

absl::Status ChildProcess::Kill() {
  if (syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0) == 0 ||
      errno == ESRCH)
    return absl::OkStatus();
  return MakeStatus(
      Error::access_denied,
      absl::StrCat("the child cannot be killed: ", strerror(errno)));
}

absl::StatusOr<EndReceipt> ChildProcess::CutOff() {
  return EndProcess(process_, EndHow::kCutOff);
}

}  // namespace ipc
