// `keyport top` on a running graph: as lines, as JSON, on a terminal.
#include <gmock/gmock.h>
#include <signal.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/integration/support/graph_test.h"
#include "tests/integration/support/on_terminal.h"

namespace integration {
namespace {

using Json = nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr char kAlternateScreen[] = "\x1b[?1049h";
constexpr char kOrdinaryScreen[] = "\x1b[?1049l";

// A pair that talks all the time, and a port that nobody uses.
class TopTest : public GraphTest {
 protected:
  void SetUp() override {
    graph_ = Start(
        "[graph]\nname = 'example'\n[port.echo]\n[port.idle]\n" +
        Service("server", "'echo', 'echo'", "provides = ['echo']") +
        Service("talker", "'call-often', 'echo', 'hi'", "uses = ['echo']"));
    ASSERT_TRUE(graph_->WaitFor("listening")) << graph_->output();
  }
  static std::vector<Json> JsonLines(const std::string& output) {
    std::vector<Json> lines;
    std::istringstream text(output);
    for (std::string line; std::getline(text, line);)
      lines.push_back(Json::parse(line));
    return lines;
  }
  // Once it has drawn something.
  std::unique_ptr<OnTerminal> Screen(std::vector<std::string> words = {},
                                     OnTerminal::Size size = {},
                                     const char* interval = "0.05") const {
    words.insert(words.begin(), {"top", "--interval", interval});
    auto screen = std::make_unique<OnTerminal>(Keyport(words), size);
    EXPECT_TRUE(screen->WaitFor("q quit")) << screen->output();
    EXPECT_FALSE(screen->Echoes());
    return screen;
  }
  static void ExpectRestored(const OnTerminal& screen) {
    EXPECT_TRUE(screen.Echoes());
    EXPECT_THAT(screen.output(), HasSubstr(kOrdinaryScreen));
  }

