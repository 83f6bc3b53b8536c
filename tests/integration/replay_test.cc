// keyport replay: recorded requests sent again, and the answers compared.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/integration/support/recorded_graph.h"

namespace integration {
namespace {

using testing::HasSubstr;

class ReplayTest : public RecordedGraphTest {
 protected:
  // A client calls front, which calls store.
  static std::string Chain(const std::string& front =
                               "'relay', 'front', "
                               "'store'") {
    return "[graph]\nname = 'chain'\n[port.front]\n[port.store]\n" +
           Service("store", "'echo', 'store'", "provides = ['store']") +
           Service("front", front, "provides = ['front']\nuses = ['store']") +
           Service("client", "'call-often', 'front', 'hi'",
                   "uses = ['front']\ninstances = 2");
  }
  void RecordPayload(const std::vector<std::string>& options = {
                         "--payload", "--snaplen", "65536"}) {
    StartChain();
    std::vector<std::string> words = {"record", "-n", "60", file()};
    words.insert(words.end(), options.begin(), options.end());
    const Finished record = Tool(words);
    ASSERT_EQ(record.exit_code, 0) << record.output;
    graph_->Signal(SIGTERM);
    EXPECT_EQ(graph_->Wait(), 0) << graph_->output();
  }
  Finished Replay(const std::string& manifest,
                  const std::vector<std::string>& options) const {
    std::vector<std::string> words = {"replay", file(), "--graph",
                                      folder_.Write("again.toml", manifest)};
    words.insert(words.end(), options.begin(), options.end());
    return Tool(words);
  }
};

TEST_F(ReplayTest, TheSameServiceAnswersTheSame) {
  RecordPayload();
  const Finished replay =
      Replay(Chain(), {"--only", "client->front", "--json"});
  EXPECT_EQ(replay.exit_code, 0) << replay.output;
  const std::vector<Json> lines = ObjectsIn(replay.output);
  ASSERT_EQ(lines.size(), 3u) << replay.output;  // two clients, and the sums
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(lines[i]["port"], "front");
    EXPECT_EQ(lines[i]["label"], 3);
    EXPECT_EQ(lines[i]["calls"], lines[i]["equal"]);
    EXPECT_GT(lines[i]["recorded_p50_ns"].get<uint64_t>(), 0u);
    EXPECT_GT(lines[i]["replayed_p50_ns"].get<uint64_t>(), 0u);
  }
  EXPECT_GT(lines[2]["equal"].get<uint64_t>(), 20u);
  EXPECT_EQ(lines[2]["differ"], 0);
  EXPECT_EQ(lines[2]["equal_in_part"], 0);
  EXPECT_EQ(lines[2]["sent"], lines[2]["equal"]);
  EXPECT_THAT(replay.output, HasSubstr("in the place of client.1, client.2"));
  EXPECT_EQ(
      lines[2]["sent"].get<uint64_t>(),
      lines[0]["sent"].get<uint64_t>() + lines[1]["sent"].get<uint64_t>());
}

TEST_F(ReplayTest, AnAnswerThatDiffersIsShownWithItsFirstByte) {
  RecordPayload();
  const Finished other = Replay(
      Chain("'shout', 'front'"),
      {"--only", "client->front", "--speed", "max", "--differences", "2"});
  EXPECT_EQ(other.exit_code, 3) << other.output;
  EXPECT_THAT(other.output,
              HasSubstr("answers differ at byte 5: recorded 68 'h', replayed "
                        "48 'H'"));
  EXPECT_THAT(other.output, HasSubstr(" more differences"));
  EXPECT_THAT(other.output, HasSubstr(" 0 equal, "));
}

TEST_F(ReplayTest, SaysWhatCannotBeSentAgain) {
  RecordPayload({"--payload", "--snaplen", "1"});
  const Finished cut = Replay(Chain(), {"--port", "front"});
  EXPECT_EQ(cut.exit_code, 1) << cut.output;
  EXPECT_THAT(cut.output, HasSubstr("without their whole payload"));
  EXPECT_THAT(cut.output, HasSubstr("--snaplen 65536"));
}

TEST_F(ReplayTest, WantsToKnowWhichOfSeveralPorts) {
  RecordPayload();
  const Finished which = Replay(Chain(), {});
  EXPECT_EQ(which.exit_code, 1) << which.output;
  EXPECT_THAT(which.output, HasSubstr("several ports"));
  EXPECT_THAT(which.output, HasSubstr("client.1->front ("));
  EXPECT_THAT(which.output, HasSubstr("front->store ("));
  EXPECT_THAT(which.output, HasSubstr("--only FROM->PORT"));
}

TEST_F(ReplayTest, SaysWhenTheGraphIsAnother) {
  RecordPayload();
  const Finished none = Replay(Chain(), {"--port", "nowhere"});
  EXPECT_EQ(none.exit_code, 1) << none.output;
  EXPECT_THAT(none.output, HasSubstr("no such request"));
  const std::string other =
      "[graph]\nname = 'other'\n[port.front]\n" +
      Service("front", "'echo', 'front'", "provides = ['front']") +
      Service("guest", "'call', 'front', 'hi'", "uses = ['front']");
  const Finished stranger = Replay(other, {"--port", "front"});
  EXPECT_EQ(stranger.exit_code, 1) << stranger.output;
  EXPECT_THAT(stranger.output, HasSubstr("\"client.1\" is no service of"));
  const std::string barred =
      "[graph]\nname = 'barred'\n[port.front]\n" +
      Service("front", "'echo', 'front'", "provides = ['front']") +
      Service("client", "'pause'", "instances = 2");
  const Finished not_allowed = Replay(barred, {"--port", "front"});
  EXPECT_EQ(not_allowed.exit_code, 1) << not_allowed.output;
  EXPECT_THAT(not_allowed.output, HasSubstr("but may not in"));
  const Finished silent = Replay(
      "[graph]\nname = 'silent'\n[port.front]\n" +
          Service("front", "'pause'", "provides = ['front']") +
          Service("client", "'pause'", "uses = ['front']\ninstances = 2"),
      {"--port", "front", "--patience", "0.2"});
  EXPECT_EQ(silent.exit_code, 1) << silent.output;
  EXPECT_THAT(silent.output, HasSubstr("nobody listens on front"));
}

TEST_F(ReplayTest, ACallThatIsNotAnsweredDiffers) {
  RecordPayload();
  const Finished held = Replay(Chain("'hold', 'front'"),
                               {"--only", "client->front", "--speed", "max",
                                "--patience", "0.01", "--differences", "1"});
  EXPECT_EQ(held.exit_code, 3) << held.output;
  EXPECT_THAT(held.output, HasSubstr("recorded ok, replayed timed_out"));
}

TEST_F(ReplayTest, SaysWhenTheGraphEndsFirst) {
  RecordPayload();
  const Finished ended =
      Replay(Chain() + Service("breaker", "'exit', '4'", "job = true"),
             {"--only", "client->front", "--speed", "0.01"});
  EXPECT_EQ(ended.exit_code, 1) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("the graph ended before"));
}

}  // namespace
}  // namespace integration
