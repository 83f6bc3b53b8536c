#include "services/tracer/page_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"
#include "ipc/status.h"
#include "services/tracer/page_column.h"

namespace keyport {
namespace {

using Json = nlohmann::ordered_json;

Json Times(const Histogram& times) {
  Json buckets = Json::array();
  times.ForEachBucket([&](const Histogram::Bucket& bucket) {
    buckets.push_back({bucket.to, bucket.count});
  });
  return {{"count", times.count()},
          {"p50", times.Percentile(50)},
          {"p90", times.Percentile(90)},
          {"p99", times.Percentile(99)},
          {"p999", times.Percentile(99.9)},
          {"max", times.max()},
          {"buckets", buckets}};
}

std::string NameOf(uint64_t port, const PortNameOf& name) {
  return port == TraceSummary::kOtherPorts ? "(others)" : name(port);
}

Json SumsOf(uint64_t port, const PortSummary& sums, const PortNameOf& name) {
  return {{"port", NameOf(port, name)},  {"id", std::to_string(port)},
          {"messages", sums.messages},   {"calls", sums.calls},
          {"errors", sums.errors},       {"no_room", sums.no_room},
          {"bytes", sums.bytes},         {"queue", Times(sums.queue_ns)},
          {"work", Times(sums.work_ns)}, {"total", Times(sums.total_ns)}};
}

Json Ports(const PageMessages& messages, const PortNameOf& name) {
  Json ports = Json::array();
  for (const auto& [id, sums] : messages.summary().ports())
    ports.push_back(SumsOf(id, sums, name));
  return ports;
}

Json Labels(const PageMessages& messages, const PortNameOf& name) {
  Json labels = Json::array();
  for (const auto& [key, sums] : messages.labels()) {
    Json label = SumsOf(key.port, sums, name);
    label["label"] = key.label;
    labels.push_back(std::move(label));
  }
  return labels;
}

Json Edges(const PageMessages& messages) {
  Json edges = Json::array();
  for (const auto& [key, edge] : messages.edges()) {
    const bool calls = edge.total_ns.count() > 0;
    const Histogram& times = calls ? edge.total_ns : edge.queue_ns;
    edges.push_back({{"from", key.from},
                     {"to", key.to},
                     {"port", key.port},
                     {"messages", edge.messages},
                     {"errors", edge.errors},
                     {"of", calls ? "total" : "queue"},
                     {"count", times.count()},
                     {"p99", times.Percentile(99)}});
  }
  return edges;
}

Json Methods(const PageMessages& messages, const PortNameOf& port_name) {
  Json methods = Json::array();
  for (const auto& [key, name] : messages.methods())
    methods.push_back({port_name(key.port), key.label, name});
  return methods;
}

// When the page's time begins and ends.
struct Span {
  uint64_t begin_ns = 0;
  uint64_t end_ns = 0;
};
Span SpanOf(const PageMessages& messages) {
  if (messages.kept().empty()) return {};
  const uint64_t begin_ns = messages.kept().front().time_ns;
  uint64_t longest_ns = 0;
  for (const PageMessage& message : messages.kept()) {
    uint64_t ns = message.time_ns - begin_ns;
    for (const uint64_t part : {message.queue_ns, message.work_ns})
      if (part != kNoTime)
        ns =
            std::min(ns, PageColumn::kMost) + std::min(part, PageColumn::kMost);
    longest_ns = std::max(longest_ns, std::min(ns, PageColumn::kMost));
  }
  return {begin_ns, begin_ns + longest_ns};
}

Json Losses(const PageMessages& messages, const Span& span) {
  Json losses = Json::array();
  const auto since = [&](uint64_t ns) {
    return ns - std::min(ns, span.begin_ns);
  };
  for (const LostRecords& lost : messages.losses())
    losses.push_back({lost.count, since(lost.from_ns), since(lost.until_ns)});
  return losses;
}

Json RecordingJson(const PageRecording& recording, const Span& span) {
  Json json = {{"command", recording.command},
               {"complaint", recording.complaint},
               {"seen", recording.loss.seen},
               {"lost", recording.loss.lost},
               {"written", recording.loss.seen + recording.loss.lost},
               {"begin_ns", std::to_string(span.begin_ns)},
               {"duration_ns", span.end_ns - span.begin_ns}};
  if (recording.clock)
    json["begin_unix_ns"] =
        std::to_string(recording.clock->UnixNs(span.begin_ns));
  return json;
}

Json SampleJson(const PageMessages& messages, const PageSample& sample) {
  return {{"all", messages.summary().messages()},
          {"chosen", sample.chosen.size()},
          {"not_read", messages.not_kept()},
          {"errors", sample.errors},
          {"errors_left_out", sample.errors_left_out},
          {"slow", sample.slow},
          {"share", sample.share}};
}

// The words of `keyport trace`, by number.
class Statuses {
 public:
  uint64_t NumberOf(const PageMessage& message) {
    TracedMessage traced;
    traced.status = message.status;
    traced.error = message.error;
    const std::string text = StatusText(traced);
    const auto found = std::find(texts_.begin(), texts_.end(), text);
    if (found != texts_.end())
      return static_cast<uint64_t>(found - texts_.begin());
    texts_.push_back(text);
    return texts_.size() - 1;
  }
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::vector<std::string> texts_ = {"ok", "queued", "waiting"};
};

uint64_t OneMore(uint64_t ns) { return ns == kNoTime ? 0 : ns + 1; }

struct Columns {
  PageColumn since, queue, work, total, flow_high, flow_low, cause, label,
      bytes, handles, port, from, to, status, is_call;

