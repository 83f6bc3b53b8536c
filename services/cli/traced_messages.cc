#include "services/cli/traced_messages.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "services/cli/recording_end.h"
#include "services/tracer/live_trace.h"
#include "services/tracer/port_names.h"
#include "services/tracer/recorded_messages.h"

namespace keyport {
namespace {

// Filters, and counts up to the limit.
class Gate {
 public:
  Gate(const TracedInput& input, const TakeTraced& take)
      : input_(input), take_(take) {}
  void Take(const TracedMessage& message, const std::string& port) {
    if (full() || !input_.filter.Matches(message, port)) return;
    ++taken_;
    take_(message, port);
  }
  bool full() const {
    return input_.messages_max > 0 && taken_ >= input_.messages_max;
  }

 private:
  const TracedInput& input_;
  const TakeTraced& take_;
  uint64_t taken_ = 0;
};

TracedEnd ReadRecording(const TracedInput& input, Gate* gate) {
  auto reader = RecordingReader::Open(input.recording);
  if (!reader.ok()) return {reader.status(), {}};
  const RecordingDecoder& decoder = reader->decoder();
  const absl::Status read = ForEachMessage(
      &*reader, [](const RecordingDecoder::Recorded&) { return true; },
      [&](const TracedMessage& message) {
        gate->Take(message, decoder.PortName(message.port));
      });
  const bool whole = !read.ok() || !TellOfEnd(*reader);
  return {read, decoder.loss(), whole};
}

TracedEnd ReadGraph(const TracedInput& input, std::string_view tool,
                    Gate* gate) {
  auto trace = LiveTrace::Start(input.socket, tool, input.seconds_max,
                                AtSource(input.filter, {}));
  if (!trace.ok()) return {trace.status(), {}};
  if (input.seconds_max > 0)
    std::fprintf(stderr, "tracing for %g s; Ctrl-C ends it sooner\n",
                 input.seconds_max);
  else
    std::fprintf(stderr, "tracing until Ctrl-C\n");
  PortNames names((*trace)->inspector());
  names.Refresh();
  MessageTable table;
  const auto take_all = [&](const std::vector<TracedMessage>& messages) {
    for (const TracedMessage& message : messages)
      gate->Take(message, names.Name(message.port));
  };
  do {
    (*trace)->Drain(
        [&](const ipc::TraceSource& source, const ipc::TraceRecord& record,
            const ipc::TracedPayload&) { table.Add(source, record); });
    take_all(table.EndPass());
  } while (!gate->full() && (*trace)->Rest());
  take_all(table.TakeRest());
  return {absl::OkStatus(), (*trace)->loss()};
}

}  // namespace

TracedEnd ForEachTraced(const TracedInput& input, std::string_view tool,
                        const TakeTraced& take) {
  Gate gate(input, take);
  return input.recording.empty() ? ReadGraph(input, tool, &gate)
                                 : ReadRecording(input, &gate);
}

int ExitCodeOf(const TracedInput& input, const TracedEnd& end) {
  if (!end.status.ok()) return Complain(end.status);
  const bool lost = end.loss.lost > 0 || !end.whole;
  return input.loss == LossIs::kAnError && lost ? kExitLost : 0;
}

std::string LossText(const TraceLoss& loss) {
  return "trace: " + std::to_string(loss.seen) + " records seen, " +
         std::to_string(loss.lost) + " lost, " +
         std::to_string(loss.seen + loss.lost) + " written\n";
}

std::string LossSummaryJson(const TraceLoss& loss) {
  return nlohmann::ordered_json({{"summary", "trace"},
                                 {"seen", loss.seen},
                                 {"lost", loss.lost},
                                 {"written", loss.seen + loss.lost}})
             .dump() +
         "\n";
}

}  // namespace keyport
