// When a trace ends, and which columns it has.
#include "services/tracer/end_condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/tracer/trace_columns.h"

namespace keyport {
namespace {

TracedMessage Message() {
  TracedMessage message;
  message.from = "client";
  message.to = "server";
  message.label = 4;
  message.status = MessageStatus::kOk;
  message.queue_ns = 1'000;
  message.work_ns = 2'000;
  message.total_ns = 4'000;
  return message;
}

bool IsMet(const std::string& word, const TracedMessage& message = Message()) {
  return EndConditions({word}).AreMet(message);
}

TEST(EndCondition, TimesAreExceeded) {
  EXPECT_TRUE(IsMet("queue>999ns"));
  EXPECT_FALSE(IsMet("queue>1us"));
  EXPECT_TRUE(IsMet("work>1.9us"));
  EXPECT_FALSE(IsMet("total>1ms"));
  TracedMessage unknown;
  EXPECT_FALSE(IsMet("total>0s", unknown));
}

TEST(EndCondition, ErrorsAreAnyOrOne) {
  TracedMessage failed = Message();
  failed.status = MessageStatus::kError;
  failed.error = ipc::Error::timed_out;
  EXPECT_TRUE(IsMet("error", failed));
  EXPECT_TRUE(IsMet("timed_out", failed));
  EXPECT_FALSE(IsMet("dropped", failed));
  EXPECT_FALSE(IsMet("error"));
  EXPECT_FALSE(IsMet("timed_out"));
}

TEST(EndCondition, LabelsAreTheSame) {
  EXPECT_TRUE(IsMet("label=4"));
  EXPECT_FALSE(IsMet("label=40"));
}

TEST(EndCondition, OneOfSeveralIsEnough) {
  EXPECT_TRUE(EndConditions({"error", "label=4"}).AreMet(Message()));
  EXPECT_FALSE(EndConditions({}).AreMet(Message()));
}

TEST(EndCondition, OtherWordsAreNone) {
  for (const char* word : {"", "ok", "erro", "total>", "total>1", "total>1m",
                           "total>-1ms", "total>nanms", "total>1e300s",
                           "label=", "label=4x", "rest>1ms", "total<1ms"})
    EXPECT_FALSE(EndCondition::Parse(word).has_value()) << word;
}

TEST(TraceColumns, AreWhatWasChosenInThatOrder) {
  EXPECT_EQ(ColumnsHeader({"to", "label"}), "TO               LABEL\n");
  EXPECT_EQ(ColumnsLine({"to", "label"}, Message(), "store", WallClock(0)),
            "server               4\n");
  EXPECT_EQ(ColumnsLine({"work", "status"}, Message(), "store", WallClock(0)),
            " 2.00us  ok\n");
}

TEST(TraceColumns, EachHasATitleAndACell) {
  for (const std::string& name : TraceColumnNames()) {
    EXPECT_GT(ColumnsHeader({name}).size(), 1u) << name;
    EXPECT_GT(ColumnsLine({name}, Message(), "store", WallClock(0)).size(), 1u)
        << name;
  }
}

}  // namespace
}  // namespace keyport
