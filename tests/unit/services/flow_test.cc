// Chains of messages put into trees.
#include <gtest/gtest.h>

#include "services/tracer/flow_tree.h"

namespace keyport {
namespace {

struct Times {
  uint64_t sent_ns;
  uint64_t queue_ns;
  uint64_t work_ns;
};

TracedMessage Call(const char* from, const char* to, Times times) {
  TracedMessage message;
  message.from = from;
  message.to = to;
  message.flow = 7;
  message.is_call = true;
  message.time_ns = times.sent_ns;
  message.queue_ns = times.queue_ns;
  message.work_ns = times.work_ns;
  message.total_ns = times.queue_ns + times.work_ns + 10;
  return message;
}

std::string Text(const std::vector<FlowStep>& steps) {
  std::string text;
  for (const FlowStep& step : steps)
    text += std::string(step.depth, ' ') + step.message.from + ">" +
            step.message.to + "\n";
  return text;
}

TEST(FlowTree, CallsWithinACallStandBelowIt) {
  const auto steps = FlowTree({Call("store", "disk", {1'600, 10, 100}),
                               Call("clock", "store", {1'500, 50, 300}),
                               Call("clock", "auth", {1'200, 10, 100}),
                               Call("client", "clock", {1'000, 100, 1'000})});
  EXPECT_EQ(Text(steps),
            "client>clock\n clock>auth\n clock>store\n  store>disk\n");
  EXPECT_EQ(steps[0].own_ns, 1'000u - 120 - 360);
  EXPECT_EQ(steps[3].own_ns, 100u);
}

TEST(FlowTree, ACallAfterTheAnswerHasNoCause) {
  const auto steps = FlowTree({Call("client", "clock", {1'000, 100, 200}),
                               Call("clock", "auth", {1'400, 10, 100})});
  EXPECT_EQ(Text(steps), "client>clock\nclock>auth\n");
}

TEST(FlowTree, OfSeveralCausesTheLastReceivedCounts) {
  const auto steps = FlowTree({Call("a", "b", {1'000, 100, 5'000}),
                               Call("a", "b", {1'200, 100, 5'000}),
                               Call("b", "c", {2'000, 10, 10})});
  EXPECT_EQ(Text(steps), "a>b\na>b\n b>c\n");
}

// Threads of one service at work on messages of one flow: who sends says for
// which of them, wherever and however late.
TEST(FlowTree, ASendStandsBelowTheMessageItWasSentFor) {
  TracedMessage first = Call("a", "b", {1'000, 100, 5'000});
  TracedMessage second = Call("a", "b", {1'050, 150, 50});
  TracedMessage of_first = Call("b", "c", {1'500, 10, 10});
  of_first.cause_ns = 1'100;
  TracedMessage of_second = Call("b", "d", {9'000, 10, 10});
  of_second.cause_ns = 1'200;
  const auto steps = FlowTree({first, second, of_first, of_second});
  EXPECT_EQ(Text(steps), "a>b\n b>c\na>b\n b>d\n");
  EXPECT_EQ(steps[2].message.time_ns, 1'050u);
}

TEST(FlowTree, WhatItWasSentForMayNotHaveBeenSeen) {
  TracedMessage other = Call("a", "b", {1'000, 100, 5'000});
  TracedMessage sent = Call("b", "c", {1'500, 10, 10});
  sent.cause_ns = 1'101;  // of a record that was lost, or a lie
  EXPECT_EQ(Text(FlowTree({other, sent})), "a>b\nb>c\n");
}

TEST(FlowTree, WhatItWasSentForMayHaveBeenSentBeforeTheTrace) {
  TracedMessage received;  // only that was seen
  received.to = "b";
  received.time_ns = 1'000;
  TracedMessage sent = Call("b", "c", {1'500, 10, 10});
  sent.cause_ns = 1'000;
  EXPECT_EQ(Text(FlowTree({received, sent})), ">b\n b>c\n");
}

TEST(FlowTree, WhatWasNotSeenIsNoCause) {
  TracedMessage queued = Call("a", "b", {1'000, 0, 0});
  queued.queue_ns.reset();
  queued.work_ns.reset();
  EXPECT_EQ(Text(FlowTree({queued, Call("b", "c", {2'000, 10, 10})})),
            "a>b\nb>c\n");
  EXPECT_TRUE(FlowTree({}).empty());
}

TEST(FlowTree, IsBoundedAndTakesAnyTimes) {
  std::vector<TracedMessage> messages(
      kFlowMessagesMax + 5, Call("a", "a", {UINT64_MAX - 1, UINT64_MAX, 9}));
  EXPECT_EQ(FlowTree(std::move(messages)).size(), kFlowMessagesMax);
}

TEST(FlowTable, ListsTheSlowestByTheirFirstMessage) {
  FlowTable table;
  for (uint64_t flow = 1; flow <= 3; ++flow) {
    TracedMessage inner = Call("b", "c", {1'100, 10, 10'000});
    TracedMessage root = Call("a", "b", {1'000, 10, 100 * flow});
    inner.flow = root.flow = flow;
    table.Add(inner);
    table.Add(root);
  }
  const auto slowest = table.Slowest(2);
  ASSERT_EQ(slowest.size(), 2u);
  EXPECT_EQ(slowest[0].root.flow, 3u);
  EXPECT_EQ(slowest[0].root.from, "a");
  EXPECT_EQ(slowest[0].messages, 2u);
  EXPECT_EQ(slowest[1].root.flow, 2u);
  EXPECT_EQ(table.Slowest(9).size(), 3u);
}

}  // namespace
}  // namespace keyport
