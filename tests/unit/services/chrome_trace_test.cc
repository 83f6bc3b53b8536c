// Messages as Chrome's trace events.
#include "services/tracer/chrome_trace.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace keyport {
namespace {

using Json = nlohmann::json;

TracedMessage Call(uint64_t sent_ns, const char* from, const char* to) {
  TracedMessage message;
  message.from = from;
  message.to = to;
  message.flow = 7;
  message.label = 3;
  message.is_call = true;
  message.status = MessageStatus::kOk;
  message.time_ns = sent_ns;
  message.queue_ns = 1'000;
  message.work_ns = 5'500;
  message.total_ns = 8'000;
  return message;
}

std::vector<Json> EventsOf(ChromeTrace* trace, const std::string& kind) {
  std::string text;
  trace->Write([&](const std::string& piece) { text += piece; });
  const Json all = Json::parse(text);
  std::vector<Json> events;
  for (const Json& event : all["traceEvents"])
    if (event["ph"] == kind) events.push_back(event);
  return events;
}

TEST(ChromeTrace, ACallIsASliceAtBothEndsInMicroseconds) {
  ChromeTrace trace;
  EXPECT_TRUE(trace.Add(Call(20'001, "client", "server"), "store"));
  const auto slices = EventsOf(&trace, "X");
  ASSERT_EQ(slices.size(), 2u);
  EXPECT_EQ(slices[0]["cat"], "call");
  EXPECT_EQ(slices[0]["name"], "store");
  EXPECT_EQ(slices[0]["ts"], 20.001);
  EXPECT_EQ(slices[0]["dur"], 8.0);
  EXPECT_EQ(slices[1]["cat"], "work");
  EXPECT_EQ(slices[1]["ts"], 21.001);
  EXPECT_EQ(slices[1]["dur"], 5.5);
  EXPECT_EQ(slices[0]["args"]["flow"], "0x7");
  EXPECT_NE(slices[0]["pid"], slices[1]["pid"]);
}

TEST(ChromeTrace, ArrowsBeginAndEndAtTheirSlices) {
  for (const std::string kind : {"s", "f"}) {
    ChromeTrace trace;
    trace.Add(Call(20'000, "client", "server"), "store");
    TracedMessage unseen = Call(40'000, "", "server");
    trace.Add(unseen, "store");
    const auto arrows = EventsOf(&trace, kind);
    ASSERT_EQ(arrows.size(), 1u);
    EXPECT_EQ(arrows[0]["ts"], kind == "s" ? 20.0 : 21.0);
    EXPECT_EQ(arrows[0]["id"], 1);
  }
}

TEST(ChromeTrace, SlicesOfATrackLieWithinEachOtherOrApart) {
  ChromeTrace trace;
  trace.Add(Call(20'000, "client", "server"), "store");
  trace.Add(Call(22'000, "client", "server"), "store");  // overlaps
  trace.Add(Call(90'000, "client", "server"), "store");
  std::map<std::pair<int, int>, std::vector<double>> ends;
  int tracks_of_client = 0;
  for (const Json& slice : EventsOf(&trace, "X")) {
    auto& open = ends[{slice["pid"], slice["tid"]}];
    const double begin = slice["ts"];
    const double end = begin + slice["dur"].get<double>();
    while (!open.empty() && open.back() <= begin) open.pop_back();
    EXPECT_TRUE(open.empty() || open.back() >= end) << slice.dump();
    open.push_back(end);
    if (slice["pid"] == 1)
      tracks_of_client =
          std::max(tracks_of_client, slice["tid"].get<int>() + 1);
  }
  EXPECT_EQ(tracks_of_client, 2);
}

TEST(ChromeTrace, AnyNameAndTimeGivesValidJson) {
  ChromeTrace trace;
  TracedMessage message = Call(UINT64_MAX - 5, "a\"\xff\n", "b\\");
  message.total_ns = message.queue_ns = message.work_ns = UINT64_MAX;
  trace.Add(message, "\x01\"");
  EXPECT_EQ(EventsOf(&trace, "X").size(), 2u);
}

}  // namespace
}  // namespace keyport
