// LiveTrace: drains the trace of a running graph again and again until a
// limit, a signal or the end of the graph.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/inspect.h"
#include "ipc/session.h"
#include "ipc/trace.h"
#include "services/common/stop_signals.h"
#include "services/tracer/pace.h"
#include "services/tracer/trace_directory.h"
#include "services/tracer/trace_format.h"
#include "services/tracer/trace_summary.h"

namespace keyport {

class LiveTrace {
 public:
  // Traces everything from now on, as a tool. `socket`: as in ConnectTool.
  // Units: `seconds_max` 0 is no limit.
  static absl::StatusOr<std::unique_ptr<LiveTrace>> Start(
      const std::string& socket, std::string_view tool, double seconds_max,
      const ipc::TraceOptions& options = {});
  // Traces what the session's initial capabilities allow: everything with
  // "kernel" (Inspect, TraceMeta, Duplicate), else each port with a
  // "trace:NAME" (TraceMeta). Takes these capabilities.
  // Errors: not_found (none of them); as ipc::Tracer.
  static absl::StatusOr<std::unique_ptr<LiveTrace>> StartAsService(
      ipc::Session* session, double seconds_max,
      const ipc::TraceOptions& options = {});

  // Only of one that traces everything.
  const ipc::Inspector& inspector() const { return *sources_.inspector; }
  // Learns what there is now, as far as it may be known.
  void Refresh(TraceDirectory* directory) const;

  struct Pass {
    uint64_t begin_ns = 0;  // CLOCK_MONOTONIC
    LostRecords lost;       // since the pass before
  };
  Pass Drain(const ipc::Tracer::PayloadSink& sink);
  // Waits until the next drain is due. False when the trace is over.
  bool Rest();
  // The same, that long.
  bool RestFor(int64_t rest_ms);
  TraceLoss loss() const;
  // What is traced: what was asked for, cut down to what the capabilities
  // allow; of several ports, the least that lets through what any of them may.
  ipc::abi::TraceFilter granted() const;

 private:
  struct Sources {
    std::vector<ipc::Tracer> tracers;
    std::optional<ipc::Inspector> inspector;  // of everything
    std::vector<ipc::PortEntry> ports;        // without an inspector
  };
  static absl::Status AddPort(ipc::Session* session, const std::string& name,
                              const ipc::TraceOptions& options,
                              Sources* sources);
  static absl::StatusOr<std::unique_ptr<LiveTrace>> Make(
      Sources sources, double seconds_max, const ipc::TraceOptions& options);
  LiveTrace(Sources sources, int64_t end_ns, const ipc::TraceOptions& options);

  StopSignals signals_;
  Sources sources_;
  const int64_t end_ns_;
  const bool lossless_;
  Pace pace_;
  uint64_t drained_ = 0;
  size_t over_ = 0;  // tracers that will bring nothing any more
  uint64_t drained_ns_;
};

}  // namespace keyport
