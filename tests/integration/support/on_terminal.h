// OnTerminal: a program started by a test with a terminal of its own, as a
// user sees it. Ends it at the latest with itself.
#pragma once

#include <sys/types.h>

#include <string>

#include "libipc/base/unique_fd.h"
#include "tests/integration/support/running.h"

namespace integration {

class OnTerminal {
 public:
  struct Size {
    unsigned short columns = 120;
    unsigned short lines = 20;
  };
  OnTerminal(const Running::Options& options, Size size);
  ~OnTerminal();
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;

  // All that was sent to the terminal, with its control sequences.
  const std::string& output() const { return output_; }
  // Whether that holds the text, behind what was sent up to the last Forget.
  bool WaitFor(const std::string& text);
  void Forget() { output_.clear(); }
  void Type(const std::string& keys);
  void Resize(Size size);
  void Signal(int number);
  // The exit code, 128 + signal, or -1 when out of patience.
  int Wait();
  // Whether what is typed is echoed, as before the program.
  bool Echoes() const;

 private:
  bool Read(int timeout_ms);

  base::UniqueFd viewer_;
  base::UniqueFd program_;  // kept open, so that its settings can be seen
  pid_t pid_ = -1;
  std::string output_;
};

}  // namespace integration
