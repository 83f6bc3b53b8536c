// The commands that look at a running graph once and print what they saw.
#pragma once

#include <string>

#include "ipc/inspect.h"
#include "services/cli/listing.h"
#include "services/common/tool_session.h"

namespace keyport {

enum class Format { kText, kJson };

// What to list.
enum class Listed {
  kProcesses,
  kThreads,
  kPorts,
  kCapabilities,
  kRegions,
  kNotifications,
  kTopics,
  kAccounts,
  kGraph,
  kGraphDot
};

struct InspectOptions {
  Listed listed = Listed::kProcesses;
  Format format = Format::kText;
  std::string socket;   // "": the one running graph
  std::string service;  // of kCapabilities; "": all
  std::string account;  // of kAccounts, name or number; "": all
};
// Returns the exit code: 0, or 1 after saying what failed.
int RunInspect(const InspectOptions& options);

// Everything that exists in a running graph but this look at it.
absl::StatusOr<Snapshot> LookAtGraph(const std::string& socket);

// On standard output.
void Print(const Listing& listing, Format format);

// Says what failed on standard error; returns 1.
int Complain(const absl::Status& status);

}  // namespace keyport
