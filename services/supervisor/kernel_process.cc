#include "services/supervisor/kernel_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ipc/status.h"
#include "libipc/base/socket.h"

namespace keyport {
namespace {

// Between fork and exec: only what a signal handler may do, too.
[[noreturn]] void BecomeKernel(char* const argv[], int session, int output,
                               int parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  fcntl(session, F_SETFD, 0);
  execv(argv[0], argv);
  const char* why = strerror(errno);
  for (const char* part : {static_cast<const char*>(argv[0]), ": ", why, "\n"})
    if (write(STDERR_FILENO, part, strlen(part)) < 0) break;
  _exit(127);
}

}  // namespace

absl::StatusOr<KernelProcess> StartKernelProcess(
    const std::string& program, const std::string& listen_path) {
  base::Result<base::SocketPair> sockets = base::CreateSocketPair();
  if (!sockets.ok())
    return ipc::MakeStatus(sockets.error(), "cannot make a socket pair");
  absl::StatusOr<Pipe> output = MakePipe();
  if (!output.ok()) return output.status();
  const int session = sockets->second.get();
  std::string words[] = {program, "--session-fd", std::to_string(session),
                         "--listen", listen_path};
  char* argv[] = {words[0].data(), words[1].data(), words[2].data(),
                  words[3].data(), words[4].data(), nullptr};
  const int parent = getpid();
  const int pid = fork();
  if (pid < 0)
    return ipc::MakeStatus(ipc::Error::quota_exceeded,
                           std::string("cannot fork: ") + strerror(errno));
  if (pid == 0) BecomeKernel(argv, session, output->write.get(), parent);
  absl::StatusOr<Child> child = Child::Watch(pid, std::move(output->read));
  if (!child.ok()) return child.status();
  return KernelProcess{*std::move(child), std::move(sockets->first)};
}

}  // namespace keyport
