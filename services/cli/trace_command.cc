#include "services/cli/trace_command.h"

#include <cstdio>
#include <utility>
#include <vector>

#include "services/cli/graph_schemas.h"
#include "services/cli/recording_end.h"
#include "services/cli/trace_view.h"
#include "services/tracer/live_trace.h"
#include "services/tracer/port_names.h"
#include "services/tracer/recording_reader.h"
#include "services/tracer/trace_directory.h"

namespace keyport {

namespace {

// A recording ended by its recorder lacks nothing that it does not tell of.
int Whole(const TraceOptions& options, const RecordingReader& reader,
          int exit_code) {
  if (!TellOfEnd(reader)) return exit_code;
  return options.loss == LossIs::kAnError ? kExitLost : exit_code;
}

absl::StatusOr<PayloadSchemas> SchemasFor(const TraceOptions& options) {
  if (!options.recording.empty()) return SchemasGiven(options.schemas);
  return SchemasForGraph(options.schemas, options.socket,
                         [](const absl::Status& gone) { Complain(gone); });
}

int ShowRecording(const TraceOptions& options, const PayloadSchemas& schemas) {
  auto reader = RecordingReader::Open(options.recording);
  if (!reader.ok()) return Complain(reader.status());
  const RecordingDecoder& decoder = reader->decoder();
  TraceView view(
      options, schemas, [&](uint64_t port) { return decoder.PortName(port); },
      [&](uint64_t process) { return decoder.ProcessName(process); });
  std::vector<LostRecords> losses;
  const RecordingDecoder::Sink sink = {
      [&](const RecordingDecoder::Recorded& recorded) {
        view.Add(recorded.source, recorded.record, recorded.payload);
      },
      [&](const LostRecords& lost) { losses.push_back(lost); }};
  view.Begin();
  bool enough = false;
  absl::StatusOr<bool> more = true;
  while (more.ok() && *more && !enough) {
    more = reader->ReadSome(sink);
    if (decoder.clock()) view.SetClock(*decoder.clock());
    for (const LostRecords& lost : std::exchange(losses, {}))
      view.AddLoss(lost);
    enough = !view.EndPass();
  }
  const int exit_code = view.Finish(decoder.loss());
  if (!more.ok()) return Complain(more.status());
  return enough ? exit_code : Whole(options, *reader, exit_code);
}

}  // namespace

int RunTrace(const TraceOptions& options) {
  const auto schemas = SchemasFor(options);
  if (!schemas.ok()) return Complain(schemas.status());
  if (!options.recording.empty()) return ShowRecording(options, *schemas);
  auto trace =
      LiveTrace::Start(options.socket, "keyport trace", options.seconds_max,
                       AtSource(options.filter, options.source));
  if (!trace.ok()) return Complain(trace.status());
  PortNames names((*trace)->inspector());
  names.Refresh();
  TraceDirectory directory;
  if (options.facts) directory.Refresh((*trace)->inspector());
  TraceView view(
      options, *schemas, [&](uint64_t port) { return names.Name(port); },
      [&](uint64_t process) {
        if (directory.FindProcess(process) == nullptr)
          directory.Refresh((*trace)->inspector());
        return directory.ProcessName(process);
      });
  if (options.format == Format::kText &&
      options.shows == TraceShows::kSummaryOnly)
    std::puts("tracing until Ctrl-C");
  view.Begin();
  do {
    const LiveTrace::Pass pass = (*trace)->Drain(
        [&](const ipc::TraceSource& source, const ipc::TraceRecord& record,
            const ipc::TracedPayload& payload) {
          view.Add(source, record, ipc::TextOf(payload.bytes));
        });
    view.AddLoss(pass.lost);
  } while (view.EndPass() && (*trace)->Rest());
  return view.Finish((*trace)->loss());
}

}  // namespace keyport
