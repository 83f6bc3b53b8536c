// examples/readers_writers, as its README runs it.
#include <gmock/gmock.h>

#include "tests/integration/support/graph_test.h"

namespace integration {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

using ReadersWriters = GraphTest;

TEST_F(ReadersWriters, AWriterKilledInTheMiddleIsRepairedAndReadersNeverSeeIt) {
  const Finished graph =
      Tool({"run", KEYPORT_SOURCE_DIR
            "/examples/readers_writers/readers_writers.toml"});
  EXPECT_EQ(graph.exit_code, 0) << graph.output;
  EXPECT_THAT(graph.output, HasSubstr("owner_died: a writer was killed"));
  EXPECT_THAT(graph.output, ContainsRegex("repaired: [0-9]+ \\+ [0-9]+"));
  EXPECT_THAT(graph.output, ContainsRegex("at most [0-9]+ reads began"));
  EXPECT_THAT(graph.output, Not(HasSubstr("half a write")));
}

}  // namespace
}  // namespace integration
