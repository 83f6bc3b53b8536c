// docs/tracing_tutorial.md: the planted troubles are found by the commands that
// it names.
#include <gmock/gmock.h>
#include <signal.h>

#include <memory>

#include "tests/integration/support/recorded_graph.h"

namespace integration {
namespace {

using testing::HasSubstr;
using testing::Not;

class TroublesTest : public RecordedGraphTest {
 protected:
  void Run(const std::string& name) {
    graph_ = std::make_unique<Running>(Keyport(
        {"run", KEYPORT_SOURCE_DIR "/examples/troubles/" + name + ".toml"}));
  }
  void End() {
    graph_->Signal(SIGINT);
    EXPECT_EQ(graph_->Wait(), 0) << graph_->output();
  }
  std::string Output(std::vector<std::string> words) const {
    const Finished finished = Tool(std::move(words));
    EXPECT_EQ(finished.exit_code, 0) << finished.output;
    return finished.output;
  }
};

TEST_F(TroublesTest, ASlowServiceIsFoundByTheWorkOfEachLabel) {
  Run("slow");
  ASSERT_TRUE(graph_->WaitFor("its socket is")) << graph_->output();
  Output({"record", "-n", "4000", file()});
  End();
  const auto works = ObjectsOf({"hist", "store", "--from", file(), "--by",
                                "label", "--split", "work", "--json"});
  ASSERT_EQ(works.size(), 3u);  // and the totals
  EXPECT_EQ(works[0]["label"], 1);
  EXPECT_EQ(works[1]["label"], 2);
  EXPECT_GT(works[0]["count"], 10 * works[1]["count"].get<uint64_t>());
  EXPECT_GT(works[1]["p50_ns"], 20 * works[0]["p50_ns"].get<uint64_t>());
  // The slowest chain says where its time went.
  const auto slowest = ObjectsOf({"flow", file(), "-n", "1", "--json"});
  ASSERT_FALSE(slowest.empty());
  const auto number = slowest[0]["flow"].get<std::string>();
  EXPECT_THAT(Output({"flow", file(), number}), HasSubstr("longest: "));
}

TEST_F(TroublesTest, ALostWakeUpIsFoundByWhatWasTakenAndNotAnswered) {
  Run("stuck");
  ASSERT_TRUE(graph_->WaitFor("its socket is")) << graph_->output();
  std::string post;
  EXPECT_TRUE(Eventually([&] {
    post = Tool({"post", "sleeper"}).output;
    return post.find("not answered: call 100 of asker") != std::string::npos;
  })) << post;
  // The only one, though another thread answers than the one that takes.
  EXPECT_THAT(post, Not(HasSubstr("not answered: call 99 ")));
  EXPECT_THAT(post, Not(HasSubstr(" more; all with")));
  EXPECT_THAT(post, HasSubstr("2 threads, "));
  EXPECT_THAT(Output({"ps"}), HasSubstr("call-blocked :"));
  const auto ports = ObjectsOf({"ports", "--json"});
  ASSERT_EQ(ports.size(), 1u);
  EXPECT_EQ(ports[0]["messages"], 100);
  EXPECT_EQ(ports[0]["queued_bytes"], 0);
  End();
}

TEST_F(TroublesTest, ALeakOfCapabilitiesIsFoundByWhoHoldsThem) {
  Run("leak");
  ASSERT_TRUE(graph_->WaitFor("the desk is full")) << graph_->output();
  EXPECT_THAT(graph_->output(), HasSubstr("used 200 of 200"));
  uint64_t used = 0;
  for (const Json& account : ObjectsOf({"accounts", "--json"}))
    if (account["account"] == "hoarder") used = account["handles"]["used"];
  EXPECT_EQ(used, 200u);
  int alike = 0;
  uint64_t one = 0;
  for (const Json& held : ObjectsOf({"caps", "hoarder", "--json"})) {
    if (held["from"] != "visitor" || held["kind"] != "port") continue;
    ++alike;
    one = held["handle"];
  }
  EXPECT_GE(alike, 190);
  EXPECT_THAT(Output({"explain", "hoarder", std::to_string(one)}),
              HasSubstr("made by visitor"));
  End();
}

}  // namespace
}  // namespace integration
