// keyport hist, of a recording and of a running graph.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/integration/support/recorded_graph.h"
#include "tests/unit/services/prometheus_page.h"

namespace integration {
namespace {

using testing::HasSubstr;

class HistTest : public RecordedGraphTest {};

TEST_F(HistTest, AgreesWithTheTraceSummary) {
  RecordChain();
  const std::vector<Json> hist =
      ObjectsOf({"hist", "--from", file(), "--json"});
  int compared = 0;
  const std::vector<Json> traced = Traced();
  for (const Json& one : hist) {
    if (!one.contains("what")) continue;
    const auto summary =
        std::find_if(traced.begin(), traced.end(), [&](const Json& line) {
          return line.contains("summary") && line["summary"] == "port" &&
                 line["port"] == one["port"];
        });
    ASSERT_NE(summary, traced.end());
    for (const std::string field : {"count", "p50_ns", "p99_ns", "max_ns"})
      EXPECT_EQ(one[field], (*summary)[one["what"].get<std::string>()][field]);
    ++compared;
  }
  EXPECT_EQ(compared, 2 * 3);
  EXPECT_EQ(hist.size(), 2u * 3 + 1);
  EXPECT_EQ(hist.back()["seen"], traced.back()["seen"]);
}

TEST_F(HistTest, ChoosesPortTimesAndGroups) {
  RecordChain();
  const std::vector<Json> hist =
      ObjectsOf({"hist", "store", "--from", file(), "--json", "--by", "label",
                 "--split", "total,queue"});
  ASSERT_EQ(hist.size(), 3u);
  EXPECT_EQ(hist[0]["port"], "store");
  EXPECT_EQ(hist[0]["label"], 4);
  EXPECT_EQ(hist[0]["what"], "total");
  EXPECT_EQ(hist[1]["what"], "queue");
  uint64_t in_buckets = 0;
  for (const Json& bucket : hist[1]["buckets"])
    in_buckets += bucket[2].get<uint64_t>();
  EXPECT_EQ(in_buckets, hist[1]["count"].get<uint64_t>());
}

TEST_F(HistTest, IsReadableInEightyColumns) {
  RecordChain();
  const Finished text = Tool({"hist", "--from", file()});
  EXPECT_EQ(text.exit_code, 0) << text.output;
  EXPECT_THAT(text.output, HasSubstr("\nstore, total: "));
  EXPECT_THAT(text.output, HasSubstr("\np50 "));
  EXPECT_THAT(text.output, HasSubstr(" lost, "));
  std::istringstream lines(text.output);
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(line.size(), 80u) << line;
}

TEST_F(HistTest, LooksAtARunningGraph) {
  StartChain();
  const Finished live = Tool({"hist", "-n", "30", "--json"});
  EXPECT_EQ(live.exit_code, 0) << live.output;
  const std::vector<Json> hist = ObjectsIn(live.output);
  ASSERT_FALSE(hist.empty());
  EXPECT_EQ(hist.back()["summary"], "trace");
  EXPECT_GE(hist.size(), 4u);
  EXPECT_EQ(Tool({"hist", "--for", "0.2"}).exit_code, 0);
}

TEST_F(HistTest, SinceTheStartNeedsNoTracing) {
  StartChain();
  // Until something was measured of all.
  std::vector<Json> hist;
  const auto sampled = [&](const std::string& port, const std::string& what) {
    for (const Json& one : hist)
      if (one["port"] == port && one["what"] == what)
        return one["sampled"].get<uint64_t>();
    return uint64_t{0};
  };
  while (sampled("store", "total") < 20) {
    const Finished live = Tool({"hist", "--since-start", "--json"});
    ASSERT_EQ(live.exit_code, 0) << live.output;
    hist = ObjectsIn(live.output);
  }
  for (const Json& one : hist) {
    EXPECT_LE(one["count"], one["messages"]) << one.dump();
    EXPECT_LE(one["p50_ns"], one["max_ns"]);
  }
  EXPECT_GT(sampled("store", "queue"), 0u);
  EXPECT_GT(sampled("store", "work"), 0u);
  const Finished text = Tool({"hist", "store", "--since-start"});
  EXPECT_THAT(text.output, HasSubstr("store, queue: "));
  EXPECT_THAT(text.output, HasSubstr(" sampled, for "));
  EXPECT_EQ(Tool({"hist", "--since-start", "--by", "service"}).exit_code, 0);
}

TEST_F(HistTest, MetricsAreForPrometheus) {
  StartChain();
  const Finished metrics = Tool({"metrics"});
  EXPECT_EQ(metrics.exit_code, 0) << metrics.output;
  const keyport::PrometheusPage page(metrics.output);
  EXPECT_THAT(page.complaints(), testing::IsEmpty());
  EXPECT_THAT(metrics.output,
              HasSubstr("keyport_port_queue_seconds_bucket{port=\"store\""));
}

TEST_F(HistTest, SaysWhatIsWrong) {
  RecordChain();
  EXPECT_EQ(Tool({"hist", "--by", "service"}).exit_code, 2);
  EXPECT_EQ(Tool({"hist", "--since-start", "--by", "label"}).exit_code, 2);
  EXPECT_EQ(Tool({"hist", "--since-start", "--from", file()}).exit_code, 2);
  EXPECT_EQ(Tool({"hist", "--since-start", "--label", "4"}).exit_code, 2);
  EXPECT_EQ(Tool({"hist", "--by", "colour"}).exit_code, 2);
  EXPECT_EQ(Tool({"hist", "--split", "rest"}).exit_code, 2);
  EXPECT_EQ(Tool({"hist", "--from", file(), "--for", "1"}).exit_code, 2);
  EXPECT_EQ(Tool({"hist", "--from", "/nowhere/x"}).exit_code, 1);
  const std::string other = folder_.Write("other", "some text of some length");
  const Finished foreign = Tool({"hist", "--from", other});
  EXPECT_EQ(foreign.exit_code, 1);
  EXPECT_THAT(foreign.output, HasSubstr("no pcapng file"));
  const Finished nothing = Tool({"hist", "nobody", "--from", file()});
  EXPECT_EQ(nothing.exit_code, 0);
  EXPECT_THAT(nothing.output, HasSubstr("no messages"));
}

}  // namespace
}  // namespace integration
