// Recordings in tshark with the dissector that is installed. Skipped where
// there is no tshark.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "ipc/status.h"
#include "services/tracer/trace_format.h"
#include "tests/integration/support/graph_test.h"
#include "tests/unit/services/made_up_recording.h"

namespace integration {
namespace {

using Json = nlohmann::json;

constexpr char kTshark[] = "/usr/bin/tshark";

class WiresharkTest : public GraphTest {
 protected:
  void SetUp() override {
    if (access(kTshark, X_OK) != 0)
      GTEST_SKIP() << "tshark is not installed: nothing reads the recordings "
                      "but keyport itself";
  }

  std::string file() const { return folder_.path() + "/out.pcapng"; }

  // A row for each packet that the filter chooses.
  std::vector<std::vector<std::string>> Fields(
      const std::string& filter, const std::vector<std::string>& fields) const {
    std::vector<std::string> words = {
        kTshark,
        "-2",
        "-X",
        "lua_script:" KEYPORT_SOURCE_DIR "/services/wireshark/keyport.lua",
        "-r",
        file(),
        "-Y",
        filter,
        "-T",
        "fields"};
    for (const std::string& field : fields) {
      words.push_back("-e");
      words.push_back(field);
    }
    const Finished tshark = RunProgram({words, {"HOME=" + folder_.path()}});
    EXPECT_EQ(tshark.exit_code, 0) << tshark.output;
    EXPECT_EQ(tshark.output.find("Lua"), std::string::npos) << tshark.output;
    std::vector<std::vector<std::string>> rows;
    std::istringstream text(tshark.output);
    for (std::string line; std::getline(text, line);) {
      if (line.starts_with("Running as user")) continue;
      std::vector<std::string> row;
      std::istringstream cells(line);
      for (std::string cell; std::getline(cells, cell, '\t');)
        row.push_back(cell);
      row.resize(fields.size());
      rows.push_back(std::move(row));
    }
    return rows;
  }

