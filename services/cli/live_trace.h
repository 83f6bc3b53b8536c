// LiveTrace: drains the trace of a running graph again and again until a
// limit, a signal or the end of the graph.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ipc/inspect.h"
#include "ipc/session.h"
#include "ipc/trace.h"
#include "services/common/stop_signals.h"
#include "services/tracer/pace.h"
#include "services/tracer/trace_format.h"
#include "services/tracer/trace_summary.h"

namespace keyport {

class LiveTrace {
 public:
  // Traces everything from now on. `socket`: as in ConnectTool.
  // Units: `seconds_max` 0 is no limit.
  static absl::StatusOr<std::unique_ptr<LiveTrace>> Start(
      const std::string& socket, std::string_view tool, double seconds_max,
      const ipc::TraceOptions& options = {});

  const ipc::Inspector& inspector() const { return inspector_; }

  struct Pass {
    uint64_t begin_ns = 0;  // CLOCK_MONOTONIC
    LostRecords lost;       // since the pass before
  };
  Pass Drain(const ipc::Tracer::PayloadSink& sink);
  // Waits until the next drain is due. False when the trace is over.
  bool Rest();
  TraceLoss loss() const { return {tracer_.seen(), tracer_.lost()}; }

 private:
  LiveTrace(ipc::Inspector inspector, ipc::Tracer tracer, int64_t end_ns);

  StopSignals signals_;
  ipc::Inspector inspector_;
  ipc::Tracer tracer_;
  const int64_t end_ns_;
  Pace pace_;
  absl::StatusOr<uint64_t> drained_ = 0;
  uint64_t drained_ns_;
};

}  // namespace keyport
