#include "services/tracer/prometheus_text.h"

#include "services/tracer/prometheus_writer.h"

namespace keyport {
namespace {

class Text {
 public:
  Text(const TraceSummary& summary, const PortNameOf& name) {
    for (const auto& [id, port] : summary.ports()) {
      const bool others = id == TraceSummary::kOtherPorts;
      ports_.push_back(
          {PrometheusWriter::Label("port", others ? "(others)" : name(id)) +
               "," +
               PrometheusWriter::Label("port_id",
                                       others ? "" : std::to_string(id)),
           &port});
    }
  }

  void Counter(const std::string& metric, const char* help,
               uint64_t PortSummary::*count) {
    writer_.Begin(metric, help, "counter");
    for (const Port& port : ports_)
      writer_.Add(port.labels, port.summary->*count);
  }

  void Times(const std::string& metric, const char* help,
             Histogram PortSummary::*histogram) {
    writer_.Begin(metric, help, "histogram");
    for (const Port& port : ports_)
      writer_.Add(port.labels, port.summary->*histogram);
  }

  void Single(const std::string& metric, const char* help, uint64_t count) {
    writer_.Begin(metric, help, "counter");
    writer_.Add("", count);
  }
  std::string Take() { return writer_.Take(); }

 private:
  struct Port {
    std::string labels;
    const PortSummary* summary;
  };

  std::vector<Port> ports_;
  PrometheusWriter writer_;
};

}  // namespace

std::string PrometheusText(const TraceSummary& summary, const PortNameOf& name,
                           const TraceLoss& loss) {
  Text text(summary, name);
  text.Counter("keyport_messages_total", "Messages, calls included.",
               &PortSummary::messages);
  text.Counter("keyport_calls_total", "Calls.", &PortSummary::calls);
  text.Counter("keyport_errors_total", "Calls that ended with an error.",
               &PortSummary::errors);
  text.Counter("keyport_no_room_total",
               "Sends refused because the queue was full.",
               &PortSummary::no_room);
  text.Counter("keyport_payload_bytes_total", "Payload of messages.",
               &PortSummary::bytes);
  text.Counter("keyport_handles_total", "Capabilities in messages.",
               &PortSummary::handles);
  text.Times("keyport_queue_seconds", "From sent to received.",
             &PortSummary::queue_ns);
  text.Times("keyport_work_seconds", "From received to answered.",
             &PortSummary::work_ns);
  text.Times("keyport_total_seconds", "From sent to answered.",
             &PortSummary::total_ns);
  text.Single("keyport_trace_records_seen_total", "Trace records read.",
              loss.seen);
  text.Single("keyport_trace_records_lost_total",
              "Trace records overwritten before they were read.", loss.lost);
  return text.Take();
}

}  // namespace keyport
