#include "services/cli/record_command.h"

#include <cinttypes>
#include <cstdio>

#include "libipc/base/clock.h"
#include "services/cli/live_trace.h"
#include "services/common/text_table.h"
#include "services/tracer/end_condition.h"
#include "services/tracer/message_table.h"
#include "services/tracer/recorder.h"
#include "services/tracer/recording_series.h"

namespace keyport {
namespace {

Recorder::Clocks ClocksNow() {
  const auto now = static_cast<uint64_t>(base::NowNs());
  return {now, WallClock().UnixNs(now)};
}

std::string CommandText(const RecordOptions& options) {
  std::string text = "keyport record";
  const TraceFilter& filter = options.filter;
  if (!filter.service.empty()) text += " --service " + filter.service;
  if (filter.direction == Direction::kIn) text += " --direction in";
  if (filter.direction == Direction::kOut) text += " --direction out";
  if (!filter.port.empty()) text += " --port " + filter.port;
  const ipc::TraceOptions& source = options.source;
  if (source.level == ipc::TraceLevel::kPayload)
    text += " --payload --snaplen " + std::to_string(source.snaplen);
  if (source.one_in > 1) text += " --one-in " + std::to_string(source.one_in);
  if (source.bytes_min > 0)
    text += " --min-bytes " + std::to_string(source.bytes_min);
  if (source.keeps == ipc::TraceKeeps::kErrors) text += " --errors";
  return text;
}

class RecordCommand {
 public:
  RecordCommand(const RecordOptions& options, Recorder::Clocks clocks,
                LiveTrace* trace, RecordingSeries file)
      : options_(options),
        until_(options.until),
        trace_(trace),
        file_(std::move(file)),
        recorder_(options.filter, clocks, [trace](TraceDirectory* directory) {
          directory->Refresh(trace->inspector());
        }) {}

  int Run() {
    absl::Status written =
        file_.Write(recorder_.Begin("keyport", CommandText(options_)));
    SayBegun();
    while (written.ok()) {
      const LiveTrace::Pass pass = Drain();
      written = file_.Write(recorder_.EndPass(pass.begin_ns, pass.lost));
      CountMessages(table_.EndPass());
      if (Full() || !trace_->Rest()) break;
      if (written.ok() && file_.IsFull()) written = Rotate();
    }
    if (written.ok()) {
      const LiveTrace::Pass pass = Drain();
      written = file_.Write(
          recorder_.End(static_cast<uint64_t>(base::NowNs()), pass.lost));
      CountMessages(table_.TakeRest());
    }
    return Finish(written);
  }

 private:
  bool IsQuiet() const { return options_.says == RecordSays::kErrorsOnly; }
  void SayBegun() const {
    if (IsQuiet()) return;
    if (options_.seconds_max > 0)
      std::fprintf(stderr, "recording for %g s; Ctrl-C ends it sooner\n",
                   options_.seconds_max);
    else
      std::fprintf(stderr, "recording until Ctrl-C\n");
  }
  bool Full() const {
    return ended_ ||
           (options_.messages_max > 0 && messages_ >= options_.messages_max);
  }

  LiveTrace::Pass Drain() {
    return trace_->Drain([this](const ipc::TraceSource& source,
                                const ipc::TraceRecord& record,
                                const ipc::TracedPayload& payload) {
      recorder_.Add(source, record, ipc::TextOf(payload.bytes));
      table_.Add(source, record);
    });
  }

  absl::Status Rotate() {
    const Recorder::Turn turn =
        recorder_.BeginAnother(static_cast<uint64_t>(base::NowNs()));
    absl::Status done = file_.Write(turn.end);
    if (done.ok()) done = file_.Next();
    if (done.ok()) done = file_.Write(turn.begin);
    return done;
  }

  void CountMessages(const std::vector<TracedMessage>& messages) {
    for (const TracedMessage& message : messages) {
      const std::string port = recorder_.directory().PortName(message.port);
      if (!options_.filter.Matches(message, port)) continue;
      ++messages_;
      ended_ = ended_ || until_.AreMet(message);
    }
  }

  std::string FilesText() const {
    if (options_.rotate_bytes == 0) return "";
    return " in " + std::to_string(file_.files()) +
           (file_.files() == 1 ? " file" : " files");
  }

  void SaySums(const TraceLoss& loss) const {
    std::fprintf(stderr,
                 "record: %" PRIu64 " messages, %" PRIu64
                 " records kept, %s%s\n"
                 "record: %" PRIu64 " records seen, %" PRIu64 " lost, %" PRIu64
                 " written\n",
                 messages_, recorder_.recorded(),
                 BytesText(file_.bytes()).c_str(), FilesText().c_str(),
                 loss.seen, loss.lost, loss.seen + loss.lost);
  }

  int Finish(const absl::Status& written) const {
    const TraceLoss loss = trace_->loss();
    if (!IsQuiet()) SaySums(loss);
    // A reader that has seen enough is no error to one that is to be quiet.
    if (IsQuiet() && absl::IsCancelled(written)) return 0;
    if (!written.ok()) return Complain(written);
    return options_.loss == LossIs::kAnError && loss.lost > 0 ? kExitLost : 0;
  }

  const RecordOptions& options_;
  const EndConditions until_;
  LiveTrace* const trace_;
  RecordingSeries file_;
  Recorder recorder_;
  MessageTable table_;
  uint64_t messages_ = 0;
  bool ended_ = false;  // by a condition
};

}  // namespace

int RunRecord(const RecordOptions& options) {
  const Recorder::Clocks clocks = ClocksNow();  // before any record
  auto trace = LiveTrace::Start(options.socket, "keyport record",
                                options.seconds_max, options.source);
  if (!trace.ok()) return Complain(trace.status());
  auto file = RecordingSeries::Create(
      {options.file, options.rotate_bytes, options.keep_files});
  if (!file.ok()) return Complain(file.status());
  return RecordCommand(options, clocks, trace->get(), *std::move(file)).Run();
}

}  // namespace keyport
