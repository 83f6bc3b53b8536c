// `keyport record`: the trace records of a running graph, in a pcapng file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/cli/trace_command.h"
#include "services/tracer/trace_filter.h"

namespace keyport {

// What goes to standard error.
enum class RecordSays { kAll, kErrorsOnly };

struct RecordOptions {
  std::string socket;
  std::string file;  // "-": standard output
  TraceFilter filter;
  ipc::TraceOptions source;   // what is written at all
  uint64_t messages_max = 0;  // 0: no limit
  double seconds_max = 0;     // 0: no limit
  LossIs loss = LossIs::kCounted;
  std::vector<std::string> until;  // end conditions, of which one is enough
  uint64_t rotate_bytes = 0;       // 0: one file
  uint64_t keep_files = 0;         // 0: all
  RecordSays says = RecordSays::kAll;
};
// Until a limit, Ctrl-C or the end of the graph; then a line of sums on
// standard error. Returns 0; 1 after saying what failed; 3 if records were
// lost and that is an error.
int RunRecord(const RecordOptions& options);

}  // namespace keyport
