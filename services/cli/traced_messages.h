// The messages of a running graph or of a recording, whichever is asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "services/cli/trace_command.h"
#include "services/tracer/message_table.h"
#include "services/tracer/trace_summary.h"

namespace keyport {

struct TracedInput {
  std::string socket;
  std::string recording;  // a file of `keyport record`; "": a running graph
  TraceFilter filter;
  uint64_t messages_max = 0;  // 0: no limit
  double seconds_max = 0;     // of a running graph; 0: no limit
  LossIs loss = LossIs::kCounted;
};

struct TracedEnd {
  absl::Status status;  // what failed, after what was handed out before it
  TraceLoss loss;
  bool whole = true;  // false: a recording that its recorder did not end
};

// Hands out each message that the filter lets through, in about the order in
// which they were sent, until a limit, Ctrl-C or the end. `tool`: the
// command's name. Says on standard error that it has begun, if it takes time,
// and what is wrong with the end of a recording.
using TakeTraced =
    std::function<void(const TracedMessage& message, const std::string& port)>;
TracedEnd ForEachTraced(const TracedInput& input, std::string_view tool,
                        const TakeTraced& take);

// The exit code: 1 after saying what failed; 3 if records were lost (or may
// have been) and that is an error.
int ExitCodeOf(const TracedInput& input, const TracedEnd& end);

// "trace: 12 records seen, 0 lost, 12 written\n", and as a JSON line.
std::string LossText(const TraceLoss& loss);
std::string LossSummaryJson(const TraceLoss& loss);

}  // namespace keyport