  void Put(const PageMessage& message, uint64_t since_ns, uint64_t its_status) {
    since.Put(since_ns);
    queue.Put(OneMore(message.queue_ns));
    work.Put(OneMore(message.work_ns));
    total.Put(OneMore(message.total_ns));
    flow_high.Put(message.flow >> 32);
    flow_low.Put(message.flow & UINT32_MAX);
    label.Put(message.label);
    bytes.Put(message.payload_bytes);
    handles.Put(message.handles);
    port.Put(message.port);
    from.Put(message.from);
    to.Put(message.to);
    status.Put(its_status);
    is_call.Put(message.is_call);
  }

  Json Build() const {
    return {{"since", since.Base64()},
            {"queue", queue.Base64()},
            {"work", work.Base64()},
            {"total", total.Base64()},
            {"flow_high", flow_high.Base64()},
            {"flow_low", flow_low.Base64()},
            {"cause", cause.Base64()},
            {"label", label.Base64()},
            {"bytes", bytes.Base64()},
            {"handles", handles.Base64()},
            {"port", port.Base64()},
            {"from", from.Base64()},
            {"to", to.Base64()},
            {"status", status.Base64()},
            {"is_call", is_call.Base64()}};
  }
};

// A line for who reads, or "".
std::string TextOf(const DecodedPayload& decoded) {
  return decoded.problem.empty() ? decoded.json
                                 : "not decoded: " + decoded.problem;
}

Json Payloads(const PageMessages& messages, const PageSample& sample) {
  Json payloads = Json::object();
  for (size_t i = 0; i < sample.chosen.size(); ++i) {
    const PageMessage& message = messages.kept()[sample.chosen[i]];
    if (message.payload == 0) continue;
    const PagePayload& payload = messages.payloads()[message.payload - 1];
    payloads[std::to_string(i)] = {
        absl::Base64Escape(payload.request), absl::Base64Escape(payload.answer),
        TextOf(payload.decoded_request), TextOf(payload.decoded_answer)};
  }
  return payloads;
}

}  // namespace

std::string PageJson(const PageRecording& recording,
                     const PageMessages& messages, const PageSample& sample,
                     const PortNameOf& port_name) {
  const Span span = SpanOf(messages);
  Columns columns;
  Statuses statuses;
  uint64_t before_ns = span.begin_ns;
  for (const uint32_t place : sample.chosen) {
    const PageMessage& message = messages.kept()[place];
    columns.Put(message, message.time_ns - before_ns,
                statuses.NumberOf(message));
    before_ns = message.time_ns;
  }
  for (const uint32_t cause : CausesWithin(messages, sample.chosen))
    columns.cause.Put(cause);
  const Json page = {{"version", 1},
                     {"recording", RecordingJson(recording, span)},
                     {"sample", SampleJson(messages, sample)},
                     {"services", messages.services().names()},
                     {"port_names", messages.ports().names()},
                     {"statuses", statuses.texts()},
                     {"ports", Ports(messages, port_name)},
                     {"labels", Labels(messages, port_name)},
                     {"methods", Methods(messages, port_name)},
                     {"edges", Edges(messages)},
                     {"losses", Losses(messages, span)},
                     {"payloads", Payloads(messages, sample)},
                     {"columns", columns.Build()}};
  // Outside of texts JSON has no "<", so none is left to end the tag.
  return absl::StrReplaceAll(
      page.dump(-1, ' ', true, Json::error_handler_t::replace),
      {{"<", "\\u003c"}});
}

}  // namespace keyport
