// Launch: a program in a child process.
//
// The child shares this process's memory until it runs the program, and the
// calling thread waits for that (vfork): nothing is copied, however much this
// process has mapped. The child therefore changes nothing here but `failure`.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "ipc/process.h"
#include "libipc/abi/handshake.h"

extern char** environ;

namespace ipc {
namespace {

constexpr int kChildSocket = 3;

// What the child needs, made before there is one.
struct Program {
  std::vector<char*> argv;
  std::vector<char*> variables;
  int output;
  int session_socket;
  pid_t parent;
};

// A handler would run on the parent's memory.
void ForgetHandlers() {
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action;
    if (sigaction(number, nullptr, &action) != 0 ||
        action.sa_handler == SIG_DFL || action.sa_handler == SIG_IGN)
      continue;
    action.sa_flags = 0;
    action.sa_handler = SIG_DFL;
    sigaction(number, &action, nullptr);
  }
}

// Runs in the child with all signals blocked: async-signal-safe calls only.
[[noreturn]] void RunChild(const Program& program, volatile int* failure) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != program.parent) _exit(127);
  ForgetHandlers();
  signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (program.output >= 0) {
    dup2(program.output, STDOUT_FILENO);
    dup2(program.output, STDERR_FILENO);
  }
  if (program.session_socket == kChildSocket)
    fcntl(kChildSocket, F_SETFD, 0);
  else if (program.session_socket >= 0)
    dup2(program.session_socket, kChildSocket);
  execvpe(program.argv[0], program.argv.data(), program.variables.data());
  *failure = errno;
  _exit(127);
}

// Returns the child, which runs the program unless `failure` was set; -1 if
// there is none.
pid_t Spawn(const Program& program, volatile int* failure) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t child = vfork();  // NOLINT: see above
  if (child == 0) RunChild(program, failure);
  const int why = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = why;
  return child;
}

}  // namespace

absl::StatusOr<int> Launch(const LaunchOptions& options) {
  if (options.argv.empty())
    return MakeStatus(Error::invalid_args, "no program was named");
  Program program = {.argv = {},
                     .variables = {},
                     .output = options.output,
                     .session_socket = options.session_socket,
                     .parent = getpid()};
  for (const std::string& word : options.argv)
    program.argv.push_back(const_cast<char*>(word.c_str()));
  program.argv.push_back(nullptr);
  const std::string socket =
      absl::StrCat(abi::kSessionFdVariable, "=", kChildSocket);
  for (const std::string& variable : options.variables)
    program.variables.push_back(const_cast<char*>(variable.c_str()));
  if (options.session_socket >= 0)
    program.variables.push_back(const_cast<char*>(socket.c_str()));
  // getenv takes the first of a name, so the new ones win.
  for (char** entry = environ; *entry != nullptr; ++entry)
    program.variables.push_back(*entry);
  program.variables.push_back(nullptr);

  volatile int failure = 0;
  const pid_t pid = Spawn(program, &failure);
  if (pid < 0)
    return MakeStatus(
        Error::quota_exceeded,
        absl::StrCat("no process can be made: ", strerror(errno)));
  if (failure == 0) return pid;
  const int why = failure;
  waitpid(pid, nullptr, 0);
  return MakeStatus(
      Error::not_found,
      absl::StrCat("cannot run ", options.argv[0], ": ", strerror(why)));
}

}  // namespace ipc
