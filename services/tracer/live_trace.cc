#include "services/tracer/live_trace.h"

#include <poll.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "libipc/base/clock.h"
#include "libipc/base/trace_filter.h"
#include "services/common/tool_session.h"
#include "services/common/trace_names.h"

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
  Sources sources;
  sources.tracers.push_back(*std::move(tracer));
  sources.inspector = *std::move(inspector);
  return Make(std::move(sources), seconds_max, options);
}

namespace {

// Of a tracing as a service: where the right comes from.
absl::Status WithKeys(const absl::Status& status) {
  if (ipc::ErrorOf(status) != ipc::Error::access_denied) return status;
  return ipc::MakeStatus(
      ipc::Error::access_denied,
      std::string(status.message()) +
          "; payload = true and lossless = true in its [service.NAME] give "
          "TracePayload and TraceStall");
}

}  // namespace

absl::StatusOr<std::unique_ptr<LiveTrace>> LiveTrace::StartAsService(
    ipc::Session* session, double seconds_max,
    const ipc::TraceOptions& options) {
  Sources sources;
  if (auto kernel = session->Take(kTraceEverything); kernel.ok()) {
    auto traced = kernel->Duplicate();
    if (!traced.ok()) return traced.status();
    auto tracer = ipc::Tracer::TraceAll(*std::move(traced), options);
    if (!tracer.ok()) return WithKeys(tracer.status());
    auto inspector = ipc::Inspector::Create(*std::move(kernel));
    if (!inspector.ok()) return inspector.status();
    sources.tracers.push_back(*std::move(tracer));
    sources.inspector = *std::move(inspector);
    return Make(std::move(sources), seconds_max, options);
  }
  for (const ipc::NamedCapabilityInfo& info : session->names())
    if (info.name.starts_with(kTracePrefix))
      if (absl::Status added = AddPort(session, info.name, options, &sources);
          !added.ok())
        return added;
  if (sources.tracers.empty())
    return ipc::MakeStatus(
        ipc::Error::not_found,
        "this service was given nothing to trace; expected traces = "
        "\"everything\" or traces = [\"PORT\"] in its [service.NAME]");
  return Make(std::move(sources), seconds_max, options);
}

absl::Status LiveTrace::AddPort(ipc::Session* session, const std::string& name,
                                const ipc::TraceOptions& options,
                                Sources* sources) {
  auto port = session->Take(name);
  if (!port.ok()) return port.status();
  const auto info = port->Info();
  if (!info.ok()) return info.status();
  ipc::PortEntry entry = {};
  entry.id = info->object_id;
  const std::string_view plain =
      std::string_view(name).substr(kTracePrefix.size());
  std::memcpy(entry.name, plain.data(),
              std::min(plain.size(), sizeof(entry.name) - 1));
  sources->ports.push_back(entry);
  auto tracer = ipc::Tracer::TracePort(*std::move(port), options);
  if (!tracer.ok()) return WithKeys(tracer.status());
  sources->tracers.push_back(*std::move(tracer));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<LiveTrace>> LiveTrace::Make(
    Sources sources, double seconds_max, const ipc::TraceOptions& options) {
  const int64_t end_ns =
      seconds_max > 0 ? base::NowNs() + static_cast<int64_t>(seconds_max * 1e9)
                      : std::numeric_limits<int64_t>::max();
  return std::unique_ptr<LiveTrace>(
      new LiveTrace(std::move(sources), end_ns, options));
}

LiveTrace::LiveTrace(Sources sources, int64_t end_ns,
                     const ipc::TraceOptions& options)
    : sources_(std::move(sources)),
      end_ns_(end_ns),
      lossless_(options.wait.count() != 0),
      pace_(Pace::For(options.wait)),
      drained_ns_(static_cast<uint64_t>(base::NowNs())) {}

void LiveTrace::Refresh(TraceDirectory* directory) const {
  if (sources_.inspector)
    directory->Refresh(*sources_.inspector);
  else
    directory->Learn(sources_.ports);
}

TraceLoss LiveTrace::loss() const {
  TraceLoss loss;
  for (const ipc::Tracer& tracer : sources_.tracers) {
    loss.seen += tracer.seen();
    loss.lost += tracer.lost();
    if (!lossless_) continue;
    if (!loss.waits) loss.waits.emplace();
    const ipc::Tracer::Waits waits = tracer.waits();
    loss.waits->waits += waits.waits;
    loss.waits->in_vain += waits.in_vain;
    loss.waits->waited += waits.waited;
  }
  return loss;
}

ipc::abi::TraceFilter LiveTrace::granted() const {
  ipc::abi::TraceFilter granted = sources_.tracers.front().filter();
  for (const ipc::Tracer& tracer : sources_.tracers)
    granted = base::UnionOf(granted, tracer.filter());
  return granted;
}

LiveTrace::Pass LiveTrace::Drain(const ipc::Tracer::PayloadSink& sink) {
  Pass pass;
  pass.begin_ns = static_cast<uint64_t>(base::NowNs());
  const uint64_t before = loss().lost;
  drained_ = 0;
  over_ = 0;
  for (ipc::Tracer& tracer : sources_.tracers) {
    const absl::StatusOr<uint64_t> drained = tracer.Drain(sink);
    drained_ += drained.value_or(0);
    if (!drained.ok()) ++over_;
  }
  const auto now = static_cast<uint64_t>(base::NowNs());
  pass.lost = {loss().lost - before, drained_ns_, now};
  drained_ns_ = now;
  return pass;
}

bool LiveTrace::Rest() { return RestFor(pace_.NextMs(drained_)); }

bool LiveTrace::RestFor(int64_t rest_ms) {
  const int64_t left_ns = end_ns_ - base::NowNs();
  if (over_ == sources_.tracers.size() || left_ns <= 0) return false;
  pollfd entry = {signals_.descriptor(), POLLIN, 0};
  poll(&entry, 1, static_cast<int>(std::min(rest_ms, left_ns / 1'000'000 + 1)));
  return signals_.Take() == 0;
}

}  // namespace keyport
