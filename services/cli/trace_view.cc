#include "services/cli/trace_view.h"

#include <algorithm>
#include <cstdio>
#include <limits>

#include "services/decode/decode_message.h"
#include "services/tracer/fact_format.h"
#include "services/tracer/payload_text.h"
#include "services/tracer/trace_columns.h"

namespace keyport {
namespace {

void Write(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace

void TraceView::Begin() {
  if (!Json() && Shows())
    Write(options_.columns.empty() ? TraceHeader()
                                   : ColumnsHeader(options_.columns));
  std::fflush(stdout);
}

void TraceView::Add(const ipc::TraceSource& source,
                    const ipc::TraceRecord& record, std::string_view payload) {
  table_.Add(source, record, WithPayload() ? payload : std::string_view());
  if (record.kind == static_cast<uint16_t>(ipc::TraceKind::block))
    CountBlock(source, record);
  if (options_.facts && source.process_id == 0 && IsFactKind(record.kind))
    facts_.push_back(record);
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
  std::stable_sort(facts_.begin(), facts_.end(),
                   [](const ipc::TraceRecord& a, const ipc::TraceRecord& b) {
                     return a.time_ns < b.time_ns;
                   });
  for (const TracedMessage& message : messages) {
    if (Full()) return;
    const std::string port = name_(message.port);
    if (!options_.filter.Matches(message, port)) continue;
    ShowFacts(message.time_ns);
    ++shown_;
    summary_.Add(message);
    ShowMessage(message, port);
    ended_ = until_.AreMet(message);
  }
  ShowFacts(std::numeric_limits<uint64_t>::max());
}

void TraceView::ShowMessage(TracedMessage message, const std::string& port) {
  if (!Shows()) return;
  DecodeMessage(schemas_, port, &message);
  if (Json())
    Write(TraceJson(message, port, clock_));
  else
    Write((options_.columns.empty()
               ? TraceLine(message, port, clock_)
               : ColumnsLine(options_.columns, message, port, clock_)) +
          PayloadLines(message));
}

void TraceView::ShowFacts(uint64_t time_ns) {
  size_t shown = 0;
  for (; shown < facts_.size() && facts_[shown].time_ns <= time_ns; ++shown)
    ShowFact(facts_[shown]);
  facts_.erase(facts_.begin(), facts_.begin() + static_cast<ssize_t>(shown));
}

// A filter's port or service is a fact's object, or the fact is left out.
void TraceView::ShowFact(const ipc::TraceRecord& fact) {
  const bool of_process = IsOfProcess(fact.kind);
  std::string object = of_process ? process_name_(fact.port) : name_(fact.port);
  if (object.empty()) object = "process " + std::to_string(fact.port);
  const TraceFilter& filter = options_.filter;
  if (!filter.port.empty() && (of_process || object != filter.port)) return;
  if (!filter.service.empty() &&
      !(of_process && IsService(object, filter.service)))
    return;
  if (Shows())
    Write(Json() ? FactJson(fact, object, clock_)
                 : FactLine(fact, object, clock_));
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
