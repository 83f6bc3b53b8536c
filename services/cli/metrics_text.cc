#include "services/cli/measured_graph.h"
#include "services/common/text_table.h"
#include "services/tracer/port_times.h"
#include "services/tracer/prometheus_writer.h"

namespace keyport {
namespace {

using ipc::PortEntry;
using Counter = uint64_t ipc::LaneCounters::*;

std::string LabelsOf(const Snapshot& graph, const PortEntry& port) {
  return PrometheusWriter::Label("port", NameText(port.name)) + "," +
         PrometheusWriter::Label("port_id", std::to_string(port.id)) + "," +
         PrometheusWriter::Label(
             "service", port.listener_process == 0
                            ? ""
                            : graph.ServiceName(port.listener_process));
}

class Metrics {
 public:
  explicit Metrics(const Snapshot& graph) : graph_(graph) {
    for (const PortEntry& port : graph.ports)
      labels_.push_back(LabelsOf(graph, port));
  }

  template <typename ValueOf>
  void All(const char* metric, const char* help, const char* type,
           const ValueOf& value_of) {
    writer_.Begin(metric, help, type);
    for (size_t i = 0; i < labels_.size(); ++i)
      writer_.Add(labels_[i], value_of(graph_.ports[i]));
  }
  void Senders(const char* metric, const char* help, Counter counter) {
    All(metric, help, "counter", [counter](const PortEntry& port) {
      return port.sender_counters.*counter;
    });
  }
  void Listeners(const char* metric, const char* help, Counter counter) {
    All(metric, help, "counter", [counter](const PortEntry& port) {
      return port.receiver_counters.*counter;
    });
  }
  void Both(const char* metric, const char* help, Counter counter) {
    All(metric, help, "counter", [counter](const PortEntry& port) {
      return port.sender_counters.*counter + port.receiver_counters.*counter;
    });
  }
  void Times(const std::string& what, const char* help,
             ipc::TimeBuckets ipc::LaneTimes::*times) {
    const auto of = [&](const PortEntry& port) {
      const auto found = graph_.times.find(port.id);
      return found != graph_.times.end() ? found->second.*times
                                         : ipc::TimeBuckets();
    };
    All(("keyport_port_" + what + "_seconds").c_str(), help, "histogram",
        [&](const PortEntry& port) { return HistogramOf(of(port)); });
    All(("keyport_port_" + what + "_samples_total").c_str(),
        "Times that were measured for the histogram.", "counter",
        [&](const PortEntry& port) { return of(port).samples; });
  }
  std::string Take() { return writer_.Take(); }

 private:
  const Snapshot& graph_;
  std::vector<std::string> labels_;
  PrometheusWriter writer_;
};

}  // namespace

std::string MetricsText(const Snapshot& graph) {
  using ipc::LaneCounters;
  Metrics metrics(graph);
  metrics.Senders("keyport_port_messages_total", "Messages and calls sent.",
                  &LaneCounters::messages);
  metrics.Listeners("keyport_port_taken_total", "Messages and calls taken.",
                    &LaneCounters::taken);
  metrics.Listeners("keyport_port_replies_total", "Answers sent.",
                    &LaneCounters::messages);
  metrics.Listeners("keyport_port_overwritten_total",
                    "Messages overwritten before they were taken.",
                    &LaneCounters::lost);
  metrics.Both("keyport_port_payload_bytes_total",
               "Payload of messages and answers.",
               &LaneCounters::message_bytes);
  metrics.Both("keyport_port_full_total", "Sends that found no room.",
               &LaneCounters::full);
  metrics.Both("keyport_port_wakes_total",
               "System calls made to wake the other side.",
               &LaneCounters::wakes);
  metrics.Both("keyport_port_sleeps_total", "Waits that slept.",
               &LaneCounters::sleeps);
  metrics.All("keyport_port_queued_bytes", "Bytes sent and not taken, now.",
              "gauge", [](const PortEntry& port) { return port.queued_bytes; });
  metrics.All("keyport_port_lanes", "Open connections.", "gauge",
              [](const PortEntry& port) { return uint64_t{port.lanes}; });
  metrics.Times("queue", "From sent to taken, estimated from samples.",
                &ipc::LaneTimes::queue);
  metrics.Times("work", "From taken to answered, estimated from samples.",
                &ipc::LaneTimes::work);
  metrics.Times("call", "From sent to the outcome, estimated from samples.",
                &ipc::LaneTimes::call);
  return metrics.Take();
}

}  // namespace keyport
