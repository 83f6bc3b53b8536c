#include "tests/integration/support/on_terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <utility>
#include <vector>

namespace integration {
namespace {}  // namespace

OnTerminal::OnTerminal(const Running::Options& options, Size size)
    : viewer_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
  if (grantpt(viewer_.get()) != 0 || unlockpt(viewer_.get()) != 0) std::abort();
  const char* name = ptsname(viewer_.get());
  program_.Reset(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  Resize(size);
  std::vector<std::string> words = options.argv;
  std::vector<std::string> variables = options.variables;
  variables.emplace_back("TERM=xterm");
  for (char** entry = environ; *entry != nullptr; ++entry)
    variables.emplace_back(*entry);
  const std::vector<char*> argv = Pointers(&words);
  const std::vector<char*> envp = Pointers(&variables);
  pid_ = fork();
  if (pid_ != 0) return;
  setsid();
  ioctl(program_.get(), TIOCSCTTY, 0);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    dup2(program_.get(), fd);
  execve(argv[0], argv.data(), envp.data());
  _exit(127);
}

OnTerminal::~OnTerminal() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool OnTerminal::Read(int timeout_ms) {
  pollfd entry = {viewer_.get(), POLLIN, 0};
  if (poll(&entry, 1, timeout_ms) <= 0) return false;
  char buffer[8192];
  const ssize_t got = read(viewer_.get(), buffer, sizeof(buffer));
  if (got <= 0) return false;
  output_.append(buffer, static_cast<size_t>(got));
  return true;
}

bool OnTerminal::WaitFor(const std::string& text) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (output_.find(text) == std::string::npos)
    if (std::chrono::steady_clock::now() > deadline || !Read(kPatienceMs))
      return false;
  return true;
}

void OnTerminal::Type(const std::string& keys) {
  if (write(viewer_.get(), keys.data(), keys.size()) < 0) std::abort();
}

void OnTerminal::Resize(Size size) {
  const winsize words = {.ws_row = size.lines, .ws_col = size.columns};
  ioctl(viewer_.get(), TIOCSWINSZ, &words);
}

void OnTerminal::Signal(int number) {
  if (pid_ > 0) kill(pid_, number);
}

int OnTerminal::Wait() {
  const base::UniqueFd pidfd(
      static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  pollfd entries[] = {{pidfd.get(), POLLIN, 0}, {viewer_.get(), POLLIN, 0}};
  while (entries[0].revents == 0) {
    if (std::chrono::steady_clock::now() > deadline) return -1;
    poll(entries, 2, kPatienceMs);
    Read(0);
  }
  while (Read(0)) {
  }
  int status = 0;
  waitpid(std::exchange(pid_, -1), &status, 0);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool OnTerminal::Echoes() const {
  termios settings = {};
  tcgetattr(program_.get(), &settings);
  return (settings.c_lflag & ECHO) != 0;
}

}  // namespace integration
