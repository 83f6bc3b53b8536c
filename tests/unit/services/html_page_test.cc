// What the HTML page is made of: columns, sums, the choice of messages.
#include "services/tracer/html_page.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "services/tracer/page_column.h"

namespace keyport {
namespace {

TracedMessage Call(uint64_t time_ns, uint64_t flow, uint64_t total_ns) {
  TracedMessage message;
  message.time_ns = time_ns;
  message.flow = flow;
  message.port = 9;
  message.from = "client";
  message.to = "server";
  message.is_call = true;
  message.status = MessageStatus::kOk;
  message.queue_ns = 10;
  message.work_ns = total_ns / 2;
  message.total_ns = total_ns;
  return message;
}

void Fail(TracedMessage* message) {
  message->status = MessageStatus::kError;
  message->error = ipc::Error::timed_out;
}

nlohmann::json JsonOf(const PageMessages& messages,
                      const PageRecording& recording = {}) {
  return nlohmann::json::parse(PageJson(recording, messages,
                                        ChooseForPage(messages.kept(), 1'000),
                                        [](uint64_t) { return "store"; }));
}

TEST(HtmlPageTest, AColumnIsBase64OfSevenBitsAByte) {
  PageColumn column;
  for (const uint64_t number : {0, 127, 128, 300}) column.Put(number);
  EXPECT_EQ(column.Base64(), "AH+AAawC");
}

TEST(HtmlPageTest, ANumberTooLargeForJavaScriptBecomesTheLargest) {
  PageColumn most;
  most.Put(PageColumn::kMost);
  PageColumn more;
  more.Put(UINT64_MAX);
  EXPECT_EQ(more.Base64(), most.Base64());
}

TEST(HtmlPageTest, FewMessagesAreAllChosen) {
  PageMessages messages;
  for (uint64_t i = 0; i < 10; ++i) messages.Add(Call(i, i, 100), "store");
  const PageSample sample = ChooseForPage(messages.kept(), 10);
  EXPECT_EQ(sample.chosen.size(), 10u);
  EXPECT_EQ(sample.share, 1);
}

TEST(HtmlPageTest, OfManyMessagesErrorsAndTheSlowestStayWithTheirChains) {
  PageMessages messages;
  for (uint64_t i = 0; i < 10'000; ++i) {
    TracedMessage message = Call(2 * i, i, i % 500 == 7 ? 90'000 : 100);
    if (i % 1'000 == 3) Fail(&message);
    messages.Add(message, "store");
    messages.Add(Call(2 * i + 1, i, 100), "store");
  }
  const PageSample sample = ChooseForPage(messages.kept(), 1'000);
  std::set<uint64_t> flows;
  std::map<uint64_t, int> members;
  for (const uint32_t place : sample.chosen)
    ++members[messages.kept()[place].flow];
  for (uint64_t i = 0; i < 10'000; ++i)
    if (i % 1'000 == 3 || i % 500 == 7) {
      EXPECT_EQ(members[i], 2) << i;
    }
  for (const auto& [flow, count] : members) EXPECT_NE(count, 1) << flow;
  EXPECT_EQ(sample.errors, 10u);
  EXPECT_EQ(sample.errors_left_out, 0u);
  EXPECT_EQ(sample.slow, 20u);
  EXPECT_NEAR(static_cast<double>(sample.chosen.size()), 1'000, 150);
}

TEST(HtmlPageTest, WhenEverythingFailsErrorsAreThinnedAndCounted) {
  PageMessages messages;
  for (uint64_t i = 0; i < 20'000; ++i) {
    TracedMessage message = Call(i, i, 100);
    Fail(&message);
    messages.Add(message, "store");
  }
  const PageSample sample = ChooseForPage(messages.kept(), 1'000);
  EXPECT_NEAR(static_cast<double>(sample.chosen.size()), 2'000, 300);
  EXPECT_EQ(sample.errors + sample.errors_left_out, 20'000u);
}

TEST(HtmlPageTest, AChainLongerThanThePageIsThinnedToo) {
  PageMessages messages;
  for (uint64_t i = 0; i < 20'000; ++i)
    messages.Add(Call(i, 7, i == 5 ? 90'000 : 100), "store");
  const PageSample sample = ChooseForPage(messages.kept(), 1'000);
  EXPECT_NEAR(static_cast<double>(sample.chosen.size()), 1'000, 200);
  EXPECT_EQ(sample.slow, 1u);
}

TEST(HtmlPageTest, EachMessageKnowsTheOneThatCausedIt) {
  PageMessages messages;
  messages.Add(Call(0, 7, 1'000), "front");
  TracedMessage inner = Call(100, 7, 200);
  inner.from = "server";
  inner.to = "store";
  messages.Add(inner, "store");
  messages.Add(Call(120, 8, 200), "front");
  const std::vector<uint32_t> chosen = {0, 1, 2};
  EXPECT_EQ(CausesWithin(messages, chosen), (std::vector<uint32_t>{0, 1, 0}));
}

TEST(HtmlPageTest, SumsAreThoseOfTheTrace) {
  PageMessages messages;
  for (uint64_t i = 1; i <= 100; ++i)
    messages.Add(Call(i, i, i * 1'000), "store");
  const nlohmann::json port = JsonOf(messages)["ports"][0];
  const Histogram& total = messages.summary().ports().at(9).total_ns;
  EXPECT_EQ(port["messages"], 100);
  EXPECT_EQ(port["total"]["count"], 100);
  EXPECT_EQ(port["total"]["p99"], total.Percentile(99));
  EXPECT_EQ(port["total"]["p999"], total.Percentile(99.9));
  uint64_t counted = 0;
  for (const auto& bucket : port["total"]["buckets"])
    counted += bucket[1].get<uint64_t>();
  EXPECT_EQ(counted, 100u);
}

TEST(HtmlPageTest, NoTextEndsTheScript) {
  PageMessages messages;
  TracedMessage message = Call(1, 1, 100);
  message.from = "</script><!--\xff\xe2\x80\xa8";
  messages.Add(message, "</script>");
  PageRecording recording;
  recording.command = "</script>";
  const std::string text =
      PageJson(recording, messages, ChooseForPage(messages.kept(), 10),
               [](uint64_t) { return "</script>"; });
  EXPECT_EQ(text.find('<'), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(text)["recording"]["command"], "</script>");
  const std::string page = HtmlPage(text);
  EXPECT_TRUE(page.starts_with("<!doctype html>"));
  EXPECT_TRUE(page.ends_with("</html>\n"));
}

TEST(HtmlPageTest, TimesThatASenderMadeUpHurtNobody) {
  PageMessages messages;
  for (const uint64_t ns : {uint64_t{0}, UINT64_MAX - 1, UINT64_MAX}) {
    TracedMessage message = Call(ns, ns, UINT64_MAX - 1);
    message.queue_ns = UINT64_MAX;
    messages.Add(message, "store");
  }
  messages.Sort();
  const nlohmann::json page = JsonOf(messages);
  EXPECT_EQ(page["recording"]["duration_ns"], PageColumn::kMost);
}

TEST(HtmlPageTest, APayloadStaysWithItsMessage) {
  PageMessages messages;
  TracedMessage message;
  messages.Add(Call(5, 1, 100), "store");
  message.request = "late";
  messages.AddPayload(message);
  messages.Add(Call(2, 2, 100), "store");
  messages.Add(Call(1, 3, 100), "store");
  message.request = "early";
  message.answer = "answer";
  message.decoded = {"put", {"{}", ""}, {"", "too short"}};
  messages.AddPayload(message);
  message.request = std::string(17u << 20, 'x');
  messages.AddPayload(message);
  messages.Sort();
  const nlohmann::json payloads = JsonOf(messages)["payloads"];
  EXPECT_EQ(payloads,
            nlohmann::json::parse(
                R"({"0":["ZWFybHk=","YW5zd2Vy","{}","not decoded: too short"],
                    "2":["bGF0ZQ==","","",""]})"));
}

TEST(HtmlPageTest, NamesTheMethodsThatASchemaKnows) {
  PageMessages messages;
  TracedMessage message = Call(5, 1, 100);
  message.label = 3;
  messages.Add(message, "store");
  EXPECT_EQ(JsonOf(messages)["methods"], nlohmann::json::array());
  message.decoded.method = "put";
  messages.Add(message, "store");
  messages.Add(message, "store");
  const nlohmann::json methods = JsonOf(messages)["methods"];
  ASSERT_EQ(methods.size(), 1u);
  EXPECT_EQ(methods[0][1], 3);
  EXPECT_EQ(methods[0][2], "put");
}

TEST(HtmlPageTest, NamesWithoutRoomAreOthers) {
  PageNames names;
  uint16_t last = 0;
  for (int i = 0; i < 5'000; ++i) last = names.NumberOf(std::to_string(i));
  EXPECT_EQ(names.names()[last], "(others)");
  EXPECT_EQ(names.NumberOf("5"), names.NumberOf("5"));
  EXPECT_EQ(names.names()[names.NumberOf("5")], "5");
}

}  // namespace
}  // namespace keyport
