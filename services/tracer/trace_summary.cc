#include "services/tracer/trace_summary.h"

#include <nlohmann/json.hpp>

#include "services/common/text_table.h"
#include "services/tracer/utf8_text.h"

namespace keyport {
namespace {

using Json = nlohmann::ordered_json;

Json Percentiles(const Histogram& histogram) {
  return {{"count", histogram.count()},
          {"p50_ns", histogram.Percentile(50)},
          {"p99_ns", histogram.Percentile(99)},
          {"max_ns", histogram.max()}};
}

std::string Cell(const Histogram& histogram, double percent) {
  return histogram.count() == 0 ? "-"
                                : DurationText(histogram.Percentile(percent));
}

// A send that failed: its queue was full, or it had another reason.
bool FoundNoRoom(const ipc::TraceRecord& record) {
  const auto error = static_cast<ipc::Error>(record.error);
  return error == ipc::Error::should_wait || error == ipc::Error::timed_out;
}

std::string NameIn(const PortNameOf& name, uint64_t port) {
  return port == TraceSummary::kOtherPorts ? "(others)" : name(port);
}

}  // namespace

PortSummary& TraceSummary::Of(uint64_t port) {
  const auto found = ports_.find(port);
  if (found != ports_.end()) return found->second;
  return ports_[ports_.size() < kPortsMax ? port : kOtherPorts];
}

void TraceSummary::Add(const ipc::TraceRecord& record) {
  const auto kind = static_cast<ipc::TraceKind>(record.kind);
  if (kind < ipc::TraceKind::send || kind > ipc::TraceKind::block) return;
  PortSummary& port = Of(record.port);
  switch (kind) {
    case ipc::TraceKind::send:
      ++port.messages;
      port.calls += record.correlation != 0 ? 1 : 0;
      port.bytes += record.payload_bytes;
      port.handles += record.handle_count;
      return;
    case ipc::TraceKind::receive:
      // 0: it was sent before anybody traced.
      if (record.interval_ns != 0) port.queue_ns.Add(record.interval_ns);
      return;
    case ipc::TraceKind::reply:
      return port.work_ns.Add(record.interval_ns);
    case ipc::TraceKind::outcome:
      port.errors += record.error != 0 ? 1 : 0;
      return port.total_ns.Add(record.interval_ns);
    case ipc::TraceKind::block:
      ++(FoundNoRoom(record) ? port.no_room : port.errors);
      return;
    default:  // drop: the caller's outcome says so
      return;
  }
}

void TraceSummary::Add(const TracedMessage& message) {
  PortSummary& port = Of(message.port);
  ++port.messages;
  port.calls += message.is_call ? 1 : 0;
  port.bytes += message.payload_bytes;
  port.handles += message.handles;
  port.errors += message.status == MessageStatus::kError ? 1 : 0;
  if (message.queue_ns) port.queue_ns.Add(*message.queue_ns);
  if (message.work_ns) port.work_ns.Add(*message.work_ns);
  if (message.total_ns) port.total_ns.Add(*message.total_ns);
}

std::string WaitsText(const TraceLoss& loss) {
  if (!loss.waits) return "";
  const ipc::Tracer::Waits& waits = *loss.waits;
  if (waits.waits == 0) return "no service waited for this tracer";
  const auto times = [](uint64_t count) {
    return count == 1 ? "once" : std::to_string(count) + " times";
  };
  std::string text = "services waited " + times(waits.waits) + ", " +
                     DurationText(static_cast<uint64_t>(waits.waited.count())) +
                     " in all, for this tracer";
  if (waits.in_vain > 0) text += ", " + times(waits.in_vain) + " in vain";
  return text;
}

uint64_t TraceSummary::messages() const {
  uint64_t all = 0;
  for (const auto& [id, port] : ports_) all += port.messages;
  return all;
}

std::string TraceSummary::Text(const PortNameOf& name,
                               const TraceLoss& loss) const {
  TextTable table({{"PORT"},
                   {"MESSAGES", Align::kRight},
                   {"CALLS", Align::kRight},
                   {"ERRORS", Align::kRight},
                   {"NO ROOM", Align::kRight},
                   {"BYTES", Align::kRight},
                   {"HANDLES", Align::kRight},
                   {"QUEUE p50", Align::kRight},
                   {"QUEUE p99", Align::kRight},
                   {"WORK p50", Align::kRight},
                   {"WORK p99", Align::kRight},
                   {"TOTAL p50", Align::kRight},
                   {"TOTAL p99", Align::kRight}});
  for (const auto& [id, port] : ports_)
    table.Add({NameIn(name, id), std::to_string(port.messages),
               std::to_string(port.calls), std::to_string(port.errors),
               std::to_string(port.no_room), BytesText(port.bytes),
               std::to_string(port.handles), Cell(port.queue_ns, 50),
               Cell(port.queue_ns, 99), Cell(port.work_ns, 50),
               Cell(port.work_ns, 99), Cell(port.total_ns, 50),
               Cell(port.total_ns, 99)});
  return table.Text() + "trace: " + std::to_string(loss.seen) +
         " records seen, " + std::to_string(loss.lost) + " lost, " +
         std::to_string(loss.seen + loss.lost) + " written\n" +
         (loss.waits ? "trace: " + WaitsText(loss) + "\n" : "");
}

std::string TraceSummary::Json(const PortNameOf& name,
                               const TraceLoss& loss) const {
  std::string text;
  for (const auto& [id, port] : ports_)
    text += LineOf({{"summary", "port"},
                    {"port", NameIn(name, id)},
                    {"port_id", id},
                    {"messages", port.messages},
                    {"calls", port.calls},
                    {"errors", port.errors},
                    {"no_room", port.no_room},
                    {"bytes", port.bytes},
                    {"handles", port.handles},
                    {"queue", Percentiles(port.queue_ns)},
                    {"work", Percentiles(port.work_ns)},
                    {"total", Percentiles(port.total_ns)}});
  nlohmann::ordered_json totals = {{"summary", "trace"},
                                   {"messages", messages()},
                                   {"seen", loss.seen},
                                   {"lost", loss.lost},
                                   {"written", loss.seen + loss.lost}};
  if (loss.waits) {
    totals["waits"] = loss.waits->waits;
    totals["waits_in_vain"] = loss.waits->in_vain;
    totals["waited_ns"] = loss.waits->waited.count();
  }
  return text + LineOf(totals);
}

}  // namespace keyport
