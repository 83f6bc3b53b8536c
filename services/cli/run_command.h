// `keyport run` and `keyport check`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "services/supervisor/supervisor.h"

namespace keyport {

enum class TraceTheRun { kNo, kYes };

struct RunOptions {
  std::string manifest;
  std::vector<std::string> words;  // NAME=value, and others
  std::string socket;              // "": in the runtime folder
  TraceTheRun trace = TraceTheRun::kNo;
};
// What there is to run, or nothing after saying what is wrong.
std::optional<SupervisorOptions> PrepareGraph(const RunOptions& options);
// The graph's exit code; 1 when the manifest is wrong, after saying where.
int RunGraphCommand(const RunOptions& options);

// Checks without running, and prints who can reach whom. 0, or 1 when wrong.
// A ${NAME} without a value is told, not refused.
int RunCheckCommand(const RunOptions& options);

// On standard error, one a line; `before` each of them.
void PrintProblems(const std::string& path,
                   const std::vector<Problem>& problems,
                   const char* before = "");

}  // namespace keyport
