// keyport as a live source of Wireshark, called as Wireshark calls it.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/integration/support/recorded_graph.h"

namespace integration {
namespace {

using testing::HasSubstr;

class ExtcapTest : public RecordedGraphTest {
 protected:
  std::string fifo() const { return folder_.path() + "/fifo"; }
  Running::Options Capture(std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {"--capture", "--extcap-interface",
                                      "keyport", "--fifo", fifo()};
    words.insert(words.end(), more.begin(), more.end());
    return Keyport(words);
  }
  // Until there are some packets, which go to file().
  void CaptureSome(std::vector<std::string> more,
                   const std::vector<std::string>& variables = {}) {
    ASSERT_EQ(mkfifo(fifo().c_str(), 0600), 0);
    Running::Options options = Capture(std::move(more));
    options.variables.insert(options.variables.end(), variables.begin(),
                             variables.end());
    Running capture(options);
    Running reader(
        {{"/bin/sh", "-c", "head -c 100000 < " + fifo() + " > " + file()}, {}});
    EXPECT_EQ(reader.Wait(), 0);
    capture.Signal(SIGTERM);
    EXPECT_EQ(capture.Wait(), 0) << capture.output();
    EXPECT_EQ(capture.output(), "") << "Wireshark shows this as an error";
  }
  std::string Captured() const {
    std::ifstream stream(file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
};

TEST_F(ExtcapTest, TellsItsInterfaceLinkTypeAndOptions) {
  const Finished interfaces =
      Tool({"--extcap-interfaces", "--extcap-version=4.0"});
  EXPECT_EQ(interfaces.exit_code, 0) << interfaces.output;
  EXPECT_THAT(interfaces.output,
              HasSubstr("\ninterface {value=keyport}{display=Keyport}\n"));
  const Finished types =
      Tool({"--extcap-dlts", "--extcap-interface", "keyport"});
  EXPECT_EQ(types.output, "dlt {number=147}{name=USER0}{display=Keyport}\n");
  const Finished config =
      Tool({"--extcap-config", "--extcap-interface", "keyport"});
  EXPECT_THAT(config.output, HasSubstr("{call=--port}"));
  EXPECT_THAT(config.output, HasSubstr("{call=--service}"));
  EXPECT_THAT(config.output, HasSubstr("{call=--payload}"));
}

TEST_F(ExtcapTest, CapturesUntilItIsToldToStop) {
  StartChain();
  CaptureSome({"--port", "store"});
  int messages = 0;
  for (const Json& line : Traced()) {
    if (!line.contains("flow")) continue;
    ++messages;
    EXPECT_EQ(line["port"], "store");
  }
  EXPECT_GT(messages, 50);
}

TEST_F(ExtcapTest, SaysWhatTheManifestsSchemaKnowsOfPayloads) {
  Running graph(Keyport(
      {"run", KEYPORT_SOURCE_DIR "/examples/typed_store/typed_store.toml",
       "100000000"}));
  ASSERT_TRUE(graph.WaitFor("its socket is")) << graph.output();
  CaptureSome({"--payload", "--snaplen", "1024"});
  EXPECT_THAT(Captured(), HasSubstr("keyport > put {\"key\":\"key "));
  EXPECT_THAT(Captured(), HasSubstr("keyport < put {\"values\":"));
}

// The user's own words come first, as for `keyport trace`.
TEST_F(ExtcapTest, TakesTheShellsSchemasBeforeTheManifests) {
  const std::string renamed = folder_.Write(
      "renamed.capnp",
      "@0xb2e5c6a1d0f34788;\ninterface Store {\n"
      "  keep @0 (key :Text) -> ();\n  look @1 (key :Text) -> ();\n}\n");
  Running graph(Keyport(
      {"run", KEYPORT_SOURCE_DIR "/examples/typed_store/typed_store.toml",
       "100000000"}));
  ASSERT_TRUE(graph.WaitFor("its socket is")) << graph.output();
  CaptureSome({"--payload", "--snaplen", "1024"},
              {"KEYPORT_SCHEMAS=store=" + renamed});
  EXPECT_THAT(Captured(), HasSubstr("keyport > look "));
  EXPECT_THAT(Captured(), testing::Not(HasSubstr("keyport > get ")));
}

TEST_F(ExtcapTest, GoesOnWithoutASchemaThatIsGone) {
  const std::string schema =
      folder_.Write("store.capnp",
                    "@0xb2e5c6a1d0f34788;\ninterface Store {\n"
                    "  put @0 (key :Text) -> ();\n}\n");
  graph_ = Start(
      "[graph]\nname = 'g'\n[port.store]\nschema = 'store.capnp'\n" +
      Service("store", "'echo', 'store'", "provides = ['store']") +
      Service("client", "'call-often', 'store', 'hi'", "uses = ['store']"));
  ASSERT_TRUE(graph_->WaitFor("listening")) << graph_->output();
  std::filesystem::remove(schema);
  CaptureSome({"--payload"});
  EXPECT_THAT(Captured(), testing::Not(HasSubstr("keyport > ")));
  EXPECT_GT(Traced().size(), 50u);
}

TEST_F(ExtcapTest, SaysWhatIsWrong) {
  const Finished no_graph = RunProgram(Capture());
  EXPECT_EQ(no_graph.exit_code, 1);
  EXPECT_NE(no_graph.output, "");
  EXPECT_EQ(Tool({"extcap"}).exit_code, 1);
  EXPECT_EQ(Tool({"--capture", "--extcap-interface", "keyport"}).exit_code, 1);
  EXPECT_EQ(Tool({"--extcap-dlts", "--extcap-interface", "eth0"}).exit_code, 1);
  EXPECT_EQ(Tool({"--extcap-colours"}).exit_code, 2);
}

TEST_F(ExtcapTest, TsharkListsIt) {
  constexpr char kTshark[] = "/usr/bin/tshark";
  if (access(kTshark, X_OK) != 0) GTEST_SKIP() << "tshark is not installed";
  // Wireshark's own folder holds for root, whatever the variable says.
  ASSERT_EQ(chmod(folder_.path().c_str(), 0755), 0);
  std::filesystem::copy_file(Program("keyport"), folder_.path() + "/keyport");
  const std::vector<std::string> list = {kTshark, "-D"};
  std::vector<std::string> words = {"/usr/bin/setpriv", "--reuid=65534",
                                    "--regid=65534", "--clear-groups"};
  if (geteuid() != 0) words.clear();
  words.insert(words.end(), list.begin(), list.end());
  const Finished shown = RunProgram(
      {words, {"WIRESHARK_EXTCAP_DIR=" + folder_.path(), "HOME=/nowhere"}});
  EXPECT_THAT(shown.output, HasSubstr("keyport (Keyport)"));
}

}  // namespace
}  // namespace integration
