// `keyport flow`: one chain of messages of a recording as a tree with times,
// or the chains that took longest, of a recording or a running graph; of the
// latter also the slowest as a tree, since it cannot be asked for later.
#pragma once

#include <cstdint>
#include <string>

#include "services/cli/inspect_commands.h"
#include "services/cli/traced_messages.h"

namespace keyport {

struct FlowOptions {
  TracedInput input;
  std::string flow;  // as `keyport trace` prints it, or decimal; "": which
                     // ones there are
  Format format = Format::kText;
  uint64_t flows_max = 20;  // when they are listed
};
// Returns 0, or 1 after saying what failed.
int RunFlow(const FlowOptions& options);

}  // namespace keyport
