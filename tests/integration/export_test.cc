// keyport export: a recorded graph in other tools' formats, whose numbers
// agree with those of keyport trace.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "libipc/base/trace_clock.h"
#include "tests/integration/support/recorded_graph.h"
#include "tests/unit/services/made_up_recording.h"
#include "tests/unit/services/perfetto_events.h"
#include "tests/unit/services/prometheus_page.h"

namespace integration {
namespace {

using testing::HasSubstr;

constexpr char kStoreSchema[] =
    "store=" KEYPORT_SOURCE_DIR "/examples/typed_store/store.capnp";

// Puts comments into a packet's block until no other has room.
void FillUp(std::string* block) {
  int number = 0;
  for (const size_t size : {60'000u, 6'000u, 600u, 60u, 8u})
    while (true) {
      const std::vector<uint8_t> bytes(block->begin(), block->end());
      std::string comment = std::to_string(++number);
      comment.resize(size, '.');
      const auto longer =
          keyport::CommentedPacket(keyport::TakeBlock(bytes).body, comment);
      if (!longer) break;
      *block = *longer;
    }
}

class ExportTest : public RecordedGraphTest {
 protected:
  void SetUp() override { RecordChain(); }

  std::string out() const { return folder_.path() + "/out"; }
  void Export(const std::string& format) const {
    const Finished exported = Tool({"export", file(), format, out()});
    ASSERT_EQ(exported.exit_code, 0) << exported.output;
    EXPECT_EQ(exported.output, "");
  }
  std::string Exported() const {
    std::ifstream stream(out(), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  // Two calls and 17 lost records.
  void WriteLossyRecording() const {
    keyport::MadeUpRecording recording;
    recording.Fill();
    const std::vector<uint8_t> bytes = recording.bytes();
    std::ofstream(file(), std::ios::binary | std::ios::trunc)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }
  static bool IsThere(const char* program) {
    return access(program, X_OK) == 0;
  }
};

TEST_F(ExportTest, PerfettoHoldsTheCallsThatTheTraceShows) {
  Export("--perfetto");
  const keyport::PerfettoEvents events(Exported());
  EXPECT_EQ(events.complaints(), std::set<std::string>());
  // By service and port: sent and received; and the times as keyport says.
  std::map<std::string, int> traced, sliced;
  std::multiset<uint64_t> traced_ns, sliced_ns;
  int both = 0;
  for (const Json& message : Traced()) {
    if (!message.contains("flow")) continue;
    const std::string port = message["port"];
    if (message["from"] != "")
      ++traced[message["from"].get<std::string>() + " call " + port];
    const bool received =
        message["to"] != "" &&
        (message["from"] == "" || !message["queue_ns"].is_null());
    if (received) ++traced[message["to"].get<std::string>() + " " + port];
    if (message["from"] != "" && received) ++both;
    if (!message["total_ns"].is_null())
      traced_ns.insert(message["total_ns"].get<uint64_t>());
  }
  std::multiset<uint64_t> begun, ended;
  for (const keyport::PerfettoSlice& slice : events.slices()) {
    ++sliced[slice.process + " " + slice.name];
    if (slice.category == "call" && slice.end_ns - slice.begin_ns > 1)
      sliced_ns.insert(slice.end_ns - slice.begin_ns);
    begun.insert(slice.flows.begin(), slice.flows.end());
    ended.insert(slice.ending_flows.begin(), slice.ending_flows.end());
  }
  EXPECT_EQ(sliced, traced);
  EXPECT_EQ(sliced_ns, traced_ns);
  EXPECT_EQ(begun, ended);
  EXPECT_EQ(begun.size(), static_cast<size_t>(both));
  EXPECT_EQ(std::set<uint64_t>(begun.begin(), begun.end()).size(),
            begun.size());
  EXPECT_GT(both, 90);
}

TEST_F(ExportTest, ProtocReadsThePerfettoTrace) {
  constexpr char kProtoc[] = "/usr/bin/protoc";
  if (!IsThere(kProtoc)) GTEST_SKIP() << "protoc is not installed";
  Export("--perfetto");
  const Finished read = RunProgram(
      {{"/bin/sh", "-c", std::string(kProtoc) + " --decode_raw < " + out()},
       {}});
  EXPECT_EQ(read.exit_code, 0);
  EXPECT_THAT(read.output, HasSubstr("23: \"call store\""));
}

constexpr char kBabeltrace[] = "/usr/bin/babeltrace2";

TEST_F(ExportTest, Babeltrace2ReadsEveryRecord) {
  if (!IsThere(kBabeltrace)) GTEST_SKIP() << "babeltrace2 is not installed";
  Running record(Keyport({"record", file()}));
  ASSERT_TRUE(record.WaitFor("recording")) << record.output();
  EXPECT_EQ(Tool({"ps"}).exit_code, 0);  // comes and goes: facts
  EXPECT_EQ(Tool({"trace", "-n", "50"}).exit_code, 0);
  record.Signal(SIGINT);
  EXPECT_EQ(record.Wait(), 0) << record.output();
  Export("--ctf");
  std::map<std::string, int> recorded, read;
  for (const Json& one : ObjectsOf({"export", file(), "--json", "-"}))
    ++recorded[(one["fact"] ? "kernel" : one["process"].get<std::string>()) +
               " " + one["kind"].get<std::string>() + " " +
               std::to_string(one.value("interval_ns", uint64_t{0}))];
  const Finished shown = RunProgram({{kBabeltrace, out()}, {}});
  EXPECT_EQ(shown.exit_code, 0) << shown.output;
  const auto between = [](const std::string& line, const std::string& before,
                          const std::string& after) {
    const size_t found = line.find(before);
    if (found == std::string::npos) return std::string("0");
    const size_t begin = found + before.size();
    return line.substr(begin, line.find(after, begin) - begin);
  };
  std::istringstream lines(shown.output);
  for (std::string line; std::getline(lines, line);)
    ++read[between(line, "procname = \"", "\"") + " " +
           between(line, ") ", ":") + " " +
           between(line, "interval_ns = ", " }")];
  EXPECT_EQ(read, recorded);
  EXPECT_GT(read.size(), 100u);
  EXPECT_GE(read["kernel process_started 0"], 2);
}

// What babeltrace2 shows of each event's time, in order.
std::vector<std::string> Babeltraced(const std::string& folder,
                                     const char* how) {
  const Finished shown = RunProgram({{kBabeltrace, how, folder}, {}});
  EXPECT_EQ(shown.exit_code, 0) << shown.output;
  std::vector<std::string> times;
  std::istringstream lines(shown.output);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("["))
      times.push_back(line.substr(1, line.find(']') - 1));
  return times;
}

// "precision = 31;"
double NumberIn(const std::string& text, const std::string& name) {
  const size_t at = text.find(name + " = ");
  if (at == std::string::npos) return 0;
  return std::stod(text.substr(at + name.size() + 3));
}

TEST_F(ExportTest, CtfHasTheProcessorsCounterAndTheTimesOfTheOthers) {
  if (!IsThere(kBabeltrace)) GTEST_SKIP() << "babeltrace2 is not installed";
  if (!base::TracesInTicks()) GTEST_SKIP() << "traces are in nanoseconds here";
  Export("--ctf");
  std::ifstream stream(out() + "/metadata");
  const std::string metadata(std::istreambuf_iterator<char>(stream), {});
  EXPECT_THAT(metadata, HasSubstr("name = tsc;"));
  const double cycle_ns = 1e9 / NumberIn(metadata, "freq");
  const double precision_ns = NumberIn(metadata, "precision") * cycle_ns;
  EXPECT_LT(precision_ns, 1e6);
  // Of services, not the kernel process's facts: those are in nanoseconds.
  std::multiset<uint64_t> written;
  std::vector<int64_t> recorded_ns;
  for (const Json& one : ObjectsOf({"export", file(), "--json", "-"})) {
    EXPECT_EQ(one.contains("ticks"), !one["fact"].get<bool>());
    recorded_ns.push_back(one["unix_ns"].get<int64_t>());
    if (!one["fact"]) written.insert(one["ticks"].get<uint64_t>());
  }
  std::multiset<uint64_t> read;
  for (const std::string& cycles : Babeltraced(out(), "--clock-cycles"))
    read.insert(std::stoull(cycles));
  EXPECT_TRUE(
      std::includes(read.begin(), read.end(), written.begin(), written.end()));
  EXPECT_EQ(read.size(), recorded_ns.size());
  EXPECT_GT(written.size(), 300u);
  std::vector<int64_t> read_ns;
  for (const std::string& time : Babeltraced(out(), "--clock-seconds")) {
    const size_t point = time.find('.');
    read_ns.push_back(std::stoll(time.substr(0, point)) * 1'000'000'000 +
                      std::stoll(time.substr(point + 1)));
  }
  ASSERT_EQ(read_ns.size(), recorded_ns.size());
  std::sort(recorded_ns.begin(), recorded_ns.end());
  std::sort(read_ns.begin(), read_ns.end());
  for (size_t i = 0; i < read_ns.size(); ++i)
    EXPECT_NEAR(static_cast<double>(read_ns[i] - recorded_ns[i]), 0,
                precision_ns + 3)
        << i;
}

TEST_F(ExportTest, Babeltrace2WarnsOfLostRecords) {
  if (!IsThere(kBabeltrace)) GTEST_SKIP() << "babeltrace2 is not installed";
  WriteLossyRecording();
  Export("--ctf");
  const Finished shown = RunProgram({{kBabeltrace, "--clock-gmt", out()}, {}});
  EXPECT_EQ(shown.exit_code, 0) << shown.output;
  EXPECT_THAT(shown.output,
              HasSubstr("discarded 17 events between [01:23:20.000001500] and "
                        "[01:23:20.000002500]"));
}

TEST_F(ExportTest, ACtfFolderMustBeNewOrEmpty) {
  ASSERT_EQ(mkdir(out().c_str(), 0700), 0);
  Export("--ctf");
  const Finished again = Tool({"export", file(), "--ctf", out()});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_THAT(again.output, HasSubstr("the folder is not empty"));
  const Finished no_folder = Tool({"export", file(), "--ctf", file()});
  EXPECT_EQ(no_folder.exit_code, 1);
  EXPECT_THAT(no_folder.output, HasSubstr("this is no folder"));
}

TEST_F(ExportTest, APcapngNeedsSomethingToAdd) {
  const Finished none = Tool({"export", file(), "--pcapng", out()});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(none.output, HasSubstr("give --schema PORT=FILE.capnp too"));
}

// Its comments of others leave no room for one more.
TEST_F(ExportTest, APcapngLeavesOutACommentThatWouldMakeABlockTooLong) {
  keyport::MadeUpRecording recording;
  recording.Begin();
  ipc::TraceRecord record = keyport::MadeUpRecord(ipc::TraceKind::send, 2'000);
  record.label = 0;
  recording.Add(keyport::kMadeUpClient, record, "no struct at all");
  recording.EndPass(3'000);
  recording.End();
  std::ofstream written(file(), std::ios::binary | std::ios::trunc);
  const std::vector<uint8_t> bytes = recording.bytes();
  for (size_t at = 0; at < bytes.size();) {
    const keyport::TakenBlock block =
        keyport::TakeBlock(std::span(bytes).subspan(at));
    std::string text(bytes.begin() + static_cast<ssize_t>(at),
                     bytes.begin() + static_cast<ssize_t>(at + block.size));
    at += block.size;
    if (text.find("no struct at all") != std::string::npos) FillUp(&text);
    written << text;
  }
  written.close();
  const Finished exported =
      Tool({"export", file(), "--pcapng", out(), "--schema", kStoreSchema});
  EXPECT_EQ(exported.exit_code, 0);
  EXPECT_THAT(exported.output, HasSubstr("longer than a block may be: 1"));
  const std::string all = Tool({"export", file(), "--json", "-"}).output;
  EXPECT_THAT(all, HasSubstr("\"send\""));
  EXPECT_EQ(Tool({"export", out(), "--json", "-"}).output, all);
}

TEST_F(ExportTest, PrometheusHoldsTheSummaryOfTheTrace) {
  Export("--prometheus");
  const keyport::PrometheusPage page(Exported());
  EXPECT_THAT(page.complaints(), testing::IsEmpty());
  int ports = 0;
  for (const Json& summary : Traced()) {
    if (summary.value("summary", "") == "trace") {
      EXPECT_EQ(page.Value("keyport_trace_records_seen_total"),
                summary["seen"]);
      EXPECT_EQ(page.Value("keyport_trace_records_lost_total"),
                summary["lost"]);
    }
    if (summary.value("summary", "") != "port") continue;
    ++ports;
    const std::string of = "{port=" + summary["port"].dump() + ",port_id=\"" +
                           summary["port_id"].dump() + "\"}";
    for (const std::string count : {"messages", "calls", "errors", "no_room"})
      EXPECT_EQ(page.Value("keyport_" + count + "_total" + of), summary[count]);
    EXPECT_EQ(page.Value("keyport_payload_bytes_total" + of), summary["bytes"]);
    for (const std::string what : {"queue", "work", "total"})
      EXPECT_EQ(page.Value("keyport_" + what + "_seconds_count" + of),
                summary[what]["count"]);
  }
  EXPECT_EQ(ports, 2);
}

TEST_F(ExportTest, PromtoolFindsNothingWrong) {
  constexpr char kPromtool[] = "/usr/bin/promtool";
  if (!IsThere(kPromtool)) GTEST_SKIP() << "promtool is not installed";
  Export("--prometheus");
  const Finished checked = RunProgram(
      {{"/bin/sh", "-c", std::string(kPromtool) + " check metrics < " + out()},
       {}});
  EXPECT_EQ(checked.exit_code, 0) << checked.output;
}

TEST_F(ExportTest, SeveralFormatsComeFromOneCommand) {
  const std::string other = folder_.path() + "/other";
  const Finished exported =
      Tool({"export", file(), "--perfetto", out(), "--chrome", other});
  EXPECT_EQ(exported.exit_code, 0) << exported.output;
  EXPECT_EQ(access(other.c_str(), F_OK), 0);
  EXPECT_EQ(access(out().c_str(), F_OK), 0);
}

TEST_F(ExportTest, SaysWhatIsWrong) {
  const std::string damaged = folder_.Write("damaged", "no recording at all");
  const std::string cut = folder_.Write("cut", "\n\r\r\n");
  for (const std::string format :
       {"--perfetto", "--ctf", "--prometheus", "--json", "--pcapng"}) {
    std::vector<std::string> words = {"export", damaged, format, out()};
    if (format == "--pcapng")
      words.insert(words.end(), {"--schema", kStoreSchema});
    const Finished foreign = Tool(words);
    EXPECT_EQ(foreign.exit_code, 1) << format;
    EXPECT_THAT(foreign.output, HasSubstr("this is no pcapng file"));
    EXPECT_NE(access(out().c_str(), F_OK), 0) << "nothing was made";
    words[1] = cut;
    const Finished short_one = Tool(words);
    EXPECT_EQ(short_one.exit_code, 1) << format;
    EXPECT_THAT(short_one.output, HasSubstr("ends within its first block"));
    EXPECT_NE(access(out().c_str(), F_OK), 0) << "nothing was made";
    words[1] = file();
    words[3] = "/nowhere/out";
    const Finished nowhere = Tool(words);
    EXPECT_EQ(nowhere.exit_code, 1);
    EXPECT_THAT(nowhere.output, HasSubstr("/nowhere/out"));
  }
  EXPECT_EQ(Tool({"export", file()}).exit_code, 2);
}

}  // namespace
}  // namespace integration
