#include "services/supervisor/children.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ipc/status.h"
#include "libipc/base/clock.h"

namespace keyport {
namespace {

absl::Status LinuxError(const char* what) {
  return ipc::MakeStatus(ipc::Error::quota_exceeded,
                         std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return LinuxError("cannot make a pipe");
  Pipe made{base::UniqueFd(ends[0]), base::UniqueFd(ends[1])};
  // Only our end: the child expects a blocking one.
  fcntl(made.read.get(), F_SETFL, O_NONBLOCK);
  return made;
}

absl::StatusOr<Child> Child::Watch(int pid, base::UniqueFd output) {
  Child child;
  child.pid_ = pid;
  child.output_ = std::move(output);
  child.pidfd_.Reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!child.pidfd_.valid()) {
    const absl::Status error = LinuxError("cannot watch a process");
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    return error;
  }
  return child;
}

void Child::Signal(int number) {
  if (running()) kill(pid_, number);
}

bool Child::ReadOnce(const LineSplitter::Sink& sink) {
  char buffer[16'384];
  const ssize_t got = read(output_.get(), buffer, sizeof(buffer));
  if (got < 0 && errno == EINTR) return true;
  if (got > 0) {
    lines_.Add({buffer, static_cast<size_t>(got)}, sink);
    return true;
  }
  if (got == 0) output_.Reset();
  return false;
}

void Child::ReadOutput(const LineSplitter::Sink& sink) {
  constexpr int kReadsMax = 4;
  for (int i = 0; i < kReadsMax && output_.valid(); ++i)
    if (!ReadOnce(sink)) break;
}

void Child::WaitForEnd(int64_t patience_ns, const LineSplitter::Sink& sink) {
  const int64_t kill_at = base::NowNs() + patience_ns;
  while (running()) {
    pollfd entries[] = {{pidfd(), POLLIN, 0}, {output(), POLLIN, 0}};
    const int64_t left = kill_at - base::NowNs();
    if (left <= 0) Signal(SIGKILL);
    poll(entries, 2, left <= 0 ? -1 : static_cast<int>(left / 1'000'000 + 1));
    if (entries[1].revents != 0) ReadOutput(sink);
    if (entries[0].revents != 0) Reap(sink);
  }
}

Ending Child::Reap(const LineSplitter::Sink& sink) {
  // What a pipe can hold; a grandchild that still prints is not waited for.
  constexpr int kReadsMax = 64;
  for (int i = 0; i < kReadsMax && output_.valid(); ++i)
    if (!ReadOnce(sink)) break;
  lines_.Flush(sink);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pidfd_.Reset();
  output_.Reset();
  return Ending::FromWaitStatus(status);
}

}  // namespace keyport