  std::unique_ptr<Running> graph_;
};

TEST_F(TopTest, SamplesAreJsonLines) {
  const Finished top =
      Tool({"top", "-n", "2", "--interval", "0.2", "--json", "--sort", "port"});
  EXPECT_EQ(top.exit_code, 0) << top.output;
  const auto samples = JsonLines(top.output);
  ASSERT_EQ(samples.size(), 2u) << top.output;
  for (const Json& sample : samples) {
    EXPECT_GE(sample["elapsed_ns"], 200'000'000);
    ASSERT_EQ(sample["ports"].size(), 2u) << sample.dump();
    const Json& echo = sample["ports"][0];
    EXPECT_EQ(echo["port"], "echo");
    EXPECT_EQ(echo["listener"], "server");
    EXPECT_EQ(echo["ring_bytes"], 256 * 1024);
    const Json& idle = sample["ports"][1];
    EXPECT_EQ(idle["port"], "idle");
    EXPECT_EQ(idle["listener"], "nobody");
    EXPECT_EQ(idle["messages_per_s"], 0);
  }
  EXPECT_EQ(samples[1]["ports"][0]["lanes"], 1);
}

TEST_F(TopTest, ABusyPortHasRates) {
  const Finished top =
      Tool({"top", "-n", "2", "--interval", "0.5", "--json", "--port", "echo"});
  const auto samples = JsonLines(top.output);
  ASSERT_EQ(samples.size(), 2u) << top.output;
  const Json& echo = samples[1]["ports"][0];
  for (const char* rate :
       {"messages_per_s", "replies_per_s", "bytes_per_s", "taken_per_s"})
    EXPECT_GT(echo[rate], 0) << rate << " of " << echo.dump();
  // A pair that rests a millisecond after each call has to sleep.
  EXPECT_GT(echo["senders"]["wakes"], 0) << echo.dump();
}

TEST_F(TopTest, ABusyPortTellsHowLongThingsTook) {
  const Finished top =
      Tool({"top", "-n", "2", "--interval", "0.5", "--json", "--port", "echo"});
  const auto samples = JsonLines(top.output);
  ASSERT_EQ(samples.size(), 2u) << top.output;
  const Json& echo = samples[1]["ports"][0];
  for (const char* time : {"queue_p99_ns", "work_p99_ns", "total_p99_ns"}) {
    ASSERT_TRUE(echo[time].is_number()) << time << " of " << echo.dump();
    EXPECT_GT(echo[time], 0);
  }
  EXPECT_GT(echo["samples"], 0);
  const Finished chosen = Tool({"top", "-n", "1", "--interval", "0.05", "-o",
                                "port,total-p99", "--port", "echo"});
  EXPECT_THAT(chosen.output, testing::ContainsRegex("PORT +T-P99\n"));
}

TEST_F(TopTest, RatesAreTheDifferencesOfItsCounters) {
  const Finished top =
      Tool({"top", "-n", "2", "--interval", "0.2", "--json", "--port", "echo"});
  const auto samples = JsonLines(top.output);
  ASSERT_EQ(samples.size(), 2u) << top.output;
  const Json& before = samples[0]["ports"][0];
  const Json& now = samples[1]["ports"][0];
  const double seconds = samples[1]["elapsed_ns"].get<double>() / 1e9;
  const auto added = [&](const char* end, const char* counter) {
    return now[end][counter].get<double>() - before[end][counter].get<double>();
  };
  EXPECT_NEAR(now["messages_per_s"].get<double>() * seconds,
              added("senders", "messages"), 0.5);
  EXPECT_NEAR(now["taken_per_s"].get<double>() * seconds,
              added("listeners", "taken"), 0.5);
  EXPECT_NEAR(now["wakes_per_s"].get<double>() * seconds,
              added("senders", "wakes") + added("listeners", "wakes"), 0.5);
}

TEST_F(TopTest, LanesTellWhoSends) {
  const Finished top = Tool({"top", "-n", "1", "--interval", "0.05", "--json",
                             "--lanes", "--port", "echo"});
  EXPECT_EQ(top.exit_code, 0) << top.output;
  const auto samples = JsonLines(top.output);
  ASSERT_EQ(samples.size(), 1u);
  ASSERT_EQ(samples[0]["lanes"].size(), 1u) << top.output;
  EXPECT_EQ(samples[0]["lanes"][0]["sender"], "talker");
  EXPECT_EQ(samples[0]["lanes"][0]["port"], "echo");
}

TEST_F(TopTest, WithoutATerminalItPrintsPlainTables) {
  const Finished top = Tool({"top", "-n", "2", "--interval", "0.05"});
  EXPECT_EQ(top.exit_code, 0) << top.output;
  EXPECT_THAT(top.output, testing::StartsWith("2 ports: "));
  EXPECT_THAT(top.output, HasSubstr("\n\n2 ports: "));
  EXPECT_THAT(top.output, HasSubstr("PORT  "));
  EXPECT_THAT(top.output, Not(HasSubstr("\x1b")));
}

TEST_F(TopTest, UnknownWordsAreExplained) {
  const Finished port = Tool({"top", "--port", "ecko"});
  EXPECT_EQ(port.exit_code, 1);
  EXPECT_THAT(port.output, HasSubstr("no port \"ecko\""));
  EXPECT_THAT(port.output, HasSubstr("did you mean \"echo\"?"));
  EXPECT_EQ(Tool({"top", "--sort", "nothing"}).exit_code, 2);
  EXPECT_EQ(Tool({"top", "--interval", "0"}).exit_code, 2);
  EXPECT_EQ(Tool({"top", "-n", "0"}).exit_code, 2);
  const Finished none = Tool({"top", "--socket", "/nonexistent"});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(none.output, HasSubstr("/nonexistent"));
}

TEST_F(TopTest, TheEndOfTheGraphIsSaid) {
  Running top(Keyport({"top", "--interval", "0.05"}));
  ASSERT_TRUE(top.WaitFor("echo")) << top.output();
  auto screen = Screen();
  graph_.reset();
  EXPECT_EQ(top.Wait(), 1);
  EXPECT_THAT(top.output(), HasSubstr("the graph has ended"));
  EXPECT_EQ(screen->Wait(), 1);
  ExpectRestored(*screen);
  EXPECT_THAT(screen->output(),
              EndsWith("the graph has ended (its kernel process is gone)\r\n"));
}

TEST_F(TopTest, AKernelProcessThatDoesNotAnswerIsNotWaitedForForEver) {
  auto screen = Screen();
  const auto kernels = ChildrenOf(graph_->pid(), "keyport-kernel");
  ASSERT_EQ(kernels.size(), 1u);
  kill(kernels[0], SIGSTOP);
  EXPECT_EQ(screen->Wait(), 1);
  kill(kernels[0], SIGCONT);
  ExpectRestored(*screen);
  EXPECT_THAT(screen->output(),
              EndsWith("the kernel process has not answered for 5s\r\n"));
}

TEST_F(TopTest, AScreenShowsPortsAndLanesUntilQ) {
  auto screen = Screen({"--sort", "messages"});
  EXPECT_THAT(screen->output(), HasSubstr(kAlternateScreen));
  EXPECT_TRUE(screen->WaitFor("messages/s")) << screen->output();
  EXPECT_TRUE(screen->WaitFor("sort: messages")) << screen->output();
  screen->Type("l");
  EXPECT_TRUE(screen->WaitFor("talker")) << screen->output();
  screen->Type(" ");
  EXPECT_TRUE(screen->WaitFor("PAUSED")) << screen->output();
  screen->Type("q");
  EXPECT_EQ(screen->Wait(), 0);
  ExpectRestored(*screen);
}

TEST_F(TopTest, AScreenEndsAfterItsSamples) {
  OnTerminal screen(Keyport({"top", "-n", "2", "--interval", "0.05"}), {});
  EXPECT_EQ(screen.Wait(), 0);
  ExpectRestored(screen);
}

TEST_F(TopTest, AScreenFollowsTheSizeOfItsTerminal) {
  auto screen = Screen({}, {.columns = 60, .lines = 8}, "3600");
  EXPECT_THAT(screen->output(), Not(HasSubstr("TAKEN/S")));
  screen->Resize({.columns = 150, .lines = 30});
  EXPECT_TRUE(screen->WaitFor("TAKEN/S")) << screen->output();
  EXPECT_TRUE(screen->WaitFor("\x1b[30;1Hq quit")) << screen->output();
}

TEST_F(TopTest, SignalsLeaveTheTerminalAsItWas) {
  for (const auto& [number, exit_code] :
       {std::pair{SIGINT, 0}, {SIGTERM, 0}, {SIGQUIT, 128 + SIGQUIT}}) {
    auto screen = Screen();
    screen->Signal(number);
    EXPECT_EQ(screen->Wait(), exit_code);
    ExpectRestored(*screen);
  }
  auto typed = Screen();
  typed->Type("\x03");  // Ctrl-C
  EXPECT_EQ(typed->Wait(), 0);
  ExpectRestored(*typed);
}

TEST_F(TopTest, APipeThatIsClosedEndsIt) {
  Running::Options options = Keyport({"top", "--interval", "0.01"});
  options.argv = {"/bin/sh", "-c",
                  options.argv[0] + " top --interval 0.01 | head -n 3"};
  const Finished head = RunProgram(options);
  EXPECT_EQ(head.exit_code, 0) << head.output;
  EXPECT_THAT(head.output, HasSubstr("ports: "));
}

}  // namespace
}  // namespace integration
