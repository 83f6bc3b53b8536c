#include "services/tracer/flow_tree.h"

#include <algorithm>
#include <limits>
#include <string>

namespace keyport {
namespace {

constexpr size_t kFlowsMax = 1'000'000;

uint64_t SumWithin(uint64_t a, uint64_t b) {
  return a > std::numeric_limits<uint64_t>::max() - b
             ? std::numeric_limits<uint64_t>::max()
             : a + b;
}

// When a service was at work on a message.
struct Work {
  uint64_t begin_ns;
  uint64_t end_ns;
  size_t message;
};

// Finds the message that another was caused by.
class Causes {
 public:
  void Add(const TracedMessage& message, size_t index) {
    if (!WasReceived(message)) return;
    const uint64_t begin_ns =
        SumWithin(message.time_ns, message.queue_ns.value_or(0));
    const uint64_t work_ns =
        message.work_ns.value_or(std::numeric_limits<uint64_t>::max());
    works_[message.to].push_back(
        {begin_ns, SumWithin(begin_ns, work_ns), index});
  }

  size_t CauseOf(const TracedMessage& message) const {
    const auto found = works_.find(message.from);
    if (found == works_.end()) return kNoCause;
    if (message.cause_ns) return ReceivedAt(found->second, *message.cause_ns);
    const Work* last = nullptr;
    for (const Work& work : found->second)
      if (work.begin_ns <= message.time_ns && message.time_ns <= work.end_ns &&
          (last == nullptr || work.begin_ns >= last->begin_ns))
        last = &work;
    return last == nullptr ? kNoCause : last->message;
  }

 private:
  // The time of a record is the same wherever it is told.
  static size_t ReceivedAt(const std::vector<Work>& works, uint64_t ns) {
    for (const Work& work : works)
      if (work.begin_ns == ns) return work.message;
    return kNoCause;
  }

  std::unordered_map<std::string, std::vector<Work>> works_;  // by service
};

uint64_t RootNs(const FlowSummary& flow) {
  return flow.root.total_ns.value_or(flow.root.queue_ns.value_or(0));
}

}  // namespace

std::vector<size_t> CausesOf(std::span<const TracedMessage> messages) {
  std::vector<size_t> found;
  Causes causes;
  for (size_t i = 0; i < messages.size(); ++i) {
    found.push_back(causes.CauseOf(messages[i]));
    causes.Add(messages[i], i);
  }
  return found;
}

std::vector<FlowStep> FlowTree(std::vector<TracedMessage> messages) {
  std::stable_sort(messages.begin(), messages.end(),
                   [](const TracedMessage& a, const TracedMessage& b) {
                     return a.time_ns < b.time_ns;
                   });
  if (messages.size() > kFlowMessagesMax) messages.resize(kFlowMessagesMax);
  // The last slot holds those without a cause.
  std::vector<std::vector<size_t>> caused(messages.size() + 1);
  std::vector<uint64_t> within(messages.size(), 0);
  const std::vector<size_t> causes = CausesOf(messages);
  for (size_t i = 0; i < messages.size(); ++i) {
    const size_t cause = causes[i];
    caused[cause == kNoCause ? messages.size() : cause].push_back(i);
    if (cause != kNoCause)
      within[cause] =
          SumWithin(within[cause], messages[i].total_ns.value_or(0));
  }
  struct Due {
    size_t index;
    uint32_t depth;
  };
  std::vector<Due> due;  // the last one comes next
  const auto push = [&](size_t cause, uint32_t depth) {
    for (auto it = caused[cause].rbegin(); it != caused[cause].rend(); ++it)
      due.push_back({*it, depth});
  };
  std::vector<FlowStep> steps;
  push(messages.size(), 0);
  while (!due.empty()) {
    const Due one = due.back();
    due.pop_back();
    push(one.index, one.depth + 1);
    FlowStep step = {std::move(messages[one.index]), one.depth, std::nullopt};
    if (step.message.work_ns)
      step.own_ns = *step.message.work_ns -
                    std::min(*step.message.work_ns, within[one.index]);
    steps.push_back(std::move(step));
  }
  return steps;
}

void FlowTable::Add(TracedMessage message) {
  const auto found = flows_.find(message.flow);
  if (found == flows_.end()) {
    const uint64_t flow = message.flow;
    if (flows_.size() < kFlowsMax) flows_[flow] = {std::move(message), 1};
    return;
  }
  FlowSummary& flow = found->second;
  ++flow.messages;
  if (message.time_ns < flow.root.time_ns) flow.root = std::move(message);
}

std::vector<FlowSummary> FlowTable::Slowest(size_t count) const {
  std::vector<const FlowSummary*> flows;
  for (const auto& [id, flow] : flows_) flows.push_back(&flow);
  count = std::min(count, flows.size());
  std::partial_sort(flows.begin(), flows.begin() + static_cast<ssize_t>(count),
                    flows.end(),
                    [](const FlowSummary* a, const FlowSummary* b) {
                      if (RootNs(*a) != RootNs(*b))
                        return RootNs(*a) > RootNs(*b);
                      return a->root.time_ns < b->root.time_ns;
                    });
  std::vector<FlowSummary> slowest;
  for (size_t i = 0; i < count; ++i) slowest.push_back(*flows[i]);
  return slowest;
}

}  // namespace keyport
