// Tracing's pure parts: percentiles, matching of records, filters, lines.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "services/common/trace_labels.h"
#include "services/tracer/histogram.h"
#include "services/tracer/message_table.h"
#include "services/tracer/pace.h"
#include "services/tracer/trace_filter.h"
#include "services/tracer/trace_format.h"
#include "services/tracer/trace_summary.h"

namespace keyport {
namespace {

using ipc::TraceKind;

const ipc::TraceSource kClient = {1, 101, "client"};
const ipc::TraceSource kServer = {2, 102, "server"};

struct Stamp {
  uint64_t time_ns;
  uint64_t interval_ns;
};

ipc::TraceRecord Record(TraceKind kind, uint32_t correlation, Stamp stamp) {
  ipc::TraceRecord record = {};
  record.kind = static_cast<uint16_t>(kind);
  record.correlation = correlation;
  record.time_ns = stamp.time_ns;
  record.interval_ns = stamp.interval_ns;
  record.port = 9;
  record.lane = 3;
  record.flow = 77;
  record.label = 5;
  record.payload_bytes = 40;
  return record;
}

TEST(Histogram, IsExactForSmallValuesAndCloseForLarge) {
  Histogram histogram;
  EXPECT_EQ(histogram.Percentile(50), 0u);
  for (uint64_t value = 1; value <= 1000; ++value) histogram.Add(value);
  EXPECT_EQ(histogram.Percentile(1), 10u);
  EXPECT_NEAR(static_cast<double>(histogram.Percentile(50)), 500, 32);
  EXPECT_NEAR(static_cast<double>(histogram.Percentile(99)), 990, 63);
  EXPECT_EQ(histogram.Percentile(100), 1000u);
}

TEST(Histogram, TakesTheLargestValue) {
  Histogram histogram;
  histogram.Add(UINT64_MAX);
  histogram.Add(0);
  EXPECT_EQ(histogram.Percentile(100), UINT64_MAX);
  EXPECT_EQ(histogram.Percentile(50), 0u);
}

TEST(MessageTable, AWaitThatBeganBeforeTheTraceIsNotKnown) {
  MessageTable table;
  table.Add(kServer, Record(TraceKind::receive, 4, {1'300, 0}));
  table.Add(kServer, Record(TraceKind::reply, 4, {1'400, 100}));
  const auto messages = table.TakeRest();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_FALSE(messages[0].queue_ns.has_value());
  EXPECT_TRUE(WasReceived(messages[0]));
  EXPECT_EQ(messages[0].time_ns, 1'300u);
}

TEST(MessageTable, JoinsBothEndsOfAMessageInAnyOrder) {
  for (const bool send_first : {true, false}) {
    MessageTable table;
    const auto send = Record(TraceKind::send, 0, {1000, 0});
    const auto receive = Record(TraceKind::receive, 0, {1400, 400});
    if (send_first) table.Add(kClient, send);
    table.Add(kServer, receive);
    if (!send_first) table.Add(kClient, send);
    const auto done = table.EndPass();
    ASSERT_EQ(done.size(), 1u);
    EXPECT_EQ(done[0].from, "client");
    EXPECT_EQ(done[0].to, "server");
    EXPECT_EQ(done[0].queue_ns, 400u);
    EXPECT_EQ(done[0].time_ns, 1000u);
    EXPECT_EQ(done[0].status, MessageStatus::kOk);
    EXPECT_FALSE(done[0].is_call);
    EXPECT_EQ(table.pending(), 0u);
  }
}

TEST(MessageTable, TellsMessagesOfOneFlowApartByTime) {
  MessageTable table;
  table.Add(kClient, Record(TraceKind::send, 0, {1000, 0}));
  table.Add(kClient, Record(TraceKind::send, 0, {1100, 0}));
  table.Add(kServer, Record(TraceKind::receive, 0, {1500, 400}));
  const auto done = table.EndPass();
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].time_ns, 1100u);
  EXPECT_EQ(table.pending(), 1u);
}

TEST(MessageTable, ACallHasFourRecords) {
  MessageTable table;
  table.Add(kClient, Record(TraceKind::send, 8, {1000, 0}));
  table.Add(kClient, Record(TraceKind::outcome, 8, {2000, 1000}));
  table.Add(kServer, Record(TraceKind::receive, 8, {1300, 300}));
  EXPECT_TRUE(table.EndPass().empty());
  table.Add(kServer, Record(TraceKind::reply, 8, {1900, 600}));
  const auto done = table.EndPass();
  ASSERT_EQ(done.size(), 1u);
  EXPECT_TRUE(done[0].is_call);
  EXPECT_EQ(done[0].queue_ns, 300u);
  EXPECT_EQ(done[0].work_ns, 600u);
  EXPECT_EQ(done[0].total_ns, 1000u);
}

TEST(MessageTable, ASendTellsWhenItsCauseWasReceived) {
  MessageTable table;
  table.Add(kClient, Record(TraceKind::send, 0, {1000, 300}));
  table.Add(kServer, Record(TraceKind::receive, 0, {1400, 400}));
  const auto done = table.EndPass();
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].time_ns, 1000u);
  EXPECT_EQ(done[0].cause_ns, 700u);
}

TEST(MessageTable, AFailedCallShowsItsErrorAfterAPassOfPatience) {
  MessageTable table;
  table.Add(kClient, Record(TraceKind::send, 8, {1000, 0}));
  auto outcome = Record(TraceKind::outcome, 8, {2000, 1000});
  outcome.error = static_cast<uint8_t>(ipc::Error::timed_out);
  table.Add(kClient, outcome);
  EXPECT_TRUE(table.EndPass().empty());
  const auto done = table.EndPass();
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(StatusText(done[0]), "timed_out");
}

TEST(MessageTable, AnUnseenSendDoesNotHideItsMessage) {
  MessageTable table;
  table.Add(kServer, Record(TraceKind::receive, 0, {1400, 400}));
  EXPECT_TRUE(table.EndPass().empty());
  const auto done = table.EndPass();
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].from, "");
}

TEST(MessageTable, TheRestIsQueuedOrWaiting) {
  MessageTable table;
  table.Add(kClient, Record(TraceKind::send, 0, {1000, 0}));
  table.Add(kClient, Record(TraceKind::send, 8, {1100, 0}));
  table.Add(kServer, Record(TraceKind::receive, 8, {1200, 100}));
  const auto rest = table.TakeRest();
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(StatusText(rest[0]), "queued");
  EXPECT_EQ(StatusText(rest[1]), "waiting");
}

TEST(MessageTable, IsBounded) {
  MessageTable table(10);
  for (uint32_t i = 1; i <= 100; ++i)
    table.Add(kClient, Record(TraceKind::send, i, {i, 0}));
  EXPECT_EQ(table.pending(), 10u);
  EXPECT_EQ(table.EndPass().size(), 90u);
}

TEST(MessageTable, IgnoresFactsAndUnknownKinds) {
  MessageTable table;
  table.Add(kServer, Record(TraceKind::lane_opened, 0, {1, 0}));
  table.Add(kServer, Record(static_cast<TraceKind>(999), 0, {1, 0}));
  EXPECT_EQ(table.pending(), 0u);
}

TEST(MessageTable, SurvivesIntervalsThatLie) {
  MessageTable table;
  table.Add(kServer, Record(TraceKind::receive, 0, {10, UINT64_MAX}));
  EXPECT_EQ(table.TakeRest().size(), 1u);
}

TEST(TraceFilter, KnowsInstancesAndDirections) {
  TracedMessage message;
  message.from = "tokenizer.1";
  message.to = "index";
  TraceFilter filter = {.service = "tokenizer"};
  EXPECT_TRUE(filter.Matches(message, "p"));
  filter.direction = Direction::kIn;
  EXPECT_FALSE(filter.Matches(message, "p"));
  filter.service = "index";
  EXPECT_TRUE(filter.Matches(message, "p"));
  filter.port = "q";
  EXPECT_FALSE(filter.Matches(message, "p"));
  EXPECT_FALSE(IsService("tokenizers", "tokenizer"));
}

TEST(TraceFilter, KnowsLabelsAndAsksTheirSourcesForThem) {
  TracedMessage message;
  message.label = 5;
  const auto matches = [&](const char* word) {
    const TraceFilter filter = {.labels = ReadLabels(word).value()};
    EXPECT_EQ(AtSource(filter, {.one_in = 2}).labels, filter.labels);
    return filter.Matches(message, "p");
  };
  EXPECT_TRUE(matches("5"));
  EXPECT_TRUE(matches("0-5"));
  EXPECT_TRUE(matches("5-4294967295"));
  EXPECT_FALSE(matches("4"));
  EXPECT_FALSE(matches("6-9"));
  for (const char* word :
       {"", "-", "5-", "-5", "6-5", "5 ", "x", "4294967296", "1-2-3"})
    EXPECT_FALSE(ReadLabels(word).has_value()) << word;
}

TEST(TraceSummary, CountsRecordsByPort) {
  TraceSummary summary;
  summary.Add(Record(TraceKind::send, 8, {1000, 0}));
  summary.Add(Record(TraceKind::receive, 8, {1300, 300}));
  auto outcome = Record(TraceKind::outcome, 8, {2000, 1000});
  outcome.error = static_cast<uint8_t>(ipc::Error::dropped);
  summary.Add(outcome);
  auto block = Record(TraceKind::block, 0, {1, 0});
  summary.Add(block);  // no reason was told
  block.error = static_cast<uint8_t>(ipc::Error::should_wait);
  summary.Add(block);
  const PortSummary& port = summary.ports().at(9);
  EXPECT_EQ(port.messages, 1u);
  EXPECT_EQ(port.calls, 1u);
  EXPECT_EQ(port.errors, 2u);
  EXPECT_EQ(port.no_room, 1u);
  const PortNameOf name = [](uint64_t) { return "files"; };
  const std::string text = summary.Text(name, {90, 10});
  EXPECT_NE(text.find("files"), std::string::npos);
  EXPECT_NE(text.find("90 records seen, 10 lost, 100 written"),
            std::string::npos);
  std::istringstream lines(summary.Json(name, {90, 10}));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(nlohmann::json::parse(line)["total"]["count"], 1);
  std::getline(lines, line);
  EXPECT_EQ(nlohmann::json::parse(line)["written"], 100);
}

TEST(TraceSummary, SaysWhoWaitedForALosslessTrace) {
  const PortNameOf name = [](uint64_t) { return std::string("p"); };
  const auto said = [&](const TraceLoss& loss) {
    const std::string text = TraceSummary().Text(name, loss);
    return text.substr(text.find("written\n") + 8);
  };
  EXPECT_EQ(said({.seen = 90}), "");
  EXPECT_EQ(said({.waits = ipc::Tracer::Waits()}),
            "trace: no service waited for this tracer\n");
  TraceLoss loss = {
      .waits = ipc::Tracer::Waits{
          .waits = 12, .in_vain = 0, .waited = std::chrono::milliseconds(84)}};
  EXPECT_EQ(said(loss),
            "trace: services waited 12 times, 84.0ms in all, for this "
            "tracer\n");
  loss.waits->in_vain = 1;
  EXPECT_TRUE(said(loss).ends_with("for this tracer, once in vain\n"));
  const auto totals = nlohmann::json::parse(TraceSummary().Json(name, loss));
  EXPECT_EQ(totals["waits"], 12);
  EXPECT_EQ(totals["waits_in_vain"], 1);
  EXPECT_EQ(totals["waited_ns"], 84'000'000);
}

TEST(Pace, OfALosslessTraceNeverRestsAsLongAsServicesWait) {
  const auto longest = [](Pace pace) {
    int most = 0;
    for (int i = 0; i < 10; ++i) most = std::max(most, pace.NextMs(0));
    return most;
  };
  EXPECT_EQ(longest(Pace()), 20);
  EXPECT_EQ(longest(Pace::For(std::chrono::milliseconds(0))), 20);
  EXPECT_EQ(longest(Pace::For(std::chrono::milliseconds(10))), 2);
  EXPECT_EQ(longest(Pace::For(std::chrono::milliseconds(1))), 1);
  EXPECT_EQ(longest(Pace::For(ipc::kTraceWaitUsual)), 20);
}

TEST(TraceSummary, PortsThatAWriterMadeUpAreSummedUpAsOne) {
  TraceSummary summary;
  auto record = Record(TraceKind::send, 0, {1'000, 0});
  for (record.port = 1; record.port <= TraceSummary::kPortsMax + 10;
       ++record.port)
    summary.Add(record);
  EXPECT_EQ(summary.ports().size(), TraceSummary::kPortsMax + 1);
  EXPECT_EQ(summary.messages(), TraceSummary::kPortsMax + 10);
  const PortNameOf name = [](uint64_t) { return std::string("p"); };
  EXPECT_NE(summary.Text(name, {}).find("(others)        10 "),
            std::string::npos);
}

TEST(TraceFormat, JsonCarriesHostileNames) {
  TracedMessage message;
  message.from = "a\"\xff\n";
  const auto parsed =
      nlohmann::json::parse(TraceJson(message, "p", WallClock(0)));
  EXPECT_EQ(parsed["port"], "p");
  EXPECT_TRUE(parsed["queue_ns"].is_null());
}

TEST(TraceFormat, LineShowsTheWay) {
  TracedMessage message;
  message.from = "client";
  message.to = "server";
  message.queue_ns = 1'500;
  message.status = MessageStatus::kOk;
  const std::string line = TraceLine(message, "files", WallClock(0));
  EXPECT_NE(line.find("client -> files (server)"), std::string::npos);
  EXPECT_NE(line.find("1.50us"), std::string::npos);
}

}  // namespace
}  // namespace keyport
