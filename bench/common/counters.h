// What Linux does for a measurement: system calls, context switches, CPU time
// of the calling process and of those it forks afterwards.
//
// Source: perf_event_open(2).
#pragma once

#include <optional>

#include "libipc/base/unique_fd.h"

namespace bench {

struct Counts {
  double syscalls = 0;
  double switches = 0;
  double cpu_ns = 0;
};

class Counters {
 public:
  Counters();
  // Counting slows system calls down for as long as this lives.
  // Nothing where this process may not count.
  std::optional<Counts> Read() const;

 private:
  base::UniqueFd syscalls_, switches_, cpu_;
};

}  // namespace bench
