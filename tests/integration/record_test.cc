// keyport record on a running graph, and its files shown again.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/integration/support/graph_test.h"

namespace integration {
namespace {

using Json = nlohmann::json;

class RecordTest : public GraphTest {
 protected:
  // Two talkers over one port, and a holder that never answers its caller.
  void StartExample() {
    graph_ =
        Start("[graph]\nname = 'example'\n[port.echo]\n[port.hold]\n" +
              Service("server", "'echo', 'echo'", "provides = ['echo']") +
              Service("talker", "'call-often', 'echo', 'hi'",
                      "uses = ['echo']\ninstances = 2") +
              Service("holder", "'hold', 'hold'", "provides = ['hold']") +
              Service("caller", "'call', 'hold', 'please'", "uses = ['hold']"));
    ASSERT_TRUE(graph_->WaitFor("holds please")) << graph_->output();
  }

  // Calls that go through two services.
  void RecordChain() {
    graph_ = Start(
        "[graph]\nname = 'chain'\n[port.front]\n[port.store]\n" +
        Service("store", "'echo', 'store'", "provides = ['store']") +
        Service("front", "'relay', 'front', 'store'",
                "provides = ['front']\nuses = ['store']") +
        Service("client", "'call-often', 'front', 'hi'", "uses = ['front']"));
    ASSERT_TRUE(graph_->WaitFor("listening")) << graph_->output();
    const Finished record = Record({"-n", "40"});
    ASSERT_EQ(record.exit_code, 0) << record.output;
  }

  // Records a service that sends so many messages, while the recorder reads
  // them or cannot. Returns the recording's totals.
  enum class Recorder { kAwake, kStopped };
  Json RecordFlood(uint64_t messages, Recorder recorder,
                   const std::vector<std::string>& words = {}) {
    const std::string gate = folder_.path() + "/gate";
    EXPECT_EQ(mkfifo(gate.c_str(), 0600), 0);
    graph_ = Start("[graph]\nname = 'flood'\n[port.sink]\n" +
                   Service("sink", "'count', 'sink'", "provides = ['sink']") +
                   "[service.source]\nprogram = '/bin/sh'\nrestart = 'never'\n"
                   "uses = ['sink']\narguments = ['-c', 'read go < " +
                   gate + "; exec " + Program("keyport-test-service") +
                   " send sink " + std::to_string(messages) + "']\n");
    EXPECT_TRUE(graph_->WaitFor("listening")) << graph_->output();
    std::vector<std::string> command = {"record", "--strict", file()};
    command.insert(command.end(), words.begin(), words.end());
    Running record(Keyport(command));
    EXPECT_TRUE(record.WaitFor("recording")) << record.output();
    if (recorder == Recorder::kStopped) record.Signal(SIGSTOP);
    std::ofstream(gate) << "go\n";
    EXPECT_TRUE(graph_->WaitFor("counted " + std::to_string(messages)))
        << graph_->output();
    EXPECT_TRUE(graph_->WaitFor("sent all")) << graph_->output();
    if (recorder == Recorder::kStopped) record.Signal(SIGCONT);
    record.Signal(SIGINT);
    EXPECT_EQ(record.Wait(), recorder == Recorder::kStopped ? 3 : 0)
        << record.output();
    said_ = record.output();
    EXPECT_EQ(std::filesystem::remove(gate), true);
    uint64_t lost = 0;
    Json totals;
    for (const Json& line : Shown()) {
      if (line.contains("from_unix_ns")) lost += line["lost"].get<uint64_t>();
      totals = line;
    }
    EXPECT_EQ(totals["lost"], lost);
    totals["facts"] = FactsInFile();
    graph_->Signal(SIGTERM);
    EXPECT_EQ(graph_->Wait(), 0) << graph_->output();
    return totals;
  }
  // How many come before the recorder ends is up to the kernel process.
  uint64_t FactsInFile() const {
    const std::string path = folder_.path() + "/facts.json";
    EXPECT_EQ(Tool({"export", file(), "--json", path}).exit_code, 0);
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    uint64_t facts = 0;
    for (const Json& record : LinesOf(text.str()))
      facts += record.value("fact", false) ? 1 : 0;
    return facts;
  }

