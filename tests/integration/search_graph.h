// A running `keyport run`, seen from outside: its output, its processes, its
// exit code. Uses nothing of Keyport but the programs.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/integration/support/running.h"

namespace search_test {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

using integration::Program;

inline std::string ReadFile(const fs::path& path) {
  // Not by the buffer's iterators: those throw when a file of /proc goes while
  // it is read, because its process has ended.
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class TempFolder {
 public:
  TempFolder() {
    std::string name =
        (fs::temp_directory_path() / "keyport-search.XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TempFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// A child process whose standard output and error are read through a pipe.
class Child {
 public:
  explicit Child(const std::vector<std::string>& words) {
    std::vector<char*> argv;
    for (const std::string& word : words)
      argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) std::abort();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    if (posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ) !=
        0)
      std::abort();
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    fd_ = ends[0];
  }
  ~Child() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(fd_);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int pid() const { return pid_; }
  const std::string& output() const { return output_; }
  bool at_end() const { return at_end_; }

  // Takes output for at most that long; returns as soon as there was some.
  void Read(milliseconds wait) {
    pollfd ready{fd_, POLLIN, 0};
    if (at_end_) return;
    if (poll(&ready, 1, static_cast<int>(wait.count())) <= 0) return;
    char bytes[16'384];
    const ssize_t got = read(fd_, bytes, sizeof(bytes));
    if (got > 0) output_.append(bytes, got);
    if (got == 0) at_end_ = true;
  }
  // Whether the text was printed before the deadline.
  bool ReadUntil(const std::string& text, seconds wait) {
    const auto deadline = Clock::now() + wait;
    while (output_.find(text) == std::string::npos) {
      if (at_end_ || Clock::now() > deadline) return false;
      Read(milliseconds(100));
    }
    return true;
  }
  // The exit code; 128 + signal if it was killed; -1 after the deadline.
  int Wait(seconds wait) {
    const auto deadline = Clock::now() + wait;
    while (!at_end_ && Clock::now() < deadline) Read(milliseconds(100));
    if (!at_end_) return -1;
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
  int fd_ = -1;
  bool at_end_ = false;
  std::string output_;
};

inline int ParentOf(int pid) {
  const std::string stat = ReadFile("/proc/" + std::to_string(pid) + "/stat");
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return -1;
  return std::atoi(stat.c_str() + name_end + 4);
}

// The living descendants of a process: program name by pid.
inline std::map<int, std::string> Descendants(int root) {
  std::map<int, int> parents;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const int pid = std::atoi(entry.path().filename().c_str());
    if (pid > 0) parents[pid] = ParentOf(pid);
  }
  std::map<int, std::string> found;
  for (const auto& [pid, parent] : parents) {
    int up = parent;
    while (up > 1 && up != root && parents.count(up)) up = parents[up];
    std::error_code gone;
    const fs::path program =
        fs::read_symlink("/proc/" + std::to_string(pid) + "/exe", gone);
    if (up == root && !gone) found[pid] = program.filename().string();
  }
  return found;
}

// But for the last moments of the dead, which are kept: a bounded number.
inline size_t CountDescriptors(int pid) {
  std::error_code gone;
  size_t count = 0;
  for (const auto& entry :
       fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd", gone)) {
    const fs::path to = fs::read_symlink(entry.path(), gone);
    count += to.native().find("keyport-flight") == std::string::npos;
  }
  return count;
}

// Every count that was printed for the word.
inline std::vector<long> CountsOf(const std::string& output,
                                  const std::string& word) {
  const std::regex line("(?:^|[^A-Za-z0-9_])" + word +
                        ": ([0-9]+) times in [0-9]+ files");
  std::vector<long> counts;
  for (std::sregex_iterator at(output.begin(), output.end(), line), end;
       at != end; ++at)
    counts.push_back(std::stol((*at)[1]));
  return counts;
}

// What grep counts. -h, because a file's name may have a line end in it.
inline long GrepCount(const std::string& word, const fs::path& folder) {
  setenv("LC_ALL", "C", 1);
  Child grep({"grep", "-rowIh", "-e", word, folder.string()});
  grep.Wait(seconds(60));
  long lines = 0;
  size_t at = 0;
  for (; (at = grep.output().find('\n', at)) != std::string::npos; ++at)
    if (at >= word.size() &&
        grep.output().compare(at - word.size(), word.size(), word) == 0)
      ++lines;
  return lines;
}

inline fs::path SearchManifest() {
  return fs::path(KEYPORT_SOURCE_DIR) / "examples/search/search.toml";
}

}  // namespace search_test
