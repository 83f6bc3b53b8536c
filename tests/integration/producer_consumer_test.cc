// The producer and the consumer with real processes, over each kind of
// buffering: what is lost, who knows, and what a death costs.
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/integration/support/graph_test.h"

namespace integration {
namespace {

class ProducerConsumerTest : public GraphTest {
 protected:
  Running::Options Graph(const std::string& count) const {
    return Keyport({"run",
                    KEYPORT_SOURCE_DIR
                    "/examples/producer_consumer/producer_consumer.toml",
                    count});
  }
  static void KillThe(const Running& graph, const std::string& who) {
    for (const pid_t pid :
         ChildrenOf(graph.pid(), "keyport-producer-consumer-" + who))
      kill(pid, SIGKILL);
  }
  static void ExpectSays(const std::string& output, const std::string& text) {
    EXPECT_NE(output.find(text), std::string::npos)
        << text << "\n--- is not in\n"
        << output;
  }
};

TEST_F(ProducerConsumerTest, EachKindDoesItsOwnWhenTheBufferIsFull) {
  const auto done = RunProgram(Graph("1000"));
  EXPECT_EQ(done.exit_code, 0) << done.output;
  ExpectSays(done.output,
             "meeting         1000        0  yes           0     1000");
  // 4,096 bytes hold 64 items; the rest waits, or is refused.
  ExpectSays(done.output,
             "blocking        1000       64  yes           0     1000");
  ExpectSays(done.output,
             "failing           64       64  no          936       64");
  // And 16,384 bytes 256 more.
  ExpectSays(done.output,
             "growing         1000      320  yes           0     1000");
  // The newest stay. They are 56 to 64, as far as the last step is away.
  ExpectSays(done.output,
             "overwriting     1000       64  no          936       64");
}

TEST_F(ProducerConsumerTest, WhatFitsIsTreatedAlikeByEachKind) {
  const auto done = RunProgram(Graph("64"));
  EXPECT_EQ(done.exit_code, 0) << done.output;
  ExpectSays(done.output,
             "blocking          64      all  no            0       64");
  ExpectSays(done.output,
             "failing           64      all  no            0       64");
  ExpectSays(done.output,
             "meeting           64        0  yes           0       64");
}

// The consumer is killed whenever it begins; the producer checks that what the
// last one took is in order and without holes.
TEST_F(ProducerConsumerTest, AKilledConsumerLosesOnlyWhatItHadTaken) {
  Running graph(Graph("100000"));
  for (int kills = 1; kills <= 3; ++kills) {
    ASSERT_TRUE(graph.WaitFor("begins to take from blocking", kills))
        << graph.output();
    KillThe(graph, "consumer");
  }
  EXPECT_EQ(graph.Wait(), 0) << graph.output();
  ExpectSays(graph.output(), "blocking      100000       64  yes           0 ");
  ExpectSays(graph.output(), "failing           64       64  no        99936");
}

TEST_F(ProducerConsumerTest, AKilledProducerBeginsAgain) {
  Running graph(Graph("100000"));
  ASSERT_TRUE(graph.WaitFor("begins to take from blocking")) << graph.output();
  KillThe(graph, "producer");
  EXPECT_EQ(graph.Wait(), 0) << graph.output();
  ExpectSays(graph.output(), "producer was killed by signal 9");
  ExpectSays(graph.output(), " 0   100000  bounded, the producer waits");
}

TEST_F(ProducerConsumerTest, WhatIsNoCountIsRefused) {
  const auto done = RunProgram(Graph("many"));
  EXPECT_EQ(done.exit_code, 2) << done.output;
  ExpectSays(done.output, "expected a count from 1 to 100000000, not 'many'");
}

}  // namespace
}  // namespace integration
