// Child processes by pidfd: watching, ending, reaping, and their output.
// Never touches a process that is not a child of this one.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "libipc/base/unique_fd.h"
#include "services/supervisor/line_splitter.h"
#include "services/supervisor/restart.h"

namespace keyport {

struct Pipe {
  base::UniqueFd read;  // non-blocking
  base::UniqueFd write;
};
absl::StatusOr<Pipe> MakePipe();

// A running child and the pipe it prints to.
class Child {
 public:
  Child() = default;
  // Owns: the pid, to be reaped, and the pipe's read end.
  static absl::StatusOr<Child> Watch(int pid, base::UniqueFd output);

  bool running() const { return pidfd_.valid(); }
  int pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }    // readable when it has ended
  int output() const { return output_.get(); }  // -1 after its end

  void Signal(int number);
  // Hands out the lines that are there; bounded, so that a child that prints
  // without end cannot hold up the rest.
  void ReadOutput(const LineSplitter::Sink& sink);
  // Until its end, which is SIGKILL after so many nanoseconds.
  void WaitForEnd(int64_t patience_ns, const LineSplitter::Sink& sink);
  // Takes its remaining output and its ending. Call it when pidfd is readable.
  Ending Reap(const LineSplitter::Sink& sink);

 private:
  // Whether there may be more.
  bool ReadOnce(const LineSplitter::Sink& sink);

  int pid_ = -1;
  base::UniqueFd pidfd_;
  base::UniqueFd output_;
  LineSplitter lines_;
};

}  // namespace keyport
