#include "services/tracer/recording_loop.h"

#include <utility>

#include "libipc/base/names.h"
#include "libipc/base/trace_clock.h"

namespace keyport {
namespace {

constexpr int64_t kTryAgainMs = 100;

Moment Now() {
  const base::ClockPair now = base::LookAtClocks();
  return {static_cast<uint64_t>(now.ns), base::TracesInTicks() ? now.ticks : 0};
}

}  // namespace

std::string CommandText(std::string_view command, const RecordOptions& options,
                        const ipc::abi::TraceFilter& granted) {
  std::string text(command);
  const TraceFilter& filter = options.filter;
  if (!filter.service.empty()) text += " --service " + filter.service;
  if (filter.direction == Direction::kIn) text += " --direction in";
  if (filter.direction == Direction::kOut) text += " --direction out";
  if (!filter.port.empty()) text += " --port " + filter.port;
  const ipc::TraceLabels labels = {granted.label_first, granted.label_last};
  if (labels != ipc::TraceLabels())
    text += " --label " + std::to_string(labels.first) + "-" +
            std::to_string(labels.last);
  const ipc::TraceOptions& source = options.source;
  if (source.level == ipc::TraceLevel::kPayload)
    text += " --payload --snaplen " + std::to_string(granted.snaplen);
  if (source.one_in > 1) text += " --one-in " + std::to_string(source.one_in);
  if (granted.rate > 0) text += " --rate " + std::to_string(granted.rate);
  if (source.bytes_min > 0)
    text += " --min-bytes " + std::to_string(source.bytes_min);
  if (source.keeps == ipc::TraceKeeps::kErrors) text += " --errors";
  if (source.wait.count() > 0)
    text += " --lossless=" + std::to_string(source.wait.count() / 1'000'000);
  return text;
}

std::string CutDownText(const RecordOptions& options,
                        const ipc::abi::TraceFilter& granted) {
  const ipc::TraceOptions asked = AtSource(options.filter, options.source);
  ipc::TraceLimits left;
  if (asked.level == ipc::TraceLevel::kPayload &&
      granted.snaplen != asked.snaplen)
    left.snaplen_max = granted.snaplen;
  const ipc::TraceLabels labels = {granted.label_first, granted.label_last};
  if (labels != asked.labels) {
    left.label_first = labels.first;
    left.label_last = labels.last;
  }
  if (granted.rate != asked.rate) left.rate_max = granted.rate;
  return left.any() ? base::TraceLimitsText(left) : "";
}

Recorder::Clocks RecordingLoop::ClocksNow() {
  const Moment now = Now();
  return {now.ns, WallClock().UnixNs(now.ns), now.ticks};
}

RecordingLoop::RecordingLoop(const RecordOptions& options,
                             Recorder::Clocks clocks, LiveTrace* trace,
                             RecordingSeries files, RecordingObserver* observer)
    : options_(options),
      until_(options.until),
      trace_(trace),
      outbox_(std::move(files)),
      recorder_(
          options.filter, clocks,
          [trace](TraceDirectory* directory) { trace->Refresh(directory); }),
      observer_(observer) {
  if (options.comment) recorder_.CommentWith(options.comment);
}

absl::Status RecordingLoop::Run(std::string_view command) {
  outbox_.Add(recorder_.Begin(
      "keyport", CommandText(command, options_, trace_->granted())));
  absl::Status written = Flush();
  if (written.ok()) observer_->Begun();
  while (written.ok() || options_.when_unwritable != WhenUnwritable::kEnd) {
    if (written.ok()) {
      Pass();
      written = Flush();
    }
    if (Full() || !Rest()) break;
    if (waiting_) written = Flush();
  }
  if (!written.ok() && options_.when_unwritable == WhenUnwritable::kEnd)
    return written;
  LiveTrace::Pass last;
  TakeAll(&last);
  outbox_.Add(recorder_.End(Now(), last.lost));
  CountMessages(table_.TakeRest());
  return Flush();
}

absl::Status RecordingLoop::Flush() {
  absl::Status flushed = outbox_.Flush();
  if (flushed.ok()) written_ = recorder_.recorded();
  if (!flushed.ok() && !std::exchange(waiting_, true)) {
    lost_before_ = trace_->loss().lost;
    if (options_.when_unwritable == WhenUnwritable::kWaitForRoom)
      observer_->Waits(flushed);
  }
  return flushed;
}

void RecordingLoop::TakeAll(LiveTrace::Pass* pass) {
  *pass = trace_->Drain([this](const ipc::TraceSource& source,
                               const ipc::TraceRecord& record,
                               const ipc::TracedPayload& payload) {
    recorder_.Add(source, record, payload);
    table_.Add(source, record);
  });
  if (outbox_.empty() && std::exchange(waiting_, false))
    observer_->GoesOn(trace_->loss().lost - lost_before_);
}

void RecordingLoop::Pass() {
  if (outbox_.series().IsFull()) outbox_.Add(recorder_.BeginAnother(Now()));
  LiveTrace::Pass pass;
  TakeAll(&pass);
  outbox_.Add(recorder_.EndPass(pass.begin_ns, pass.lost));
  CountMessages(table_.EndPass());
}

bool RecordingLoop::Rest() {
  return waiting_ ? trace_->RestFor(kTryAgainMs) : trace_->Rest();
}

bool RecordingLoop::Full() const {
  return ended_ ||
         (options_.messages_max > 0 && messages_ >= options_.messages_max);
}

void RecordingLoop::CountMessages(const std::vector<TracedMessage>& messages) {
  for (const TracedMessage& message : messages) {
    const std::string port = recorder_.directory().PortName(message.port);
    if (!options_.filter.Matches(message, port)) continue;
    ++messages_;
    ended_ = ended_ || until_.AreMet(message);
  }
}

}  // namespace keyport
