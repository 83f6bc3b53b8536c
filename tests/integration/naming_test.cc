// Direct and indirect naming with real processes: who may receive, who
// answers, and what a death costs.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>
#include <sstream>

#include "tests/integration/support/graph_test.h"

namespace integration {
namespace {

constexpr char kHalf[] = "half of the calls are answered";

class NamingTest : public GraphTest {
 protected:
  static std::string Manifest(const std::string& name) {
    return KEYPORT_SOURCE_DIR "/examples/naming/" + name + ".toml";
  }
  Running::Options Graph(const std::string& name,
                         const std::string& count) const {
    return Keyport({"run", Manifest(name), count});
  }
  static void KillOne(const Running& graph, const std::string& program) {
    const auto found = ChildrenOf(graph.pid(), program);
    ASSERT_FALSE(found.empty()) << program;
    kill(found.front(), SIGKILL);
  }
  static void ExpectSays(const std::string& output, const std::string& text) {
    EXPECT_NE(output.find(text), std::string::npos)
        << text << "\n--- is not in\n"
        << output;
  }
};

TEST_F(NamingTest, DirectNamesReachOneProcessEach) {
  const auto done = RunProgram(Graph("direct", "50"));
  EXPECT_EQ(done.exit_code, 0) << done.output;
  ExpectSays(done.output, "ada      | 50 balls came back, 0 had to be");
  ExpectSays(done.output, "carol    | 50 calls answered, by 1 clerk; 0 made");
  ExpectSays(done.output, "dave     | 50 calls answered, by 1 clerk; 0 made");
}

TEST_F(NamingTest, WhoWasNotGivenAPortCannotNameOrReceiveFromIt) {
  const auto done = RunProgram(Graph("direct", "1"));
  ExpectSays(done.output, "send to bob, whom it was not given: not_found");
  ExpectSays(done.output, "give clerk to somebody else: access_denied");
  ExpectSays(done.output, "receive from clerk: access_denied");
}

TEST_F(NamingTest, ADirectPortCannotHaveTwoReceivers) {
  std::ifstream file(Manifest("direct"));
  std::stringstream text;
  text << file.rdbuf() << "[service.rival]\nprogram = '/bin/true'\n"
       << "provides = ['clerk']\n";
  const auto check = Tool({"check", folder_.Write("two.toml", text.str())});
  EXPECT_EQ(check.exit_code, 1) << check.output;
  ExpectSays(check.output, "shareable = true in [port.clerk]");
}

TEST_F(NamingTest, ADirectNameReachesTheNextLifeOfItsProcess) {
  Running graph(Graph("direct", "20000"));
  ASSERT_TRUE(graph.WaitFor(kHalf)) << graph.output();
  KillOne(graph, "keyport-naming-clerk");
  KillOne(graph, "keyport-naming-catcher");
  EXPECT_EQ(graph.Wait(), 0) << graph.output();
  ExpectSays(graph.output(), "ada      | 20000 balls came back");
  ExpectSays(graph.output(), "carol    | 20000 calls answered, by ");
  ExpectSays(graph.output(), "dave     | 20000 calls answered, by ");
  ExpectSays(graph.output(), "by 2 clerks");
}

TEST_F(NamingTest, AMailboxIsSharedByAllItsClerks) {
  const auto done = RunProgram(Graph("mailbox", "2000"));
  EXPECT_EQ(done.exit_code, 0) << done.output;
  ExpectSays(done.output, "carol   | 2000 calls answered, by 3 clerks; 0 made");
  ExpectSays(done.output, "dave    | 2000 calls answered, by 3 clerks; 0 made");
}

TEST_F(NamingTest, AMailboxOutlivesItsClerks) {
  Running graph(Graph("mailbox", "20000"));
  for (int halves = 1; halves <= 2; ++halves) {
    ASSERT_TRUE(graph.WaitFor(kHalf, halves)) << graph.output();
    KillOne(graph, "keyport-naming-clerk");
  }
  EXPECT_EQ(graph.Wait(), 0) << graph.output();
  ExpectSays(graph.output(), "carol   | 20000 calls answered, by ");
  ExpectSays(graph.output(), "dave    | 20000 calls answered, by ");
}

TEST_F(NamingTest, AMailboxChangesItsOwnerWithoutLosingALetter) {
  const auto done = RunProgram(Graph("heir", "50000"));
  EXPECT_EQ(done.exit_code, 0) << done.output;
  ExpectSays(done.output, "owner   | took 1 to 25000; the mailbox goes");
  ExpectSays(done.output, "heir    | took 25001 to 50000, none missing");
  ExpectSays(done.output, "writer  | wrote 50000 letters to one address");
}

}  // namespace
}  // namespace integration
