// The machine that a figure was measured on.
#pragma once

#include <string>

namespace bench {

struct Machine {
  std::string model;  // of the processors
  unsigned processors = 0;
  std::string system;  // "Linux 6.1.0"
  std::string date;    // "2026-01-31"
  double load = 0;     // of the last minute, our own included

  std::string Text() const;
};
Machine ThisMachine();

}  // namespace bench
