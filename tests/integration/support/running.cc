#include "tests/integration/support/running.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace integration {
namespace {

int Count(const std::string& text, const std::string& what) {
  int count = 0;
  for (size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + what.size()))
    ++count;
  return count;
}

int LeftMs(std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  return left.count() > 0 ? static_cast<int>(left.count()) : 0;
}

}  // namespace

std::vector<char*> Pointers(std::vector<std::string>* words) {
  std::vector<char*> pointers;
  for (std::string& word : *words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

Running::Running(const Options& options) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
  reader_.Reset(ends[0]);
  base::UniqueFd writer(ends[1]);
  std::vector<std::string> words = options.argv;
  std::vector<std::string> variables = options.variables;
  for (char** entry = environ; *entry != nullptr; ++entry)
    variables.emplace_back(*entry);
  const std::vector<char*> argv = Pointers(&words);
  const std::vector<char*> envp = Pointers(&variables);
  pid_ = fork();
  if (pid_ != 0) return;
  dup2(writer.get(), STDOUT_FILENO);
  dup2(writer.get(), STDERR_FILENO);
  execve(argv[0], argv.data(), envp.data());
  _exit(127);
}

Running::~Running() {
  if (pid_ <= 0) return;
  kill(pid_, SIGTERM);
  if (Wait() >= 0 || pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool Running::Read(Clock::time_point deadline) {
  pollfd entry = {reader_.get(), POLLIN, 0};
  if (poll(&entry, 1, LeftMs(deadline)) <= 0) return false;
  char buffer[8192];
  const ssize_t got = read(reader_.get(), buffer, sizeof(buffer));
  if (got <= 0) return false;
  output_.append(buffer, static_cast<size_t>(got));
  return true;
}

bool Running::WaitFor(const std::string& text, int times) {
  const auto deadline = Clock::now() + kPatience;
  while (Count(output_, text) < times)
    if (!Read(deadline)) return false;
  return true;
}

void Running::Signal(int number) {
  if (pid_ > 0) kill(pid_, number);
}

int Running::Wait() {
  if (pid_ <= 0) return exit_code_;
  const auto deadline = Clock::now() + kPatience;
  while (Read(deadline)) {
  }
  base::UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  pollfd entry = {pidfd.get(), POLLIN, 0};
  if (poll(&entry, 1, LeftMs(deadline) + 1) <= 0) return -1;
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  exit_code_ =
      WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return exit_code_;
}

std::string Program(const std::string& name) {
  const char* const folder = std::getenv("KEYPORT_BIN_DIR");
  return std::string(folder != nullptr ? folder : KEYPORT_BIN_DIR) + "/" + name;
}

Finished RunProgram(const Running::Options& options) {
  Running running(options);
  const int exit_code = running.Wait();
  return {exit_code, running.output()};
}

std::vector<pid_t> ChildrenOf(pid_t parent, const std::string& program) {
  std::vector<pid_t> children;
  const std::string task = "/proc/" + std::to_string(parent) + "/task/" +
                           std::to_string(parent) + "/children";
  std::ifstream file(task);
  for (pid_t pid; file >> pid;) {
    std::error_code failed;
    const auto exe = std::filesystem::read_symlink(
        "/proc/" + std::to_string(pid) + "/exe", failed);
    if (exe.filename() == program) children.push_back(pid);
  }
  return children;
}

bool WaitUntilGone(pid_t pid) {
  base::UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd.valid()) return errno == ESRCH;
  pollfd entry = {pidfd.get(), POLLIN, 0};
  return poll(&entry, 1, static_cast<int>(kPatience.count()) * 1000) > 0;
}

Folder::Folder() {
  std::string name =
      (std::filesystem::temp_directory_path() / "keyport-test.XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) std::abort();
  path_ = name;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Folder::Write(const std::string& name,
                          const std::string& text) const {
  const std::string path = path_ + "/" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

}  // namespace integration
