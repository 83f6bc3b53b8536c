// keyport trace and record: end conditions, columns, and facts.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <map>
#include <set>

#include "libipc/base/flow_ranks.h"
#include "tests/integration/support/recorded_graph.h"

namespace integration {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class TraceOptionsTest : public RecordedGraphTest {
 protected:
  static std::set<std::string> FactsIn(const std::vector<Json>& lines) {
    std::set<std::string> facts;
    for (const Json& line : lines)
      if (line.contains("fact"))
        facts.insert(line["kind"].get<std::string>() + " " +
                     line["object"].get<std::string>());
    return facts;
  }
};

TEST_F(TraceOptionsTest, EndsAfterTheMessageThatMeetsTheCondition) {
  StartChain();
  const Finished live =
      Tool({"trace", "--json", "--until", "error", "--until", "label=4"});
  EXPECT_EQ(live.exit_code, 0) << live.output;
  int met = 0;
  for (const Json& line : ObjectsIn(live.output))
    if (line.contains("flow") && line["label"] == 4) ++met;
  EXPECT_EQ(met, 1);
  const Finished record = Tool({"record", "--until", "total>1ns", file()});
  EXPECT_EQ(record.exit_code, 0) << record.output;
  const std::vector<Json> again =
      ObjectsOf({"trace", "--from", file(), "--json", "--until", "total>1ns"});
  ASSERT_GE(again.size(), 3u);
  EXPECT_EQ(again.back()["summary"], "trace");
}

TEST_F(TraceOptionsTest, ShowsTheColumnsThatWereChosen) {
  RecordChain();
  const Finished shown = Tool({"trace", "--from", file(), "-n", "3", "-o",
                               "time,from,port,queue,total,status"});
  EXPECT_EQ(shown.exit_code, 0) << shown.output;
  EXPECT_THAT(shown.output,
              StartsWith("TIME             FROM          PORT            QUEUE"
                         "    TOTAL  STATUS\n"));
}

TEST_F(TraceOptionsTest, TellsWhatTheKernelProcessDid) {
  StartChain();
  Running live(Keyport({"trace", "--facts", "--json"}));
  ASSERT_TRUE(live.WaitFor("\"flow\"")) << live.output();
  Running record(Keyport({"record", file()}));
  ASSERT_TRUE(record.WaitFor("recording")) << record.output();
  EXPECT_EQ(Tool({"ps"}).exit_code, 0);
  ASSERT_TRUE(live.WaitFor("process_ended")) << live.output();
  EXPECT_EQ(Tool({"trace", "-n", "20"}).exit_code, 0);
  for (Running* tool : {&live, &record}) {
    tool->Signal(SIGINT);
    EXPECT_EQ(tool->Wait(), 0) << tool->output();
  }
  // What comes and goes between two looks has a number, no name.
  const auto counts = [](const std::set<std::string>& facts,
                         const std::string& kind) {
    return std::count_if(facts.begin(), facts.end(), [&](const auto& fact) {
      return fact.starts_with(kind + " ");
    });
  };
  const auto facts =
      FactsIn(ObjectsOf({"trace", "--from", file(), "--facts", "--json"}));
  EXPECT_GE(counts(facts, "process_started"), 2);
  EXPECT_GE(counts(facts, "process_ended"), 2);
  EXPECT_TRUE(FactsIn(ObjectsIn(live.output()))
                  .contains("process_started keyport record"));
  EXPECT_TRUE(FactsIn(Traced()).empty());
  const Finished text = Tool({"trace", "--from", file(), "--facts"});
  EXPECT_THAT(text.output, HasSubstr("  -- kernel: process_started "));
  const auto of_store = FactsIn(ObjectsOf(
      {"trace", "--from", file(), "--facts", "--json", "--port", "store"}));
  EXPECT_EQ(counts(of_store, "process_started"), 0);
}

TEST_F(TraceOptionsTest, AtARateShowsWholeChains) {
  StartChain();
  const Finished record = Tool({"record", "--rate", "5", "--for", "2", file()});
  EXPECT_EQ(record.exit_code, 0) << record.output;
  // Of those that began while there were ranks.
  std::map<std::string, int> chains;
  for (const Json& line : Traced()) {
    if (!line.contains("flow")) continue;
    const std::string flow = line["flow"];
    if (base::HasRank(std::stoull(flow, nullptr, 16))) ++chains[flow];
  }
  // Two clients begin them, and two seconds lie in three of the clock's.
  EXPECT_GE(chains.size(), 10u);
  EXPECT_LE(chains.size(), 30u);
  const auto whole =
      std::count_if(chains.begin(), chains.end(),
                    [](const auto& chain) { return chain.second == 2; });
  // Each client's first and last may be cut.
  EXPECT_GE(static_cast<size_t>(whole) + 4, chains.size());
}

TEST_F(TraceOptionsTest, SaysWhatIsWrong) {
  const Finished until = Tool({"trace", "--until", "total>soon"});
  EXPECT_EQ(until.exit_code, 2);
  EXPECT_THAT(until.output, HasSubstr("\"total>soon\" is no condition"));
  EXPECT_EQ(Tool({"record", "--until", "never", file()}).exit_code, 2);
  const Finished column = Tool({"trace", "-o", "time,colour"});
  EXPECT_EQ(column.exit_code, 2);
  EXPECT_THAT(column.output, HasSubstr("colour"));
}

}  // namespace
}  // namespace integration
