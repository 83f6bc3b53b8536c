// `keyport top`: what passes over ports, again and again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/cli/inspect_commands.h"
#include "services/cli/top_columns.h"

namespace keyport {

struct TopOptions {
  std::string socket;
  Format format = Format::kText;
  TopScope scope = TopScope::kPorts;
  TopColumn sort = TopColumn::kQueue;
  std::string port;                // name or number; "": all
  std::vector<TopColumn> columns;  // none: those of the scope
  double interval_seconds = 1;
  uint64_t samples_max = 0;  // 0: no limit
};
// On a terminal a screen, else a table for each sample. Returns 0 after so many
// samples, or when the user has had enough; 1 after saying what failed, such as
// that the graph has ended.
int RunTop(const TopOptions& options);

}  // namespace keyport
