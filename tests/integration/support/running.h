// Running: a program started by a test, with what it printed. Ends it at the
// latest with itself. No sleeps: it waits for output and for the end.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "libipc/base/unique_fd.h"

namespace integration {

inline constexpr std::chrono::seconds kPatience{60};
inline constexpr int kPatienceMs = 60'000;

// As execve takes them: valid as long as the words.
std::vector<char*> Pointers(std::vector<std::string>* words);

class Running {
 public:
  struct Options {
    std::vector<std::string> argv;
    std::vector<std::string> variables;  // NAME=value
  };
  explicit Running(const Options& options);
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  // Standard output and error, in one.
  const std::string& output() const { return output_; }
  pid_t pid() const { return pid_; }
  // Reads until the output holds the text `times` times. Whether it does.
  bool WaitFor(const std::string& text, int times = 1);
  void Signal(int number);
  // Reads to the end. The exit code, 128 + signal, or -1 when out of patience.
  int Wait();

 private:
  using Clock = std::chrono::steady_clock;
  // False at the end of the output, or when the deadline has passed.
  bool Read(Clock::time_point deadline);

  pid_t pid_ = -1;
  int exit_code_ = -1;
  base::UniqueFd reader_;
  std::string output_;
};

// The path of a program under test: of this build, or of the one in whose
// folder of programs KEYPORT_BIN_DIR points.
std::string Program(const std::string& name);

// Runs it to its end.
struct Finished {
  int exit_code = -1;
  std::string output;
};
Finished RunProgram(const Running::Options& options);

// Direct children of a process, by the name of their program.
std::vector<pid_t> ChildrenOf(pid_t parent, const std::string& program);
// Waits until the process is gone (or a zombie of somebody else).
bool WaitUntilGone(pid_t pid);

// A folder of the test's own, removed with it.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }
  // Writes a file and returns its path.
  std::string Write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

}  // namespace integration
