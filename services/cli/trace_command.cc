#include "services/cli/trace_command.h"

#include <poll.h>

#include <algorithm>
#include <cstdio>
#include <limits>

#include "ipc/trace.h"
#include "libipc/base/clock.h"
#include "services/common/stop_signals.h"
#include "services/tracer/message_table.h"
#include "services/tracer/pace.h"
#include "services/tracer/port_names.h"
#include "services/tracer/trace_format.h"
#include "services/tracer/trace_summary.h"

namespace keyport {
namespace {

constexpr int kExitLost = 3;

class TraceCommand {
 public:
  TraceCommand(const TraceOptions& options, ipc::Tracer tracer,
               const ipc::Inspector& inspector)
      : options_(options), tracer_(std::move(tracer)), names_(inspector) {
    names_.Refresh();
  }

  int Run() {
    if (!Json()) Print(Shows() ? TraceHeader() : "tracing until Ctrl-C\n");
    std::fflush(stdout);
    const int64_t end_ns =
        options_.seconds_max > 0
            ? base::NowNs() + static_cast<int64_t>(options_.seconds_max * 1e9)
            : std::numeric_limits<int64_t>::max();
    Pace pace;
    bool more = true;
    while (more) {
      const auto drained = Drain();
      ShowAll(table_.EndPass());
      std::fflush(stdout);
      more = drained.ok() && !Full() && std::ferror(stdout) == 0 &&
             base::NowNs() < end_ns &&
             !StopsWithin(pace.NextMs(drained.value_or(0)), end_ns);
    }
    return Finish();
  }

 private:
  bool Shows() const { return options_.shows == TraceShows::kMessages; }
  bool Json() const { return options_.format == Format::kJson; }
  bool Full() const {
    return options_.messages_max > 0 && shown_ >= options_.messages_max;
  }
  static void Print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
  }

  absl::StatusOr<uint64_t> Drain() {
    const uint64_t before = tracer_.lost();
    const auto drained = tracer_.Drain(
        [this](const ipc::TraceSource& source, const ipc::TraceRecord& record) {
          table_.Add(source, record);
          if (record.kind == static_cast<uint16_t>(ipc::TraceKind::block))
            CountBlock(source, record);
        });
    const auto now = static_cast<uint64_t>(base::NowNs());
    const LostRecords lost = {tracer_.lost() - before, drained_ns_, now};
    drained_ns_ = now;
    if (lost.count > 0 && Shows())
      Print(Json() ? LossJson(lost, clock_) : LossLine(lost, clock_));
    return drained;
  }

  // A send that found no room is no message yet; the summary counts it.
  void CountBlock(const ipc::TraceSource& source,
                  const ipc::TraceRecord& record) {
    TracedMessage message;
    message.from = source.name;
    if (options_.filter.Matches(message, names_.Name(record.port)))
      summary_.Add(record);
  }

  void ShowAll(const std::vector<TracedMessage>& messages) {
    for (const TracedMessage& message : messages) {
      if (Full()) return;
      const std::string port = names_.Name(message.port);
      if (!options_.filter.Matches(message, port)) continue;
      ++shown_;
      summary_.Add(message);
      if (Shows())
        Print(Json() ? TraceJson(message, port, clock_)
                     : TraceLine(message, port, clock_));
    }
  }

  // Whether a signal came within the rest.
  bool StopsWithin(int rest_ms, int64_t end_ns) {
    const int64_t left_ms = (end_ns - base::NowNs()) / 1'000'000 + 1;
    pollfd entry = {signals_.descriptor(), POLLIN, 0};
    poll(&entry, 1, static_cast<int>(std::min<int64_t>(rest_ms, left_ms)));
    return signals_.Take() != 0;
  }

  int Finish() {
    ShowAll(table_.TakeRest());
    const TraceLoss loss = {tracer_.seen(), tracer_.lost()};
    const PortNameOf name = [this](uint64_t port) { return names_.Name(port); };
    if (Json())
      Print(summary_.Json(name, loss));
    else
      Print("\n" + summary_.Text(name, loss));
    std::fflush(stdout);
    return options_.loss == LossIs::kAnError && loss.lost > 0 ? kExitLost : 0;
  }

  const TraceOptions& options_;
  StopSignals signals_;
  ipc::Tracer tracer_;
  PortNames names_;
  WallClock clock_;
  MessageTable table_;
  TraceSummary summary_;
  uint64_t shown_ = 0;
  uint64_t drained_ns_ = static_cast<uint64_t>(base::NowNs());
};

}  // namespace

int RunTrace(const TraceOptions& options) {
  // Two sessions: the capability to inspect and to trace cannot be copied.
  absl::StatusOr<ToolSession> looks =
      ConnectTool(options.socket, "keyport trace");
  if (!looks.ok()) return Complain(looks.status());
  absl::StatusOr<ToolSession> traces =
      ConnectTool(options.socket, "keyport trace");
  if (!traces.ok()) return Complain(traces.status());
  const auto inspector = ipc::Inspector::Create(std::move(looks->kernel));
  if (!inspector.ok()) return Complain(inspector.status());
  auto tracer = ipc::Tracer::TraceAll(std::move(traces->kernel));
  if (!tracer.ok()) return Complain(tracer.status());
  return TraceCommand(options, *std::move(tracer), *inspector).Run();
}

}  // namespace keyport
