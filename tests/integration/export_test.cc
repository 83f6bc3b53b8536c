// keyport export: a recorded graph in other tools' formats, whose numbers
// agree with those of keyport trace.
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <map>

#include "tests/integration/support/recorded_graph.h"
#include "tests/unit/services/perfetto_events.h"

namespace integration {
namespace {

using testing::HasSubstr;

class ExportTest : public RecordedGraphTest {
 protected:
  void SetUp() override { RecordChain(); }

  std::string out() const { return folder_.path() + "/out"; }
  void Export(const std::string& format) const {
    const Finished exported = Tool({"export", file(), format, out()});
    ASSERT_EQ(exported.exit_code, 0) << exported.output;
    EXPECT_EQ(exported.output, "");
  }
  std::string Exported() const {
    std::ifstream stream(out(), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static bool IsThere(const char* program) {
    return access(program, X_OK) == 0;
  }
};

TEST_F(ExportTest, PerfettoHoldsTheCallsThatTheTraceShows) {
  Export("--perfetto");
  const keyport::PerfettoEvents events(Exported());
  EXPECT_EQ(events.complaints(), std::set<std::string>());
  // By service and port: sent and received; and the times as keyport says.
  std::map<std::string, int> traced, sliced;
  std::multiset<uint64_t> traced_ns, sliced_ns;
  int both = 0;
  for (const Json& message : Traced()) {
    if (!message.contains("flow")) continue;
    const std::string port = message["port"];
    if (message["from"] != "")
      ++traced[message["from"].get<std::string>() + " call " + port];
    if (message["to"] != "" && !message["queue_ns"].is_null())
      ++traced[message["to"].get<std::string>() + " " + port];
    if (message["from"] != "" && message["to"] != "" &&
        !message["queue_ns"].is_null())
      ++both;
    if (!message["total_ns"].is_null())
      traced_ns.insert(message["total_ns"].get<uint64_t>());
  }
  std::multiset<uint64_t> begun, ended;
  for (const keyport::PerfettoSlice& slice : events.slices()) {
    ++sliced[slice.process + " " + slice.name];
    if (slice.category == "call" && slice.end_ns - slice.begin_ns > 1)
      sliced_ns.insert(slice.end_ns - slice.begin_ns);
    begun.insert(slice.flows.begin(), slice.flows.end());
    ended.insert(slice.ending_flows.begin(), slice.ending_flows.end());
  }
  EXPECT_EQ(sliced, traced);
  EXPECT_EQ(sliced_ns, traced_ns);
  EXPECT_EQ(begun, ended);
  EXPECT_EQ(begun.size(), static_cast<size_t>(both));
  EXPECT_EQ(std::set<uint64_t>(begun.begin(), begun.end()).size(),
            begun.size());
  EXPECT_GT(both, 90);
}

TEST_F(ExportTest, ProtocReadsThePerfettoTrace) {
  constexpr char kProtoc[] = "/usr/bin/protoc";
  if (!IsThere(kProtoc)) GTEST_SKIP() << "protoc is not installed";
  Export("--perfetto");
  const Finished read = RunProgram(
      {{"/bin/sh", "-c", std::string(kProtoc) + " --decode_raw < " + out()},
       {}});
  EXPECT_EQ(read.exit_code, 0);
  EXPECT_THAT(read.output, HasSubstr("23: \"call store\""));
}

TEST_F(ExportTest, SeveralFormatsComeFromOneCommand) {
  const std::string other = folder_.path() + "/other";
  const Finished exported =
      Tool({"export", file(), "--perfetto", out(), "--chrome", other});
  EXPECT_EQ(exported.exit_code, 0) << exported.output;
  EXPECT_EQ(access(other.c_str(), F_OK), 0);
  EXPECT_EQ(access(out().c_str(), F_OK), 0);
}

TEST_F(ExportTest, SaysWhatIsWrong) {
  const std::string damaged = folder_.Write("damaged", "no recording at all");
  for (const std::string format : {"--perfetto"}) {
    const Finished foreign = Tool({"export", damaged, format, out()});
    EXPECT_EQ(foreign.exit_code, 1) << format;
    EXPECT_THAT(foreign.output, HasSubstr("this is no pcapng file"));
    EXPECT_NE(access(out().c_str(), F_OK), 0) << "nothing was made";
    const Finished nowhere = Tool({"export", file(), format, "/nowhere/out"});
    EXPECT_EQ(nowhere.exit_code, 1);
    EXPECT_THAT(nowhere.output, HasSubstr("/nowhere/out"));
  }
  EXPECT_EQ(Tool({"export", file()}).exit_code, 2);
}

}  // namespace
}  // namespace integration
