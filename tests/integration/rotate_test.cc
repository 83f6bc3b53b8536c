// keyport record --rotate: a recording as a series of files.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>

#include "tests/integration/support/recorded_graph.h"

namespace integration {
namespace {

using testing::HasSubstr;

using RotateTest = RecordedSeriesTest;

TEST_F(RotateTest, TheFilesAddUpToTheRecording) {
  StartChain();
  const Finished record =
      Tool({"record", "--rotate", "64K", "-n", "1000", file()});
  EXPECT_EQ(record.exit_code, 0) << record.output;
  const std::vector<std::string> files = Files();
  EXPECT_GE(files.size(), 4u);
  EXPECT_THAT(record.output,
              HasSubstr("in " + std::to_string(files.size()) + " files"));
  const uint64_t lost = Sum("lost");
  EXPECT_THAT(record.output,
              HasSubstr("record: " + std::to_string(Sum("seen")) +
                        " records seen, " + std::to_string(lost) + " lost"));
  for (const std::string& path : files) {
    const Finished whole = Tool({"trace", "--from", path, "--strict"});
    if (lost == 0) {
      EXPECT_EQ(whole.exit_code, 0) << whole.output;
    }
    EXPECT_THAT(whole.output, HasSubstr(" -> store (store)")) << path;
    EXPECT_LT(std::filesystem::file_size(path), 512u * 1'024) << path;
  }
}

TEST_F(RotateTest, PutTogetherTheyAreOneRecording) {
  StartChain();
  const Finished record =
      Tool({"record", "--rotate", "64K", "-n", "500", file()});
  EXPECT_EQ(record.exit_code, 0) << record.output;
  const Finished all =
      RunProgram({{"/bin/sh", "-c",
                   "cat " + folder_.path() + "/out.*.pcapng | " +
                       Program("keyport") + " trace --from - --json --strict"},
                  {}});
  const Json totals = ObjectsIn(all.output).back();
  EXPECT_EQ(totals["seen"], Sum("seen"));
  EXPECT_THAT(record.output,
              HasSubstr("record: " + totals["messages"].dump() + " messages"));
}

TEST_F(RotateTest, KeepsTheNewestFiles) {
  StartChain();
  const Finished record =
      Tool({"record", "--rotate", "64K", "--keep", "2", "-n", "1000", file()});
  EXPECT_EQ(record.exit_code, 0) << record.output;
  const std::vector<std::string> files = Files();
  ASSERT_EQ(files.size(), 2u);
  EXPECT_THAT(files[0], testing::Not(HasSubstr("00001")));
  for (const std::string& path : files)
    EXPECT_THAT(Tool({"trace", "--from", path}).output,
                HasSubstr("client.1 -> front (front)"));
}

TEST_F(RotateTest, AKilledRecorderLeavesFilesThatCanBeRead) {
  StartChain();
  Running record(Keyport({"record", "--rotate", "64K", file()}));
  ASSERT_TRUE(record.WaitFor("recording")) << record.output();
  while (Files().size() < 3) ASSERT_EQ(Tool({"ps"}).exit_code, 0);
  record.Signal(SIGKILL);
  EXPECT_EQ(record.Wait(), 128 + SIGKILL);
  const std::vector<std::string> files = Files();
  for (const std::string& path : files) {
    const Finished shown = Tool({"trace", "--from", path});
    EXPECT_EQ(shown.exit_code, 0) << shown.output;
    const bool ended =
        shown.output.find("did not come to the end") == std::string::npos &&
        shown.output.find("no whole block") == std::string::npos;
    EXPECT_EQ(ended, path != files.back()) << path;
  }
}

TEST_F(RotateTest, SaysWhatIsWrong) {
  EXPECT_EQ(Tool({"record", "--keep", "2", file()}).exit_code, 2);
  EXPECT_EQ(Tool({"record", "--rotate", "much", file()}).exit_code, 2);
  EXPECT_EQ(Tool({"record", "--rotate", "10", file()}).exit_code, 2);
  const Finished output = Tool({"record", "--rotate", "1M", "-"});
  EXPECT_EQ(output.exit_code, 2);
  EXPECT_THAT(output.output, HasSubstr("standard output is no series"));
}

}  // namespace
}  // namespace integration