  std::string file() const { return folder_.path() + "/out.pcapng"; }
  Finished Record(std::vector<std::string> words) const {
    words.insert(words.begin(), "record");
    words.push_back(file());
    return Tool(std::move(words));
  }
  static std::vector<Json> LinesOf(const std::string& output) {
    std::vector<Json> lines;
    std::istringstream text(output);
    for (std::string line; std::getline(text, line);)
      if (line.starts_with("{")) lines.push_back(Json::parse(line));
    return lines;
  }
  std::vector<Json> Shown(std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {"trace", "--from", file(), "--json"};
    words.insert(words.end(), more.begin(), more.end());
    const Finished shown = Tool(words);
    EXPECT_EQ(shown.exit_code, 0) << shown.output;
    return LinesOf(shown.output);
  }
  // Of those that are known: the first and the last messages are seen in part.
  static std::set<std::string> SendersOf(const std::vector<Json>& lines) {
    std::set<std::string> senders;
    for (const Json& line : lines)
      if (line.contains("flow") && line["from"] != "")
        senders.insert(line["from"]);
    return senders;
  }

  std::unique_ptr<Running> graph_;
  std::string said_;  // by the recorder of a flood
};

TEST_F(RecordTest, WritesAPrivateFileAndSaysWhatItHolds) {
  StartExample();
  std::ofstream(file()) << "what was there before";
  ASSERT_EQ(chmod(file().c_str(), 0644), 0);
  const Finished record = Record({"-n", "20", "--strict"});
  EXPECT_EQ(record.exit_code, 0) << record.output;
  EXPECT_NE(record.output.find(" 0 lost, "), std::string::npos)
      << record.output;
  struct stat state;
  ASSERT_EQ(stat(file().c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777, 0600u);
  std::ifstream bytes(file(), std::ios::binary);
  std::string magic(4, '\0');
  bytes.read(magic.data(), 4);
  EXPECT_EQ(magic, "\x0a\x0d\x0d\x0a");
}

TEST_F(RecordTest, SaysWhenTheFileCannotBeWritten) {
  StartExample();
  const Finished nowhere = Tool({"record", "/nowhere/out.pcapng"});
  EXPECT_EQ(nowhere.exit_code, 1) << nowhere.output;
  EXPECT_NE(nowhere.output.find("/nowhere/out.pcapng"), std::string::npos);
  const Finished full = Tool({"record", "-n", "5", "/dev/full"});
  EXPECT_EQ(full.exit_code, 1) << full.output;
  EXPECT_NE(full.output.find("No space left"), std::string::npos)
      << full.output;
  EXPECT_EQ(Tool({"record"}).exit_code, 2);
}

TEST_F(RecordTest, ARecordingShowsWhatALiveTraceShowed) {
  StartExample();
  Running record(Keyport({"record", file()}));
  ASSERT_TRUE(record.WaitFor("recording")) << record.output();
  const Finished live = Tool({"trace", "--json", "-n", "60"});
  EXPECT_EQ(live.exit_code, 0);
  record.Signal(SIGINT);
  EXPECT_EQ(record.Wait(), 0) << record.output();
  std::map<std::string, Json> recorded;
  for (Json line : Shown())
    if (line.contains("flow")) {
      const std::string flow = line["flow"].dump();
      recorded[flow] = std::move(line);
    }
  constexpr std::array kTimes = {"time_ns", "unix_ns", "queue_ns", "work_ns",
                                 "total_ns"};
  // Where either begins or ends it may have seen one end of a message only.
  const auto is_whole = [&](const Json& line) {
    return std::all_of(kTimes.begin(), kTimes.end(), [&](const char* time) {
      return line.contains(time) && line[time].is_number();
    });
  };
  int both = 0;
  for (Json line : LinesOf(live.output)) {
    if (!line.contains("flow") || !is_whole(line)) continue;
    Json& of_file = recorded[line["flow"].dump()];
    ASSERT_TRUE(of_file.is_object()) << line << " is not in the recording";
    if (!is_whole(of_file)) continue;
    // Each makes nanoseconds of the same ticks by its own looks at the clocks.
    for (const char* time : kTimes) {
      const auto one = line[time].get<int64_t>();
      const auto other = of_file[time].get<int64_t>();
      EXPECT_LE(std::abs(one - other), 20'000) << time;
      line.erase(time);
      of_file.erase(time);
    }
    EXPECT_EQ(of_file, line);
    ++both;
  }
  EXPECT_GE(both, 28);
}

TEST_F(RecordTest, KeepsPayloadAndShowsItWhenAskedTo) {
  StartExample();
  const Finished record = Record({"--payload", "--snaplen", "1", "-n", "20"});
  ASSERT_EQ(record.exit_code, 0) << record.output;
  size_t shown = 0;
  for (const Json& line : Shown({"--payload"})) {
    if (!line.contains("request_hex")) continue;
    ++shown;
    EXPECT_EQ(line["request_hex"].get<std::string>().size(), 2u);
  }
  EXPECT_GE(shown, 18u);
  for (const Json& line : Shown()) EXPECT_FALSE(line.contains("request_hex"));
}

TEST_F(RecordTest, ItsSumsAgreeWithWhatTheRecorderSaid) {
  StartExample();
  const Finished record = Record({"-n", "50"});
  const std::vector<Json> lines = Shown();
  const Json& totals = lines.back();
  EXPECT_EQ(totals["summary"], "trace");
  EXPECT_EQ(totals["written"],
            totals["seen"].get<int>() + totals["lost"].get<int>());
  EXPECT_NE(record.output.find("record: " + totals["messages"].dump() +
                               " messages, " + totals["seen"].dump() +
                               " records kept"),
            std::string::npos)
      << record.output << totals.dump();
  EXPECT_NE(
      record.output.find("record: " + totals["seen"].dump() +
                         " records seen, " + totals["lost"].dump() + " lost, " +
                         totals["written"].dump() + " written"),
      std::string::npos)
      << record.output << totals.dump();
  const Finished text = Tool({"trace", "--from", file(), "--summary-only"});
  EXPECT_EQ(text.output.find("Ctrl-C"), std::string::npos) << text.output;
  EXPECT_NE(text.output.find("TOTAL p99"), std::string::npos) << text.output;
}

TEST_F(RecordTest, FiltersWhatIsWrittenAndWhatIsShown) {
  StartExample();
  EXPECT_EQ(Record({"-n", "20"}).exit_code, 0);
  EXPECT_EQ(SendersOf(Shown({"--service", "talker.1"})),
            (std::set<std::string>{"talker.1"}));
  EXPECT_EQ(Shown({"--service", "talker", "--direction", "in"}).size(), 1u);
  EXPECT_EQ(Record({"-n", "20", "--service", "talker.1"}).exit_code, 0);
  const std::vector<Json> one = Shown();
  EXPECT_GT(one.size(), 20u);
  EXPECT_EQ(SendersOf(one), (std::set<std::string>{"talker.1"}));
  EXPECT_EQ(Record({"--for", "0.3", "--port", "hold"}).exit_code, 0);
  EXPECT_EQ(Shown().size(), 1u);
}

TEST_F(RecordTest, AKilledRecorderLeavesAFileThatCanBeRead) {
  StartExample();
  Running record(Keyport({"record", file()}));
  ASSERT_TRUE(record.WaitFor("recording")) << record.output();
  size_t shown = 0;
  while (shown < 30) shown = Shown().size();
  record.Signal(SIGKILL);
  EXPECT_EQ(record.Wait(), 128 + SIGKILL);
  const Finished text = Tool({"trace", "--from", file()});
  EXPECT_EQ(text.exit_code, 0) << text.output;
  EXPECT_NE(text.output.find("talker.1 -> echo (server)"), std::string::npos);
  EXPECT_NE(text.output.find("did not come to the end"), std::string::npos);
  const Finished strict = Tool({"trace", "--from", file(), "--strict"});
  EXPECT_EQ(strict.exit_code, 3) << strict.output;
}

TEST_F(RecordTest, ACutOrForeignFileIsToldOf) {
  StartExample();
  EXPECT_EQ(Record({"-n", "5"}).exit_code, 0);
  std::filesystem::resize_file(file(), std::filesystem::file_size(file()) - 2);
  const Finished cut = Tool({"trace", "--from", file()});
  EXPECT_EQ(cut.exit_code, 0) << cut.output;
  EXPECT_NE(cut.output.find("bytes are no whole block"), std::string::npos)
      << cut.output;
  const std::string other = folder_.Write("other", "some text of some length");
  const Finished foreign = Tool({"trace", "--from", other});
  EXPECT_EQ(foreign.exit_code, 1) << foreign.output;
  EXPECT_NE(foreign.output.find("no pcapng file"), std::string::npos);
  EXPECT_EQ(Tool({"trace", "--from", "/nowhere/x"}).exit_code, 1);
  EXPECT_EQ(Tool({"trace", "--from", file(), "--socket", "s"}).exit_code, 2);
}

TEST_F(RecordTest, LossesAddUpToWhatTheServicesWrote) {
  // A ring holds 4,096 records.
  const uint64_t few = 1'500;
  const uint64_t many = 6'000;
  const Json whole = RecordFlood(few, Recorder::kAwake);
  EXPECT_EQ(whole["lost"], 0);
  const Json lossy = RecordFlood(many, Recorder::kStopped);
  EXPECT_GE(lossy["lost"], 2 * (many - 4'096));
  // A message and "end" leave two records each; the rest are facts.
  for (const auto& [totals, count] : {std::pair(whole, few), {lossy, many}})
    EXPECT_EQ(totals["written"].get<uint64_t>(),
              2 * (count + 1) + totals["facts"].get<uint64_t>());
}

TEST_F(RecordTest, LossesOfPayloadAddUpToo) {
  constexpr uint64_t kMessages = 6'000;
  const Json lossy = RecordFlood(kMessages, Recorder::kStopped, {"--payload"});
  EXPECT_GT(lossy["lost"], 0);
  // A message leaves two records and one with its payload.
  EXPECT_EQ(lossy["written"].get<uint64_t>(),
            3 * (kMessages + 1) + lossy["facts"].get<uint64_t>());
  EXPECT_THAT(said_, testing::HasSubstr("record: " + lossy["seen"].dump() +
                                        " records seen, " +
                                        lossy["lost"].dump() + " lost, "));
}

TEST_F(RecordTest, TakesTheSchemasOfTheShell) {
  Running graph(Keyport(
      {"run", KEYPORT_SOURCE_DIR "/examples/typed_store/typed_store.toml",
       "100000000"}));
  ASSERT_TRUE(graph.WaitFor("its socket is")) << graph.output();
  const auto record = [&](const std::string& schemas) {
    Running::Options options = Keyport(
        {"record", "--payload", "--snaplen", "1024", "-n", "50", file()});
    options.variables.push_back("KEYPORT_SCHEMAS=" + schemas);
    return RunProgram(options);
  };
  const Finished recorded =
      record("store=" KEYPORT_SOURCE_DIR "/examples/typed_store/store.capnp");
  ASSERT_EQ(recorded.exit_code, 0) << recorded.output;
  std::ifstream stream(file(), std::ios::binary);
  EXPECT_THAT(std::string(std::istreambuf_iterator<char>(stream), {}),
              testing::HasSubstr("keyport > put {\"key\":"));
  const Finished wrong = record("store");
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_THAT(wrong.output, testing::HasSubstr("PORT=FILE.capnp"));
}

// Far more than rings hold, as fast as they can be sent.
TEST_F(RecordTest, LosslessLosesNothingOfAFlood) {
  constexpr uint64_t kMessages = 20'000;
  const Json totals =
      RecordFlood(kMessages, Recorder::kAwake, {"--lossless=1000"});
  EXPECT_EQ(totals["lost"], 0);
  EXPECT_EQ(totals["seen"].get<uint64_t>() - totals["facts"].get<uint64_t>(),
            2 * (kMessages + 1));
  EXPECT_THAT(said_, testing::HasSubstr("record: services waited "));
}

// Whoever it traced has sent all long before: a wait each, and no more.
TEST_F(RecordTest, OneThatIsStoppedHoldsNobodyUpForLong) {
  const Json totals =
      RecordFlood(10'000, Recorder::kStopped, {"--lossless=50"});
  EXPECT_GT(totals["lost"], 0);
  EXPECT_THAT(said_, testing::HasSubstr("record: services waited 2 times, "));
  EXPECT_THAT(said_, testing::HasSubstr(", 2 times in vain"));
}

TEST_F(RecordTest, FlowShowsACallWithinACall) {
  RecordChain();
  std::vector<Json> flows = LinesOf(Tool({"flow", file(), "--json"}).output);
  std::erase_if(flows, [](const Json& flow) { return flow["messages"] != 2; });
  ASSERT_FALSE(flows.empty());
  // One from the middle: of the first and the last ones an end may be missing.
  const Json& whole = flows[flows.size() / 2];
  EXPECT_EQ(whole["from"], "client");
  const std::string flow = whole["flow"];
  const std::vector<Json> steps =
      LinesOf(Tool({"flow", file(), flow, "--json"}).output);
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0]["to"], "front");
  EXPECT_EQ(steps[1]["depth"], 1);
  EXPECT_EQ(steps[1]["from"], "front");
  EXPECT_EQ(steps[1]["to"], "store");
  EXPECT_EQ(steps[1]["label"], 4);
  EXPECT_EQ(
      steps[0]["own_ns"].get<int64_t>(),
      steps[0]["work_ns"].get<int64_t>() - steps[1]["total_ns"].get<int64_t>());
  const Finished text = Tool({"flow", file(), flow});
  EXPECT_NE(text.output.find("\n  front -> store (store) "), std::string::npos)
      << text.output;
  EXPECT_NE(text.output.find("longest: "), std::string::npos) << text.output;
  EXPECT_EQ(Tool({"flow", file(), "0x1"}).exit_code, 1);
  EXPECT_EQ(Tool({"flow", file(), "soon"}).exit_code, 1);
}

TEST_F(RecordTest, ExportsSlicesAndArrowsForChrome) {
  RecordChain();
  const std::string path = folder_.path() + "/out.json";
  const Finished exported = Tool({"export", file(), "--chrome", path});
  EXPECT_EQ(exported.exit_code, 0) << exported.output;
  std::ifstream text(path);
  const Json trace = Json::parse(text);
  std::map<int, std::string> names;
  std::map<std::string, int> kinds;
  std::map<std::string, int> slices;
  for (const Json& event : trace["traceEvents"])
    if (event["name"] == "process_name")
      names[event["pid"]] = event["args"]["name"];
  for (const Json& event : trace["traceEvents"]) {
    ++kinds[event["ph"]];
    if (event["ph"] == "X")
      ++slices[names[event["pid"]] + " " + event["cat"].get<std::string>() +
               " " + event["name"].get<std::string>()];
  }
  EXPECT_GE(kinds["s"], 38);
  EXPECT_EQ(kinds["s"], kinds["f"]);
  EXPECT_GT(slices["client call front"], 15);
  EXPECT_GT(slices["front work front"], 15);
  EXPECT_GT(slices["front call store"], 15);
  EXPECT_GT(slices["store work store"], 15);
  EXPECT_EQ(slices.size(), 4u);
}

TEST_F(RecordTest, ExportsRecordsAsJsonLines) {
  RecordChain();
  const Finished exported = Tool({"export", file(), "--json", "-"});
  EXPECT_EQ(exported.exit_code, 0) << exported.output;
  const std::vector<Json> records = LinesOf(exported.output);
  std::map<std::string, std::set<std::string>> writers;
  for (const Json& record : records)
    if (record.contains("flow") && record["port"] == "store")
      writers[record["kind"]].insert(record["process"]);
  using Names = std::set<std::string>;
  EXPECT_EQ(writers["send"], Names{"front"});
  EXPECT_EQ(writers["receive"], Names{"store"});
  EXPECT_EQ(writers["reply"], Names{"store"});
  EXPECT_EQ(writers["outcome"], Names{"front"});
  EXPECT_EQ(records.size(), Shown().back()["seen"]);
  EXPECT_EQ(Tool({"export", file()}).exit_code, 2);
}

}  // namespace
}  // namespace integration