  void Write(const keyport::MadeUpRecording& recording) const {
    const std::vector<uint8_t> bytes = recording.bytes();
    std::ofstream(file(), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }
};

TEST_F(WiresharkTest, ShowsTheNumbersThatKeyportShows) {
  auto graph =
      Start("[graph]\nname = 'example'\n[port.echo]\n" +
            Service("server", "'echo', 'echo'", "provides = ['echo']") +
            Service("talker", "'call-often', 'echo', 'hi'",
                    "uses = ['echo']\ninstances = 2"));
  ASSERT_TRUE(graph->WaitFor("listening")) << graph->output();
  const Finished record = Tool({"record", "-n", "100", file()});
  ASSERT_EQ(record.exit_code, 0) << record.output;
  std::vector<std::string> queues, works, totals;
  const Finished shown = Tool({"trace", "--from", file(), "--json"});
  std::istringstream text(shown.output);
  for (std::string line; std::getline(text, line);) {
    const Json message = Json::parse(line);
    if (!message.contains("flow")) continue;
    const auto add = [&](const char* key, std::vector<std::string>* to) {
      if (!message[key].is_null()) to->push_back(message[key].dump());
    };
    add("queue_ns", &queues);
    add("work_ns", &works);
    add("total_ns", &totals);
  }
  std::vector<std::string> seen_queues, seen_works, seen_totals;
  for (const auto& row :
       Fields("keyport", {"keyport.queue", "keyport.work", "keyport.total"})) {
    if (!row[0].empty()) seen_queues.push_back(row[0]);
    if (!row[1].empty()) seen_works.push_back(row[1]);
    if (!row[2].empty()) seen_totals.push_back(row[2]);
  }
  for (auto* list :
       {&queues, &works, &totals, &seen_queues, &seen_works, &seen_totals})
    std::sort(list->begin(), list->end());
  EXPECT_GE(totals.size(), 95u);
  EXPECT_EQ(seen_queues, queues);
  EXPECT_EQ(seen_works, works);
  EXPECT_EQ(seen_totals, totals);
  for (const auto& row :
       Fields("keyport.kind == 1",
              {"frame.interface_name", "keyport.from", "keyport.to"})) {
    EXPECT_NE(row[0].find(" echo"), std::string::npos);
    EXPECT_EQ(row[1].find("talker."), 0u);
    EXPECT_EQ(row[2], "server");
  }
}

TEST_F(WiresharkTest, LinksTheRecordsOfACall) {
  keyport::MadeUpRecording recording;
  recording.Fill();
  Write(recording);
  const auto sends =
      Fields("keyport.kind == 1",
             {"frame.number", "keyport.received_in", "keyport.answered_in",
              "keyport.ended_in", "frame.packet_id", "frame.p2p_dir"});
  ASSERT_EQ(sends.size(), 2u);
  const auto outcomes =
      Fields("keyport.kind == 4", {"keyport.sent_in", "frame.number",
                                   "keyport.answered_in", "frame.packet_id"});
  ASSERT_EQ(outcomes.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(outcomes[i][0], sends[i][0]);
    EXPECT_EQ(outcomes[i][1], sends[i][3]);
    EXPECT_EQ(outcomes[i][2], sends[i][2]);
    EXPECT_EQ(outcomes[i][3], sends[i][4]);
    EXPECT_FALSE(sends[i][1].empty());
  }
  EXPECT_NE(sends[0][0], sends[1][0]);
}

TEST_F(WiresharkTest, TellsOfLossesErrorsAndDrops) {
  using ipc::TraceKind;
  keyport::MadeUpRecording failing;
  failing.Begin();
  uint32_t errors = 0;
  for (uint8_t error = 0; error < 64; ++error) {
    if (error != 0 && ipc::ErrorName(static_cast<ipc::Error>(error)) ==
                          ipc::ErrorName(static_cast<ipc::Error>(255)))
      break;
    auto outcome = keyport::MadeUpRecord(TraceKind::outcome, 2'000u + error,
                                         100, 1u + error);
    outcome.error = error;
    failing.Add(keyport::kMadeUpClient, outcome);
    ++errors;
  }
  failing.Add(keyport::kMadeUpServer,
              keyport::MadeUpRecord(TraceKind::drop, 2'500, 0, 99));
  failing.EndPass(3'000, {17, 1'500, 2'500});
  failing.End();
  Write(failing);
  EXPECT_GT(errors, 20u);
  const auto outcomes = Fields("keyport.kind == 4",
                               {"keyport.error", "_ws.col.Info", "_ws.expert"});
  ASSERT_EQ(outcomes.size(), errors);
  for (const auto& row : outcomes) {
    const auto error = static_cast<ipc::Error>(std::stoi(row[0]));
    if (error == ipc::Error::ok) continue;
    EXPECT_NE(row[1].find(std::string(ipc::ErrorName(error))),
              std::string::npos)
        << row[1];
  }
  EXPECT_EQ(Fields("keyport.failed", {"frame.number"}).size(), errors - 1);
  EXPECT_EQ(Fields("keyport.dropped", {"frame.number"}).size(), 1u);
  const auto lost =
      Fields("keyport.records_lost", {"frame.drop_count", "keyport.lost"});
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0], (std::vector<std::string>{"17", "17"}));
  EXPECT_EQ(
      Fields("keyport.malformed || _ws.malformed", {"frame.number"}).size(),
      0u);
}

TEST_F(WiresharkTest, ShowsPayloadThatWasRecorded) {
  keyport::MadeUpRecording recording;
  recording.Begin();
  for (const std::string& payload :
       {std::string("what time?"), std::string("\x01\x02", 2), std::string()})
    recording.Add(keyport::kMadeUpClient,
                  keyport::MadeUpRecord(ipc::TraceKind::send, 2'000), payload,
                  77'000);
  recording.End();
  Write(recording);
  const auto rows = Fields("keyport.kind == 1",
                           {"keyport.payload", "keyport.payload_text",
                            "frame.len", "frame.cap_len", "keyport.ticks"});
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0][0],
            "7768617420"
            "74696d653f");
  EXPECT_EQ(rows[0][1], "what time?");
  EXPECT_EQ(rows[1][0], "0102");
  EXPECT_EQ(rows[1][1], "");
  EXPECT_EQ(rows[2][0], "");
  // Of 40 bytes ten were kept.
  EXPECT_EQ(rows[0][2], "152");
  EXPECT_EQ(rows[0][3], "122");
  EXPECT_EQ(rows[0][4], "77000");
}

// The example whose payloads have a schema.
TEST_F(WiresharkTest, ShowsWhatASchemaSaysOfPayloads) {
  const std::string schema = std::string("store=") + KEYPORT_SOURCE_DIR +
                             "/examples/typed_store/store.capnp";
  Running graph(Keyport(
      {"run", KEYPORT_SOURCE_DIR "/examples/typed_store/typed_store.toml",
       "100000000"}));
  ASSERT_TRUE(graph.WaitFor("its socket is")) << graph.output();
  const std::string plain = folder_.path() + "/plain.pcapng";
  const Finished record =
      Tool({"record", "--payload", "--snaplen", "1024", "-n", "200", plain});
  ASSERT_EQ(record.exit_code, 0) << record.output;
  const Finished live =
      Tool({"record", "--payload", "--snaplen", "1024", "-n", "50", "--schema",
            schema, folder_.path() + "/live.pcapng"});
  EXPECT_EQ(live.exit_code, 0) << live.output;
  graph.Signal(SIGINT);
  graph.Wait();
  const Finished exported =
      Tool({"export", plain, "--pcapng", file(), "--schema", schema});
  ASSERT_EQ(exported.exit_code, 0) << exported.output;
  // What `keyport trace` decodes of the recording, of both ends.
  std::multiset<std::string> decoded, shown;
  const Finished traced = Tool(
      {"trace", "--from", plain, "--payload", "--json", "--schema", schema});
  std::istringstream text(traced.output);
  for (std::string line; std::getline(text, line);) {
    const Json message = Json::parse(line);
    if (!message.contains("method")) continue;
    for (const char* what : {"request", "answer"})
      if (message.contains(what))
        decoded.insert(message["method"].get<std::string>() + " " +
                       message[what].dump());
  }
  for (const auto& row :
       Fields("keyport.decoded", {"keyport.method", "keyport.decoded"}))
    shown.insert(row[0] + " " + Json::parse(row[1]).dump());
  EXPECT_GT(shown.size(), 300u);
  EXPECT_EQ(shown, decoded);
  EXPECT_EQ(Fields("keyport.kind == 4 && !keyport.method", {"frame.number"}),
            (std::vector<std::vector<std::string>>()));
  EXPECT_NE(Fields("keyport.method == \"put\"", {"_ws.col.Info"})
                .at(0)
                .at(0)
                .find(" put"),
            std::string::npos);
  // Nothing else of it has changed.
  EXPECT_EQ(Tool({"export", file(), "--json", "-"}).output,
            Tool({"export", plain, "--json", "-"}).output);
  std::filesystem::rename(folder_.path() + "/live.pcapng", file());
  EXPECT_GT(Fields("keyport.decoded", {"keyport.method"}).size(), 50u);
}

TEST_F(WiresharkTest, KnowsEachKindByItsName) {
  keyport::MadeUpRecording recording;
  recording.Begin();
  std::vector<std::string> words;
  for (uint16_t kind = 1; kind < 64; ++kind) {
    const std::string word = keyport::TraceKindText(kind);
    if (word.starts_with("kind ")) continue;
    words.push_back(word);
    auto record = keyport::MadeUpRecord(ipc::TraceKind::send, 2'000u + kind);
    record.kind = kind;
    recording.Add(keyport::kMadeUpKernel, record);
  }
  recording.End();
  Write(recording);
  std::vector<std::string> shown;
  for (const auto& row : Fields("keyport.kind < 64", {"_ws.col.Info"}))
    shown.push_back(row[0].substr(0, row[0].find(' ')));
  EXPECT_EQ(words.size(), 25u);
  EXPECT_EQ(shown, words);
}

TEST_F(WiresharkTest, ADamagedRecordIsMalformedAndNoError) {
  keyport::MadeUpRecording recording;
  recording.Begin();
  keyport::RecordedHeader header;
  header.kind = static_cast<uint16_t>(keyport::MetaKind::lost);
  const std::string without_body(reinterpret_cast<const char*>(&header),
                                 sizeof(header));
  header.kind = static_cast<uint16_t>(keyport::MetaKind::port_name);
  const std::string without_name(reinterpret_cast<const char*>(&header),
                                 sizeof(header));
  header.header_bytes = 200;
  const std::string too_long(reinterpret_cast<const char*>(&header),
                             sizeof(header));
  for (const std::string& data :
       {without_body, without_name, too_long, std::string("KPTR")})
    recording.AddPacket(data);
  Write(recording);
  EXPECT_EQ(Fields("keyport.malformed", {"frame.number"}).size(), 3u);
  EXPECT_EQ(Fields("_ws.lua.error", {"frame.number"}).size(), 0u);
}

}  // namespace
}  // namespace integration
