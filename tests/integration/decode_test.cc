// keyport decode and trace --schema, over the payloads of a graph whose
// services use that schema (examples/typed_store).
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <map>

#include "services/tracer/payload_text.h"
#include "tests/integration/support/recorded_graph.h"

namespace integration {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class DecodeTest : public RecordedGraphTest {
 protected:
  static constexpr char kSchema[] =
      KEYPORT_SOURCE_DIR "/examples/typed_store/store.capnp";

  // What passes in the example's graph for a while.
  void RecordExample(const std::vector<std::string>& options = {}) {
    graph_ = std::make_unique<Running>(Keyport(
        {"run", KEYPORT_SOURCE_DIR "/examples/typed_store/typed_store.toml",
         "100000000"}));
    ASSERT_TRUE(graph_->WaitFor("its socket is")) << graph_->output();
    // Some have passed before.
    EXPECT_EQ(Tool({"trace", "-n", "50"}).exit_code, 0);
    std::vector<std::string> words = {"record", "--payload", "--snaplen",
                                      "1024",   "-n",        "600"};
    words.insert(words.end(), options.begin(), options.end());
    words.push_back(file());
    const Finished record = Tool(words);
    EXPECT_EQ(record.exit_code, 0) << record.output;
    graph_->Signal(SIGINT);
    EXPECT_EQ(graph_->Wait(), 130) << graph_->output();  // its job was not done
  }
  std::vector<Json> TracedBySchema() const {
    return ObjectsOf({"trace", "--from", file(), "--payload", "--json",
                      "--schema", std::string("store=") + kSchema});
  }
  // With the input, as a shell would give it.
  static Finished Decode(const std::string& words, const std::string& input) {
    return RunProgram({{"/bin/sh", "-c",
                        "printf %s '" + input + "' | " + Program("keyport") +
                            " decode " + words},
                       {}});
  }
};

// As the client makes them: so many of a letter, by the number in the key.
std::string ValueOf(const std::string& key) {
  const uint64_t number = std::stoull(key.substr(key.find(' ') + 1));
  return keyport::HexOf(
      std::string(number % 300 + 1, static_cast<char>('a' + number % 26)));
}

TEST_F(DecodeTest, EveryPayloadOfTheExampleIsWhatItsServicesMeant) {
  RecordExample();
  std::map<std::string, int> seen;
  for (const Json& line : TracedBySchema()) {
    if (!line.contains("method")) continue;
    const std::string method = line["method"];
    // Where the recording began and ended, one end's records are missing.
    if (!line.contains("request") || !line.contains("answer")) continue;
    const std::string value = "0x" + ValueOf(line["request"]["key"]);
    const Json& answer = line["answer"];
    if (method == "put") {
      EXPECT_EQ(line["request"]["value"], value);
      EXPECT_TRUE(answer["values"].is_number_unsigned()) << line;
      ++seen["put " + line["request"]["keep"].get<std::string>()];
    } else {
      EXPECT_EQ(answer, answer.contains("missing")
                            ? Json({{"missing", nullptr}})
                            : Json({{"value", value}}));
      ++seen[answer.contains("missing") ? "missing" : "value"];
    }
  }
  EXPECT_GT(seen["put always"], 30);
  EXPECT_GT(seen["put once"], 30);
  EXPECT_GT(seen["value"], 90);
  EXPECT_GT(seen["missing"], 30);
}

TEST_F(DecodeTest, ALineShowsTheMethodAndItsValues) {
  RecordExample();
  const Finished shown = Tool({"trace", "--from", file(), "--payload",
                               "--schema", std::string("store=") + kSchema});
  EXPECT_EQ(shown.exit_code, 0) << shown.output;
  EXPECT_THAT(shown.output, HasSubstr("    > get {\"key\":\"key "));
  EXPECT_THAT(shown.output, HasSubstr("    < get {\"missing\":null}\n"));
  const Finished columns = Tool({"trace", "--from", file(), "-o", "port,method",
                                 "--schema", std::string("store=") + kSchema});
  EXPECT_THAT(columns.output, HasSubstr("store         get\n"));
}

TEST_F(DecodeTest, ALabelKeepsAMethodAtItsSourceAndInARecording) {
  RecordExample({"--label", "0"});
  for (const Json& line : TracedBySchema()) {
    if (line.contains("flow")) {
      EXPECT_EQ(line["method"], "put") << line;
    }
  }
  for (const Json& line :
       ObjectsOf({"trace", "--from", file(), "--label", "1", "--json"}))
    EXPECT_FALSE(line.contains("flow")) << line;
  EXPECT_EQ(Tool({"trace", "--label", "put"}).exit_code, 2);
}

// The manifest says what the port's payloads are.
TEST_F(DecodeTest, OfARunningGraphItsManifestNamesTheSchemas) {
  graph_ = std::make_unique<Running>(Keyport(
      {"run", KEYPORT_SOURCE_DIR "/examples/typed_store/typed_store.toml",
       "100000000"}));
  ASSERT_TRUE(graph_->WaitFor("its socket is")) << graph_->output();
  const Finished shown = Tool({"trace", "-n", "9", "-o", "port,method"});
  EXPECT_THAT(shown.output, HasSubstr("store         get\n"));
  graph_->Signal(SIGINT);
  EXPECT_EQ(graph_->Wait(), 130) << graph_->output();
  for (const auto& left :
       std::filesystem::directory_iterator(folder_.path() + "/keyport"))
    ADD_FAILURE() << left.path() << " is left";
}

TEST_F(DecodeTest, AManifestWhoseSchemaCannotBeUsedIsWrong) {
  const std::string manifest = folder_.Write(
      "wrong.toml",
      "[graph]\nname = 'wrong'\n[port.store]\nschema = 'none.capnp'\n" +
          Service("a", "'echo', 'store'", "provides = ['store']"));
  for (const char* command : {"check", "run"}) {
    const Finished told = Tool({command, manifest});
    EXPECT_EQ(told.exit_code, 1);
    EXPECT_THAT(told.output,
                HasSubstr("wrong.toml:4:10: the schema of port \"store\": "
                          "there is no schema"));
  }
}

TEST_F(DecodeTest, HexadecimalOfATraceIsDecodedAlike) {
  RecordExample();
  for (const Json& line : TracedBySchema()) {
    if (!line.contains("request") || !line.contains("answer")) continue;
    const std::string words =
        std::string(kSchema) + " " + line["method"].get<std::string>();
    const Finished request =
        Decode(words + " --hex", line["request_hex"].get<std::string>());
    EXPECT_EQ(Json::parse(request.output), line["request"]);
    const Finished answer =
        Decode(words + " --hex --answer", line["answer_hex"]);
    EXPECT_EQ(Json::parse(answer.output), line["answer"]);
    return;
  }
  FAIL() << "nothing was recorded";
}

// A get whose key has a terminal's control sequence (C1), an override of the
// direction of writing, and DEL.
std::string HexOfKey() {
  return "0000000004000000000000000000010001000000"
         "52000000"
         "c29b33316de280ae7f00000000000000";
}

// A put answers how many values there are. The keeper that is asked again
// begins with none; the recorded one had some before the recorder came.
TEST_F(DecodeTest, AReplayShowsBothAnswersOfADifference) {
  RecordExample();
  std::vector<std::string> words = {
      "replay",  file(),
      "--graph", KEYPORT_SOURCE_DIR "/examples/typed_store/typed_store.toml",
      "--port",  "store",
      "--speed", "max"};
  const Finished replay = Tool(words);
  EXPECT_EQ(replay.exit_code, 3) << replay.output;
  // The manifest names the schema.
  EXPECT_THAT(replay.output, HasSubstr("\n  put recorded {\"values\":"));
  EXPECT_THAT(replay.output, HasSubstr("\n  put replayed {\"values\":1}\n"));
  words.push_back("--json");
  const std::vector<Json> lines = ObjectsIn(Tool(words).output);
  const auto first = std::find_if(
      lines.begin(), lines.end(),
      [](const Json& line) { return line.value("method", "") == "put"; });
  ASSERT_NE(first, lines.end());
  EXPECT_EQ((*first)["replayed"], Json({{"values", 1}}));
  EXPECT_GT((*first)["recorded"]["values"], 1);
}

TEST_F(DecodeTest, ListsMethodsAndExplainsWhatIsWrong) {
  // A shell's idea of where it is does not matter.
  const Finished list =
      RunProgram({{Program("keyport"), "decode", kSchema}, {"PWD=/nowhere"}});
  EXPECT_THAT(list.output, StartsWith("interface Store\n"));
  EXPECT_EQ(list.exit_code, 0);
  EXPECT_THAT(list.output,
              HasSubstr("put @0 (key :Text, value :Data, keep :Keep) -> "
                        "(values :UInt32)"));
  const Finished mistyped = Decode(std::string(kSchema) + " gte", "");
  EXPECT_EQ(mistyped.exit_code, 1);
  EXPECT_THAT(mistyped.output, HasSubstr("did you mean \"get\"?"));
  EXPECT_THAT(Decode(std::string(kSchema) + " get", "hello").output,
              HasSubstr("multiple of 8"));
  EXPECT_THAT(Decode(std::string(kSchema) + " get --hex", "0g").output,
              HasSubstr("--hex"));
  const Finished word = Tool({"trace", "--schema", "store"});
  EXPECT_EQ(word.exit_code, 2);
  EXPECT_THAT(word.output, HasSubstr("PORT=FILE.capnp"));
  const Finished file = Tool({"trace", "--schema", "store=none.capnp"});
  EXPECT_EQ(file.exit_code, 1);
  EXPECT_THAT(file.output, HasSubstr("there is no schema \"none.capnp\""));
  // It is somebody's text, and this is a terminal.
  const Finished text = Decode(std::string(kSchema) + " get --hex", HexOfKey());
  EXPECT_EQ(text.output, "{\"key\":\"\\u009b31m\\u202e\\u007f\"}\n");
  const Finished folder =
      RunProgram({{"/bin/sh", "-c",
                   Program("keyport") + " decode " + kSchema + " get < /"},
                  {}});
  EXPECT_EQ(folder.exit_code, 1);
  EXPECT_THAT(folder.output, HasSubstr("cannot read standard input"));
  const Finished full =
      RunProgram({{"/bin/sh", "-c",
                   Program("keyport") + " decode " + kSchema + " > /dev/full"},
                  {}});
  EXPECT_EQ(full.exit_code, 1);
}

}  // namespace
}  // namespace integration
