// keyport graph and keyport flow, of a recording and of a running graph.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "tests/integration/support/recorded_graph.h"

namespace integration {
namespace {

using testing::HasSubstr;

class GraphOfRecordingTest : public RecordedGraphTest {};

TEST_F(GraphOfRecordingTest, CountsWhatTheTraceShows) {
  RecordChain();
  std::map<std::string, int> traced;
  for (const Json& message : Traced())
    if (message.contains("flow"))
      ++traced[message["from"].dump() + message["to"].dump() +
               message["port"].dump()];
  std::map<std::string, int> arrows;
  for (const Json& arrow : ObjectsOf({"graph", "--from", file(), "--json"})) {
    arrows[arrow["from"].dump() + arrow["to"].dump() + arrow["port"].dump()] =
        arrow["messages"];
    EXPECT_GT(arrow["messages_per_second"], 0);
  }
  EXPECT_EQ(arrows, traced);
  const Finished text = Tool({"graph", "--from", file()});
  EXPECT_THAT(text.output, HasSubstr("TOTAL p99"));
  EXPECT_THAT(text.output, HasSubstr(" lost, "));
  std::istringstream lines(text.output);
  for (std::string line; std::getline(lines, line);)
    EXPECT_LE(line.size(), 80u) << line;
}

TEST_F(GraphOfRecordingTest, DotDrawsIt) {
  constexpr char kDot[] = "/usr/bin/dot";
  RecordChain();
  const Finished dot = Tool({"graph", "--from", file(), "--dot"});
  EXPECT_EQ(dot.exit_code, 0) << dot.output;
  EXPECT_THAT(dot.output, HasSubstr("\"front\" -> \"store\" [label=\"store"));
  if (access(kDot, X_OK) != 0) GTEST_SKIP() << "dot is not installed";
  const std::string path = folder_.Write("graph.dot", dot.output);
  const Finished svg = RunProgram({{kDot, "-Tsvg", path}, {}});
  EXPECT_EQ(svg.exit_code, 0) << svg.output;
  EXPECT_THAT(svg.output, HasSubstr("front&#45;&gt;store"));
}

TEST_F(GraphOfRecordingTest, TellsTheRatesOfARunningGraph) {
  StartChain();
  std::map<std::string, double> rates;
  for (const Json& arrow : ObjectsOf({"graph", "--for", "0.5", "--json"}))
    if (arrow.contains("port"))
      rates[arrow["port"]] += arrow["messages_per_second"].get<double>();
  EXPECT_GT(rates["front"], 0);
  EXPECT_GT(rates["store"], 0);
}

TEST_F(GraphOfRecordingTest, DrawsItForItsOwnerOnly) {
  RecordChain();
  const std::string svg = folder_.path() + "/graph.svg";
  const Finished drawn = Tool({"graph", "--from", file(), "--svg", svg});
  if (access("/usr/bin/dot", X_OK) != 0) {
    EXPECT_EQ(drawn.exit_code, 1);
    EXPECT_THAT(drawn.output, HasSubstr("install graphviz"));
    EXPECT_NE(access(svg.c_str(), F_OK), 0);
    return;
  }
  EXPECT_EQ(drawn.exit_code, 0) << drawn.output;
  std::ifstream read(svg);
  std::stringstream text;
  text << read.rdbuf();
  EXPECT_THAT(text.str(), HasSubstr("front&#45;&gt;store"));
  struct stat status = {};
  ASSERT_EQ(stat(svg.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(GraphOfRecordingTest, FlowOfARunningGraphShowsTheSlowestAsATree) {
  StartChain();
  const Finished live = Tool({"flow", "--for", "0.5", "-n", "3", "--json"});
  EXPECT_EQ(live.exit_code, 0) << live.output;
  std::vector<Json> flows, steps;
  for (const Json& line : ObjectsIn(live.output))
    (line.contains("depth") ? steps : flows).push_back(line);
  ASSERT_EQ(flows.size(), 3u);
  ASSERT_FALSE(steps.empty());
  EXPECT_EQ(steps.size(), flows[0]["messages"]);
  EXPECT_EQ(steps[0]["flow"], flows[0]["flow"]);
  EXPECT_EQ(steps[0]["total_ns"], flows[0]["total_ns"]);
}

TEST_F(GraphOfRecordingTest, SaysWhatIsWrong) {
  const std::string other = folder_.Write("other", "some text of some length");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"graph", "--from", other},
        std::vector<std::string>{"flow", other}}) {
    const Finished foreign = Tool(words);
    EXPECT_EQ(foreign.exit_code, 1) << foreign.output;
    EXPECT_THAT(foreign.output, HasSubstr("no pcapng file"));
  }
  EXPECT_EQ(Tool({"graph", "--from", other, "--socket", "s"}).exit_code, 2);
  EXPECT_EQ(Tool({"flow", other, "--for", "1"}).exit_code, 2);
  EXPECT_EQ(Tool({"graph", "--from", other, "--for", "1"}).exit_code, 2);
  EXPECT_EQ(Tool({"graph", "--svg", other}).exit_code, 2);
  EXPECT_THAT(Tool({"graph", "--from", other, "--svg", other}).output,
              HasSubstr("is the recording"));
}

}  // namespace
}  // namespace integration
