// `keyport run` over real processes: exit codes, restarts, ends, manifests.
#include <signal.h>

#include <filesystem>
#include <map>

#include "ipc/inspect.h"
#include "ipc/session.h"
#include "tests/integration/support/graph_test.h"

namespace integration {
namespace {

class RunTest : public GraphTest {
 protected:
  // Waits for the services of a running graph and takes their pids.
  static std::vector<pid_t> Services(const Running& graph) {
    return ChildrenOf(graph.pid(), "keyport-test-service");
  }
  void ExpectNothingLeft(const std::vector<pid_t>& pids) const {
    for (const pid_t pid : pids) EXPECT_TRUE(WaitUntilGone(pid));
    const std::string sockets = folder_.path() + "/keyport";
    EXPECT_TRUE(std::filesystem::is_empty(sockets));
  }
};

TEST_F(RunTest, TheJobsExitCodeIsTheGraphs) {
  auto graph = Start(Service("other", "'pause'") +
                     Service("job", "'exit', '7'", "job = true"));
  EXPECT_EQ(graph->Wait(), 7) << graph->output();
  EXPECT_NE(graph->output().find("job exited with 7"), std::string::npos);
}

TEST_F(RunTest, AGraphWithoutAJobEndsWithItsLastService) {
  auto graph = Start(Service("a", "'exit', '0'"));
  EXPECT_EQ(graph->Wait(), 0) << graph->output();
  graph = Start(Service("a", "'exit', '2'"));
  EXPECT_EQ(graph->Wait(), 1) << graph->output();
}

TEST_F(RunTest, ToolsSeeHowAServiceEnded) {
  auto graph =
      Start(Service("short", "'exit', '3'") + Service("long", "'pause'"));
  ASSERT_TRUE(graph->WaitFor("short exited with 3")) << graph->output();
  const std::string socket =
      std::filesystem::directory_iterator(folder_.path() + "/keyport")->path();
  absl::StatusOr<ipc::Session> session = ipc::Session::Connect(socket, "test");
  ASSERT_TRUE(session.ok()) << session.status();
  absl::StatusOr<ipc::Capability> kernel = session->Take("kernel");
  ASSERT_TRUE(kernel.ok()) << kernel.status();
  absl::StatusOr<ipc::Inspector> inspector =
      ipc::Inspector::Create(*std::move(kernel));
  ASSERT_TRUE(inspector.ok()) << inspector.status();
  const auto processes = inspector->Processes();
  ASSERT_TRUE(processes.ok()) << processes.status();
  std::map<std::string, uint32_t> exits;
  for (const ipc::ProcessEntry& entry : *processes)
    exits[entry.name] = entry.exit;
  EXPECT_EQ(exits["short"], ipc::abi::kExitKnown | 3u << 8);
  EXPECT_EQ(exits["long"], 0u);
}

TEST_F(RunTest, OutputIsPrefixedWithTheServicesName) {
  auto graph = Start(Service("speaker", "'say', '${WORD}', 'two'",
                             "job = true\nvariables = { A = 'b' }"),
                     {});
  EXPECT_EQ(graph->Wait(), 1);
  EXPECT_NE(graph->output().find("graph.toml:3:21: ${WORD} has no value"),
            std::string::npos)
      << graph->output();
  const auto spoken = Tool({"run", folder_.path() + "/graph.toml", "WORD=one"});
  EXPECT_EQ(spoken.exit_code, 0) << spoken.output;
  EXPECT_NE(spoken.output.find("speaker | one\nspeaker | two\n"),
            std::string::npos)
      << spoken.output;
}

TEST_F(RunTest, OtherWordsFillTheirPlace) {
  folder_.Write("graph.toml",
                Service("speaker", "'say', '${@}'", "job = true"));
  const auto spoken =
      Tool({"run", folder_.path() + "/graph.toml", "--", "one", "-x"});
  EXPECT_EQ(spoken.exit_code, 0) << spoken.output;
  EXPECT_NE(spoken.output.find("speaker | one\nspeaker | -x\n"),
            std::string::npos)
      << spoken.output;
}

TEST_F(RunTest, CallsReachTheServiceThatProvidesThePort) {
  auto graph = Start(
      "[port.echo]\n" +
      Service("server", "'echo', 'echo'", "provides = ['echo']") +
      Service("client", "'call', 'echo', 'hi'", "uses = ['echo']\njob = true"));
  EXPECT_EQ(graph->Wait(), 0) << graph->output();
  EXPECT_NE(graph->output().find("client  | reply echo hi"), std::string::npos)
      << graph->output();
}

TEST_F(RunTest, ServicesHoldNothingElse) {
  auto graph =
      Start("[port.echo]\n" +
            Service("server", "'echo', 'echo'", "provides = ['echo']") +
            Service("client", "'call', 'kernel', 'hi'",
                    "uses = ['echo']\njob = true"));
  EXPECT_EQ(graph->Wait(), 5) << graph->output();
  EXPECT_NE(graph->output().find("failed: not_found"), std::string::npos)
      << graph->output();
}

TEST_F(RunTest, AKilledJobIsStartedAgain) {
  const std::string marker = folder_.path() + "/died";
  auto graph = Start(Service("job", "'die-once', '" + marker + "', '4'",
                             "job = true\nrestart = 'on-failure'"));
  EXPECT_EQ(graph->Wait(), 4) << graph->output();
  EXPECT_NE(graph->output().find("job was killed by signal 9 (Killed); "
                                 "starting it again in 10.0ms"),
            std::string::npos)
      << graph->output();
  EXPECT_NE(graph->output().find("alive"), std::string::npos);
}

// The port and its queue belong to the supervisor: what the crashed reader had
// not taken is there for its next life, in order.
TEST_F(RunTest, ACrashedReceiversQueueIsKept) {
  const std::string marker = folder_.path() + "/died";
  auto graph = Start(
      "[port.numbers]\n" +
      Service("reader", "'read', 'numbers', '50', '" + marker + "'",
              "provides = ['numbers']\njob = true\n"
              "restart = 'on-failure'") +
      Service("writer", "'send', 'numbers', '200'", "uses = ['numbers']"));
  EXPECT_EQ(graph->Wait(), 0) << graph->output();
  size_t at = 0;
  for (int i = 0; i < 200; ++i) {
    if (i == 50) continue;  // the reader died with it in its hands
    at = graph->output().find("got " + std::to_string(i) + "\n", at);
    ASSERT_NE(at, std::string::npos) << i << "\n" << graph->output();
  }
}

TEST_F(RunTest, ACallerOutlivesItsServer) {
  const std::string marker = folder_.path() + "/died";
  auto graph = Start(
      "[port.echo]\n" +
      Service("server", "'echo', 'echo', 'hi', '" + marker + "'",
              "provides = ['echo']\nrestart = 'always'") +
      Service("client", "'call', 'echo', 'hi'", "uses = ['echo']\njob = true"));
  EXPECT_EQ(graph->Wait(), 5) << graph->output();
  EXPECT_NE(graph->output().find("failed: peer_closed"), std::string::npos)
      << graph->output();
}

TEST_F(RunTest, CtrlCEndsEverything) {
  auto graph = Start(Service("a", "'pause'", "restart = 'always'") +
                     Service("b", "'pause'"));
  ASSERT_TRUE(graph->WaitFor("paused", 2)) << graph->output();
  const auto services = Services(*graph);
  EXPECT_EQ(services.size(), 2u);
  graph->Signal(SIGINT);
  EXPECT_EQ(graph->Wait(), 0) << graph->output();
  ExpectNothingLeft(services);
}

TEST_F(RunTest, AnUnfinishedJobMakesCtrlCAnError) {
  auto graph = Start(Service("a", "'pause'", "job = true"));
  ASSERT_TRUE(graph->WaitFor("paused")) << graph->output();
  graph->Signal(SIGTERM);
  EXPECT_EQ(graph->Wait(), 128 + SIGTERM) << graph->output();
}

TEST_F(RunTest, StubbornServicesAreKilledAfterThreeSeconds) {
  auto graph = Start(Service("a", "'stubborn'"));
  ASSERT_TRUE(graph->WaitFor("paused")) << graph->output();
  const auto services = Services(*graph);
  const auto start = std::chrono::steady_clock::now();
  graph->Signal(SIGINT);
  EXPECT_EQ(graph->Wait(), 0) << graph->output();
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::seconds(3));
  ExpectNothingLeft(services);
}

TEST_F(RunTest, ASecondSignalHasNoPatience) {
  auto graph = Start(Service("a", "'stubborn'"));
  ASSERT_TRUE(graph->WaitFor("paused")) << graph->output();
  const auto services = Services(*graph);
  graph->Signal(SIGTERM);
  ASSERT_TRUE(graph->WaitFor("ending the graph"));
  graph->Signal(SIGTERM);
  EXPECT_EQ(graph->Wait(), 0) << graph->output();
  ExpectNothingLeft(services);
}

TEST_F(RunTest, ADeadKernelProcessEndsTheGraph) {
  auto graph = Start(Service("a", "'pause'"));
  ASSERT_TRUE(graph->WaitFor("paused")) << graph->output();
  const auto services = Services(*graph);
  const auto kernel = ChildrenOf(graph->pid(), "keyport-kernel");
  ASSERT_EQ(kernel.size(), 1u);
  kill(kernel[0], SIGKILL);
  EXPECT_EQ(graph->Wait(), 1) << graph->output();
  EXPECT_NE(graph->output().find(
                "the kernel process was killed by signal 9 (Killed)"),
            std::string::npos)
      << graph->output();
  for (const pid_t pid : services) EXPECT_TRUE(WaitUntilGone(pid));
}

TEST_F(RunTest, NothingOutlivesAKilledSupervisor) {
  auto graph = Start(Service("a", "'pause'"));
  ASSERT_TRUE(graph->WaitFor("paused")) << graph->output();
  const auto services = Services(*graph);
  const auto kernel = ChildrenOf(graph->pid(), "keyport-kernel");
  ASSERT_EQ(kernel.size(), 1u);
  graph->Signal(SIGKILL);
  EXPECT_EQ(graph->Wait(), 128 + SIGKILL);
  EXPECT_TRUE(WaitUntilGone(kernel[0]));
  ExpectNothingLeft(services);
}

TEST_F(RunTest, WrongManifestsSayWhereAndWhat) {
  auto graph = Start("[port.p]\nrnig_bytes = 1\n" +
                     Service("a", "'pause'", "uses = ['q']") +
                     "[service.b]\nprogram = 'keyport-no-such-program'\n");
  EXPECT_EQ(graph->Wait(), 1);
  EXPECT_NE(graph->output().find("graph.toml:2:1: unknown key "
                                 "\"rnig_bytes\" in [port.p]"),
            std::string::npos)
      << graph->output();
  EXPECT_NE(graph->output().find("graph.toml:6:9: unknown port \"q\""),
            std::string::npos)
      << graph->output();
  graph = Start("[service.b]\nprogram = 'keyport-no-such-program'\n");
  EXPECT_EQ(graph->Wait(), 1);
  EXPECT_NE(graph->output().find("graph.toml:2:11: program "
                                 "\"keyport-no-such-program\" of [service.b] "
                                 "is missing; looked in "),
            std::string::npos)
      << graph->output();
}

TEST_F(RunTest, CheckShowsWhoCanReachWhom) {
  const std::string manifest = folder_.Write(
      "graph.toml",
      "[port.echo]\n" +
          Service("server", "'echo', 'echo'", "provides = ['echo']") +
          Service("client", "'call', 'echo', '${TEXT}'",
                  "uses = ['echo']\ninstances = 2"));
  const auto check = Tool({"check", manifest});
  EXPECT_EQ(check.exit_code, 0) << check.output;
  EXPECT_NE(check.output.find("it needs values for: TEXT"), std::string::npos)
      << check.output;
  EXPECT_NE(check.output.find("client.2  server  echo  Send|Wait"),
            std::string::npos)
      << check.output;
}

TEST_F(RunTest, TraceSumsUpTheRun) {
  auto graph =
      Start("[port.echo]\n" +
                Service("server", "'echo', 'echo'", "provides = ['echo']") +
                Service("client", "'call', 'echo', 'hi'",
                        "uses = ['echo']\njob = true"),
            {"--trace"});
  EXPECT_EQ(graph->Wait(), 0) << graph->output();
  EXPECT_NE(graph->output().find("QUEUE p50"), std::string::npos)
      << graph->output();
  EXPECT_NE(graph->output().find("echo         1      1       0"),
            std::string::npos)
      << graph->output();
  EXPECT_NE(graph->output().find("0 lost"), std::string::npos);
}

}  // namespace
}  // namespace integration
