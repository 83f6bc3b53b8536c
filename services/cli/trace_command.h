// `keyport trace`: the messages of a running graph as they pass, or of a
// recording.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/cli/inspect_commands.h"
#include "services/tracer/trace_filter.h"
#include "services/tracer/trace_summary.h"

namespace keyport {

enum class TraceShows { kMessages, kSummaryOnly };

struct TraceOptions {
  std::string socket;
  std::string recording;  // a file of `keyport record`; "": a running graph
  Format format = Format::kText;
  TraceFilter filter;
  ipc::TraceOptions source;   // what is written at all
  uint64_t messages_max = 0;  // 0: no limit
  double seconds_max = 0;     // 0: no limit
  TraceShows shows = TraceShows::kMessages;
  LossIs loss = LossIs::kCounted;
  std::vector<std::string> until;    // end conditions, of which one is enough
  std::vector<std::string> columns;  // of a line; none: the usual ones
  bool facts = false;                // the kernel process's, too
  std::vector<std::string> schemas;  // PORT=FILE.capnp[:INTERFACE]
};
// Until a limit, Ctrl-C or the end of the graph; then a summary. Returns 0;
// 1 after saying what failed; 3 if records were lost and that is an error.
int RunTrace(const TraceOptions& options);

}  // namespace keyport
