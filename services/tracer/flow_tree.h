// One chain of messages as a tree, and which chains there are.
//
// A message is sent for the one that its sender says it had received when: the
// thread that sends need not be the one that received. Where it says nothing
// (that one was not traced when it was received) its cause is taken to be the
// message of the same flow that its sender was at work on when it was sent; of
// several, the one received last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "services/tracer/message_table.h"

namespace keyport {

// For each of a chain's messages, which come by time, the place of the one that
// caused it; kNoCause when there is none.
inline constexpr size_t kNoCause = std::numeric_limits<size_t>::max();
std::vector<size_t> CausesOf(std::span<const TracedMessage> messages);

struct FlowStep {
  TracedMessage message;
  uint32_t depth = 0;
  std::optional<uint64_t> own_ns;  // its work without the calls within
};
// A message that has no cause is at depth 0. Each stands before those that it
// caused, in order of time. Messages beyond kFlowMessagesMax are left out.
inline constexpr size_t kFlowMessagesMax = 5'000;
std::vector<FlowStep> FlowTree(std::vector<TracedMessage> messages);

struct FlowSummary {
  TracedMessage root;  // the first that was sent
  uint64_t messages = 0;
};
class FlowTable {
 public:
  void Add(TracedMessage message);
  // Those whose root took longest, the longest first.
  std::vector<FlowSummary> Slowest(size_t count) const;

 private:
  std::unordered_map<uint64_t, FlowSummary> flows_;
};

}  // namespace keyport
