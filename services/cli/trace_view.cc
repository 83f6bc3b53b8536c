#include "services/cli/trace_view.h"

#include <cstdio>

#include "services/tracer/payload_text.h"

namespace keyport {
namespace {

void Write(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace

void TraceView::Begin() {
  if (!Json() && Shows()) Write(TraceHeader());
  std::fflush(stdout);
}

void TraceView::Add(const ipc::TraceSource& source,
                    const ipc::TraceRecord& record, std::string_view payload) {
  table_.Add(source, record, WithPayload() ? payload : std::string_view());
  if (record.kind == static_cast<uint16_t>(ipc::TraceKind::block))
    CountBlock(source, record);
}

// A send that found no room is no message yet; the summary counts it.
void TraceView::CountBlock(const ipc::TraceSource& source,
                           const ipc::TraceRecord& record) {
  TracedMessage message;
  message.from = source.name;
  if (options_.filter.Matches(message, name_(record.port)))
    summary_.Add(record);
}

void TraceView::AddLoss(const LostRecords& lost) {
  if (lost.count > 0 && Shows())
    Write(Json() ? LossJson(lost, clock_) : LossLine(lost, clock_));
}

bool TraceView::EndPass() {
  ShowAll(table_.EndPass());
  std::fflush(stdout);
  return !Full() && std::ferror(stdout) == 0;
}

void TraceView::ShowAll(const std::vector<TracedMessage>& messages) {
  for (const TracedMessage& message : messages) {
    if (Full()) return;
    const std::string port = name_(message.port);
    if (!options_.filter.Matches(message, port)) continue;
    ++shown_;
    summary_.Add(message);
    if (Shows())
      Write(Json() ? TraceJson(message, port, clock_)
                   : TraceLine(message, port, clock_) + PayloadLines(message));
  }
}

int TraceView::Finish(const TraceLoss& loss) {
  ShowAll(table_.TakeRest());
  if (Json())
    Write(summary_.Json(name_, loss));
  else
    Write("\n" + summary_.Text(name_, loss));
  std::fflush(stdout);
  return options_.loss == LossIs::kAnError && loss.lost > 0 ? kExitLost : 0;
}

}  // namespace keyport
