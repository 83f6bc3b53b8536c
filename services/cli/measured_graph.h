// What the ports of a running graph have counted and measured since they were
// made, without anybody tracing.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "services/cli/hist_command.h"
#include "services/cli/listing.h"
#include "services/cli/snapshot.h"

namespace keyport {

// Ports, processes and times.
absl::StatusOr<Snapshot> MeasureGraph(const std::string& socket,
                                      std::string_view tool);

// The histograms of `keyport hist --since-start`: of each port that has
// measured anything, or of each service, over all ports that it receives from.
// Of one port only, if `options` names one.
Listing ListTimes(const Snapshot& graph, const HistOptions& options);

// In Prometheus's text exposition format: counters and histograms for each
// port.
std::string MetricsText(const Snapshot& graph);

struct MetricsOptions {
  std::string socket;
};
// `keyport metrics`. Returns 0; 1 after saying what failed.
int RunMetrics(const MetricsOptions& options);

}  // namespace keyport
