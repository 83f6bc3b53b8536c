// keyport-tracer: a service that records its graph in files of bounded size.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "services/tracer/recording_series.h"
#include "tests/integration/support/recorded_graph.h"

namespace integration {
namespace {

using testing::HasSubstr;

class TracerServiceTest : public RecordedSeriesTest {
 protected:
  // A client calls front, which calls store, and a tracer looks on.
  void StartTraced(const std::string& traces, const std::string& options = "",
                   const std::string& more = "") {
    graph_ = Start(
        "[graph]\nname = 'chain'\n[port.front]\n[port.store]\n" +
        Service("store", "'echo', 'store'", "provides = ['store']") +
        Service("front", "'relay', 'front', 'store'",
                "provides = ['front']\nuses = ['store']") +
        Service("client", "'call-often', 'front', 'hi'", "uses = ['front']") +
        "[service.tracer]\nprogram = 'keyport-tracer'\ntraces = " + traces +
        "\narguments = [" + options + "'" + file() + "']\n" + more + "\n");
    ASSERT_TRUE(graph_->WaitFor("recording to")) << graph_->output();
  }
  void WaitForFiles(size_t count) const {
    ASSERT_TRUE(Eventually([&] { return Files().size() >= count; }));
  }
  void WaitForBytes(const std::string& path) const {
    ASSERT_TRUE(Eventually(
        [&] { return std::filesystem::file_size(path) >= 100'000; }));
  }
  pid_t TracerPid() const {
    const auto found = ChildrenOf(graph_->pid(), "keyport-tracer");
    EXPECT_EQ(found.size(), 1u) << graph_->output();
    return found.empty() ? -1 : found[0];
  }
  void EndGraph() {
    graph_->Signal(SIGTERM);
    EXPECT_EQ(graph_->Wait(), 0) << graph_->output();
  }
  // What the tracer itself says that it saw, lost, and so on.
  void ExpectSaid() const {
    EXPECT_THAT(graph_->output(),
                HasSubstr(std::to_string(Sum("seen")) + " records seen, " +
                          std::to_string(Sum("lost")) + " lost"));
  }
  // Of all files that are there.
  std::string Shown(const std::vector<std::string>& options = {}) const {
    std::string text;
    for (const std::string& path : Files()) {
      std::vector<std::string> words = {"trace", "--from", path};
      words.insert(words.end(), options.begin(), options.end());
      text += Tool(words).output;
    }
    return text;
  }

  void LimitFiles(pid_t process, rlim_t bytes) {
    rlimit limit = {};
    ASSERT_EQ(prlimit(process, RLIMIT_FSIZE, nullptr, &limit), 0);
    limit.rlim_cur = bytes;
    ASSERT_EQ(prlimit(process, RLIMIT_FSIZE, &limit, nullptr), 0);
  }
};

TEST_F(TracerServiceTest, RecordsEverythingUntilTheOthersHaveEnded) {
  StartTraced("'everything'", "'--rotate', '64K', '--keep', '10000', ");
  WaitForFiles(4);
  EndGraph();
  ExpectSaid();
  const std::string shown = Shown({"--facts"});
  EXPECT_THAT(shown, HasSubstr("client -> front (front)"));
  EXPECT_THAT(shown, HasSubstr("front -> store (store)"));
  // It was told to end when they were gone, and so saw them go.
  EXPECT_THAT(shown, HasSubstr("process_ended client"));
  EXPECT_THAT(shown, HasSubstr("process_ended store"));
  EXPECT_EQ(Tool({"trace", "--from", Files().back(), "--strict"}).exit_code, 0);
}

TEST_F(TracerServiceTest, SeesOnlyThePortsThatItMayTrace) {
  StartTraced("['store']", "'--rotate', '64K', '--keep', '10000', ");
  WaitForFiles(3);
  EndGraph();
  ExpectSaid();
  const std::string shown = Shown();
  EXPECT_THAT(shown, HasSubstr("front -> store (store)"));
  EXPECT_THAT(shown, testing::Not(HasSubstr("client -> front")));
}

TEST_F(TracerServiceTest, SeesNoMoreThanTheManifestAllows) {
  StartTraced("['store', 'front']", "'--payload', '--rotate', '64K', ",
              "payload = true\n"
              "trace_limits = { snaplen = 1, labels = '0-9', rate = 4000 }");
  WaitForFiles(2);
  EXPECT_THAT(graph_->output(),
              HasSubstr("trace_limits allow less than was asked for: snaplen "
                        "1, labels 0-9, rate 4000 is recorded"));
  int limited = 0;
  for (const Json& row : ObjectsOf({"caps", "tracer", "--json"})) {
    if (row["trace_limits"].is_null()) continue;
    ++limited;
    EXPECT_EQ(row["name"].get<std::string>().substr(0, 6), "port :");
    EXPECT_EQ(row["trace_limits"]["snaplen"], 1);
    EXPECT_EQ(row["trace_limits"]["labels"], (std::vector{0, 9}));
    EXPECT_EQ(row["trace_limits"]["rate"], 4000);
    const Finished explained =
        Tool({"explain", "tracer", std::to_string(row["handle"].get<int>())});
    EXPECT_THAT(explained.output,
                HasSubstr("traces at most: snaplen 1, labels 0-9, rate 4000"));
  }
  EXPECT_EQ(limited, 2);
  EndGraph();
  const std::string shown = Shown({"--payload"});
  EXPECT_THAT(shown, HasSubstr("> h\n"));
  EXPECT_THAT(shown, testing::Not(HasSubstr("> hi")));
  // Each file says how it came about.
  for (const std::string& path : Files()) {
    std::ifstream stream(path, std::ios::binary);
    EXPECT_THAT(std::string(std::istreambuf_iterator<char>(stream), {}),
                HasSubstr("keyport-tracer --label 0-9 --payload --snaplen 1 "
                          "--rate 4000"));
  }
}

TEST_F(TracerServiceTest, SaysNothingOfLimitsThatTakeNothingAway) {
  StartTraced("['store']", "'--payload', '--snaplen', '7', '--rate', '9', ",
              "payload = true\ntrace_limits = { snaplen = 7, rate = 10 }");
  EndGraph();
  EXPECT_THAT(graph_->output(), testing::Not(HasSubstr("trace_limits")));
}

TEST_F(TracerServiceTest, NeedsTheRightToWhatItDoes) {
  for (const auto& [option, named] : {std::pair("--payload", "TracePayload"),
                                      {"--lossless", "lossless = true"}}) {
    graph_ = Start("[graph]\nname = 'g'\n[port.p]\n" +
                   Service("server", "'echo', 'p'", "provides = ['p']") +
                   "[service.tracer]\nprogram = 'keyport-tracer'\n"
                   "traces = ['p']\narguments = ['" +
                   option + "', '" + file() + "']\n");
    EXPECT_TRUE(graph_->WaitFor(named)) << graph_->output();
  }
}

TEST_F(TracerServiceTest, LosesNothingWhereTheManifestAllowsIt) {
  StartTraced("'everything'",
              "'--lossless=1000', '--strict', '--rotate', '64K', "
              "'--keep', '10000', ",
              "lossless = true");
  WaitForFiles(3);
  EndGraph();
  ExpectSaid();
  EXPECT_EQ(Sum("lost"), 0u);
  EXPECT_THAT(graph_->output(), HasSubstr(" for this tracer"));
}

TEST_F(TracerServiceTest, RecordsPayloadWhereTheManifestAllowsIt) {
  StartTraced("['front']", "'--payload', '--rotate', '64K', ",
              "payload = true");
  WaitForFiles(2);
  EndGraph();
  EXPECT_THAT(Shown({"--payload"}), HasSubstr("> hi"));
}

TEST_F(TracerServiceTest, KilledItLeavesAReadableFileAndItsNextLifeANewOne) {
  StartTraced("'everything'", "'--rotate', '1G', ", "restart = 'on-failure'");
  WaitForBytes(Files()[0]);
  kill(TracerPid(), SIGKILL);
  ASSERT_TRUE(graph_->WaitFor("recording to", 2)) << graph_->output();
  ASSERT_EQ(Files().size(), 2u);
  WaitForBytes(Files()[1]);
  EndGraph();
  for (const std::string& path : Files()) {
    const Finished shown = Tool({"trace", "--from", path});
    EXPECT_EQ(shown.exit_code, 0) << shown.output;
    EXPECT_THAT(shown.output, HasSubstr("-> store (store)"));
    const bool ended =
        shown.output.find("did not come to the end") == std::string::npos &&
        shown.output.find("no whole block") == std::string::npos;
    EXPECT_EQ(ended, path == Files()[1]) << shown.output;
  }
}

TEST_F(TracerServiceTest, KeepsTheNewestFilesOverItsLives) {
  StartTraced("'everything'", "'--rotate', '64K', '--keep', '2', ",
              "restart = 'on-failure'");
  ASSERT_TRUE(Eventually([&] {
    const auto files = Files();
    return !files.empty() && files.back() >= keyport::SeriesPath(file(), 4);
  }));
  kill(TracerPid(), SIGKILL);
  ASSERT_TRUE(graph_->WaitFor("recording to", 2)) << graph_->output();
  EndGraph();
  EXPECT_LE(Files().size(), 2u);
}

// A file that may not grow is a disk that is full.
TEST_F(TracerServiceTest, GoesOnWhenThereIsRoomAgainAndTellsWhatWasLost) {
  StartTraced("'everything'", "'--rotate', '1G', ");
  const pid_t tracer = TracerPid();
  ASSERT_EQ(Files().size(), 1u);
  LimitFiles(tracer, std::filesystem::file_size(Files()[0]) + 5'000);
  ASSERT_TRUE(graph_->WaitFor("until there is room")) << graph_->output();
  // The graph goes on meanwhile: more than a ring holds.
  const Finished passed = Tool({"trace", "--summary-only", "-n", "2600"});
  EXPECT_EQ(passed.exit_code, 0) << passed.output;
  LimitFiles(tracer, RLIM_INFINITY);
  ASSERT_TRUE(graph_->WaitFor("writing again; ")) << graph_->output();
  EXPECT_THAT(graph_->output(), testing::Not(HasSubstr("again; 0 records")));
  EndGraph();
  ExpectSaid();
  EXPECT_GT(Sum("lost"), 0u);
  EXPECT_THAT(Shown(), HasSubstr("records lost between"));
}

TEST_F(TracerServiceTest, SaysWhatItCouldNotWriteAtItsEnd) {
  StartTraced("'everything'", "'--rotate', '1G', ");
  LimitFiles(TracerPid(), std::filesystem::file_size(Files()[0]) + 5'000);
  ASSERT_TRUE(graph_->WaitFor("until there is room")) << graph_->output();
  graph_->Signal(SIGTERM);
  graph_->Wait();
  EXPECT_THAT(graph_->output(), HasSubstr("could not be written"));
  const Finished shown = Tool({"trace", "--from", Files()[0]});
  EXPECT_EQ(shown.exit_code, 0) << shown.output;
  EXPECT_THAT(shown.output, HasSubstr("-> store (store)"));
}

TEST_F(TracerServiceTest, DoesNotKeepAGraphAlive) {
  graph_ = Start("[graph]\nname = 'short'\n[port.p]\n" +
                 Service("server", "'read', 'p'", "provides = ['p']") +
                 Service("sender", "'send', 'p', '10'", "uses = ['p']") +
                 "[service.tracer]\nprogram = 'keyport-tracer'\n"
                 "traces = 'everything'\nrestart = 'always'\n"
                 "arguments = ['" +
                 file() + "']\n");
  EXPECT_EQ(graph_->Wait(), 0) << graph_->output();
}

TEST_F(TracerServiceTest, RecordsARunningGraphByHand) {
  StartChain();
  const Finished record =
      RunProgram({{Program("keyport-tracer"), "-n", "200", file()},
                  {"XDG_RUNTIME_DIR=" + folder_.path()}});
  EXPECT_EQ(record.exit_code, 0) << record.output;
  EXPECT_THAT(record.output,
              HasSubstr(std::to_string(Sum("seen")) + " records seen, "));
  const Finished output = RunProgram({{Program("keyport-tracer"), "-"}, {}});
  EXPECT_EQ(output.exit_code, 2) << output.output;
}

}  // namespace
}  // namespace integration
