#include "services/tracer/page_messages.h"

#include <algorithm>

namespace keyport {

uint16_t PageNames::NumberOf(const std::string& name) {
  const auto found = numbers_.find(name);
  if (found != numbers_.end()) return found->second;
  if (names_.size() == kNamesMax) return static_cast<uint16_t>(kNamesMax - 1);
  const auto number = static_cast<uint16_t>(names_.size());
  names_.push_back(names_.size() == kNamesMax - 1 ? "(others)" : name);
  numbers_[names_.back()] = number;
  return number;
}

PortSummary& PageMessages::OfLabel(const PortLabel& key) {
  const auto found = labels_.find(key);
  if (found != labels_.end()) return found->second;
  return labels_[labels_.size() < kLabelsMax
                     ? key
                     : PortLabel{TraceSummary::kOtherPorts, 0}];
}

void PageMessages::AddToEdge(const EdgeKey& key, const TracedMessage& message) {
  auto found = edges_.find(key);
  if (found == edges_.end()) {
    if (edges_.size() >= kEdgesMax) return;
    found = edges_.emplace(key, Edge()).first;
  }
  Edge& edge = found->second;
  ++edge.messages;
  edge.errors += message.status == MessageStatus::kError ? 1 : 0;
  if (message.total_ns) edge.total_ns.Add(*message.total_ns);
  if (message.queue_ns) edge.queue_ns.Add(*message.queue_ns);
}

void PageMessages::Add(const TracedMessage& message,
                       const std::string& port_name) {
  AddMethod(message);
  summary_.Add(message);
  PortSummary& label = OfLabel({message.port, message.label});
  ++label.messages;
  label.calls += message.is_call ? 1 : 0;
  label.errors += message.status == MessageStatus::kError ? 1 : 0;
  label.bytes += message.payload_bytes;
  label.handles += message.handles;
  if (message.queue_ns) label.queue_ns.Add(*message.queue_ns);
  if (message.work_ns) label.work_ns.Add(*message.work_ns);
  if (message.total_ns) label.total_ns.Add(*message.total_ns);

  const EdgeKey key = {services_.NumberOf(message.from),
                       services_.NumberOf(message.to),
                       ports_.NumberOf(port_name)};
  AddToEdge(key, message);
  if (kept_.size() >= kKeptMax) {
    ++not_kept_;
    return;
  }
  kept_.push_back({.time_ns = message.time_ns,
                   .flow = message.flow,
                   .queue_ns = message.queue_ns.value_or(kNoTime),
                   .work_ns = message.work_ns.value_or(kNoTime),
                   .total_ns = message.total_ns.value_or(kNoTime),
                   .cause_ns = message.cause_ns.value_or(kNoTime),
                   .label = message.label,
                   .payload_bytes = message.payload_bytes,
                   .handles = message.handles,
                   .payload = 0,
                   .port = key.port,
                   .from = key.from,
                   .to = key.to,
                   .status = message.status,
                   .error = message.error,
                   .is_call = message.is_call});
}

void PageMessages::AddMethod(const TracedMessage& message) {
  if (!message.decoded.method.empty() && methods_.size() < kLabelsMax)
    methods_.try_emplace({message.port, message.label}, message.decoded.method);
}

void PageMessages::AddPayload(const TracedMessage& message) {
  const auto size = [](const DecodedPayload& decoded) {
    return decoded.json.size() + decoded.problem.size();
  };
  const size_t traced = message.request.size() + message.answer.size();
  const size_t bytes =
      traced + size(message.decoded.request) + size(message.decoded.answer);
  if (traced == 0 || not_kept_ > 0 || kept_.empty() ||
      payload_bytes_ + bytes > kPayloadBytesMax)
    return;
  payload_bytes_ += bytes;
  payloads_.push_back({message.request, message.answer, message.decoded.request,
                       message.decoded.answer});
  kept_.back().payload = static_cast<uint32_t>(payloads_.size());
}

void PageMessages::AddLoss(const LostRecords& lost) {
  if (lost.count > 0 && losses_.size() < kLossesMax) losses_.push_back(lost);
}

void PageMessages::Sort() {
  std::stable_sort(kept_.begin(), kept_.end(),
                   [](const PageMessage& a, const PageMessage& b) {
                     return a.time_ns < b.time_ns;
                   });
}

}  // namespace keyport
