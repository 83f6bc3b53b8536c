#include "services/tracer/prometheus_text.h"

#include <cinttypes>
#include <cstdio>

#include "services/tracer/utf8_text.h"

namespace keyport {
namespace {

// Bounds are one less than a power of two, where buckets end, so that counts
// are exact: 255 ns to 17 s.
constexpr uint32_t kFirstPower = 8;
constexpr uint32_t kLastPower = 34;

std::string Seconds(uint64_t ns) {
  char text[48];
  std::snprintf(text, sizeof(text), "%" PRIu64 ".%09" PRIu64,
                ns / 1'000'000'000, ns % 1'000'000'000);
  return text;
}

std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : Utf8Text(text)) {
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string Head(const std::string& metric, const char* help,
                 const char* type) {
  return "# HELP " + metric + " " + help + "\n# TYPE " + metric + " " + type +
         "\n";
}

class Text {
 public:
  Text(const TraceSummary& summary, const PortNameOf& name) {
    for (const auto& [id, port] : summary.ports()) {
      const bool others = id == TraceSummary::kOtherPorts;
      ports_.push_back({"port=\"" + Escaped(others ? "(others)" : name(id)) +
                            "\",port_id=\"" +
                            (others ? "" : std::to_string(id)) + "\"",
                        &port});
    }
  }

  void Counter(const std::string& metric, const char* help,
               uint64_t PortSummary::*count) {
    text_ += Head(metric, help, "counter");
    for (const Port& port : ports_)
      text_ += metric + "{" + port.labels + "} " +
               std::to_string(port.summary->*count) + "\n";
  }

  void Times(const std::string& metric, const char* help,
             Histogram PortSummary::*histogram) {
    text_ += Head(metric, help, "histogram");
    for (const Port& port : ports_)
      AddHistogram(metric, port.labels, port.summary->*histogram);
  }

  void Single(const std::string& metric, const char* help, uint64_t count) {
    text_ += Head(metric, help, "counter") + metric + " " +
             std::to_string(count) + "\n";
  }
  std::string Take() { return std::move(text_); }

 private:
  struct Port {
    std::string labels;
    const PortSummary* summary;
  };

  void AddHistogram(const std::string& metric, const std::string& labels,
                    const Histogram& histogram) {
    const auto bucket = [&](const std::string& bound, uint64_t count) {
      text_ += metric + "_bucket{" + labels + ",le=\"" + bound + "\"} " +
               std::to_string(count) + "\n";
    };
    uint64_t passed = 0;
    uint32_t power = kFirstPower;
    const auto pass_to = [&](uint64_t from) {
      for (; power <= kLastPower && from >> power != 0; ++power)
        bucket(Seconds((uint64_t{1} << power) - 1), passed);
    };
    histogram.ForEachBucket([&](const Histogram::Bucket& one) {
      pass_to(one.from);
      passed += one.count;
    });
    pass_to(UINT64_MAX);
    bucket("+Inf", histogram.count());
    text_ += metric + "_sum{" + labels + "} " + Seconds(histogram.sum()) +
             "\n" + metric + "_count{" + labels + "} " +
             std::to_string(histogram.count()) + "\n";
  }

  std::vector<Port> ports_;
  std::string text_;
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
