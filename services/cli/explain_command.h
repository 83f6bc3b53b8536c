// `keyport explain`: how a service of a running graph came by a handle, or how
// it lost it.
#pragma once

#include <string>

#include "services/cli/inspect_commands.h"

namespace keyport {

struct ExplainOptions {
  std::string socket;  // "": the one running graph
  Format format = Format::kText;
  std::string service;
  std::string handle;  // as `keyport caps` prints it, or decimal
};
// 0: it is open (in each of several instances); kExitNo; 1 after saying what
// failed.
int RunExplain(const ExplainOptions& options);

}  // namespace keyport
