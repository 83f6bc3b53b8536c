#include "services/cli/live_trace.h"

#include <poll.h>

#include <algorithm>
#include <limits>

#include "libipc/base/clock.h"
#include "services/cli/inspect_commands.h"

namespace keyport {

absl::StatusOr<std::unique_ptr<LiveTrace>> LiveTrace::Start(
    const std::string& socket, std::string_view tool, double seconds_max,
    const ipc::TraceOptions& options) {
  // Two sessions: the capability to inspect and to trace cannot be copied.
  absl::StatusOr<ToolSession> looks = ConnectTool(socket, tool);
  if (!looks.ok()) return looks.status();
  absl::StatusOr<ToolSession> traces = ConnectTool(socket, tool);
  if (!traces.ok()) return traces.status();
  auto inspector = ipc::Inspector::Create(std::move(looks->kernel));
  if (!inspector.ok()) return inspector.status();
  auto tracer = ipc::Tracer::TraceAll(std::move(traces->kernel), options);
  if (!tracer.ok()) return tracer.status();
  const int64_t end_ns =
      seconds_max > 0 ? base::NowNs() + static_cast<int64_t>(seconds_max * 1e9)
                      : std::numeric_limits<int64_t>::max();
  return std::unique_ptr<LiveTrace>(
      new LiveTrace(*std::move(inspector), *std::move(tracer), end_ns));
}

LiveTrace::LiveTrace(ipc::Inspector inspector, ipc::Tracer tracer,
                     int64_t end_ns)
    : inspector_(std::move(inspector)),
      tracer_(std::move(tracer)),
      end_ns_(end_ns),
      drained_ns_(static_cast<uint64_t>(base::NowNs())) {}

LiveTrace::Pass LiveTrace::Drain(const ipc::Tracer::PayloadSink& sink) {
  Pass pass;
  pass.begin_ns = static_cast<uint64_t>(base::NowNs());
  const uint64_t before = tracer_.lost();
  drained_ = tracer_.Drain(sink);
  const auto now = static_cast<uint64_t>(base::NowNs());
  pass.lost = {tracer_.lost() - before, drained_ns_, now};
  drained_ns_ = now;
  return pass;
}

bool LiveTrace::Rest() {
  const int64_t left_ns = end_ns_ - base::NowNs();
  if (!drained_.ok() || left_ns <= 0) return false;
  const int64_t rest_ms = pace_.NextMs(*drained_);
  pollfd entry = {signals_.descriptor(), POLLIN, 0};
  poll(&entry, 1, static_cast<int>(std::min(rest_ms, left_ns / 1'000'000 + 1)));
  return signals_.Take() == 0;
}

}  // namespace keyport
