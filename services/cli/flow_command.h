// `keyport flow`: one chain of messages of a recording as a tree with times,
// or the chains that took longest.
#pragma once

#include <cstdint>
#include <string>

#include "services/cli/inspect_commands.h"

namespace keyport {

struct FlowOptions {
  std::string file;
  std::string flow;  // as `keyport trace` prints it, or decimal; "": which
                     // ones there are
  Format format = Format::kText;
  uint64_t flows_max = 20;  // when they are listed
};
// Returns 0, or 1 after saying what failed.
int RunFlow(const FlowOptions& options);

}  // namespace keyport
