// Recordings as a CTF trace: what a reader of the format cannot tell. That
// babeltrace2 reads it all is tested with real recordings.
#include "services/tracer/ctf_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/services/made_up_recording.h"

namespace keyport {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::map<std::string, std::string> FilesOf(const MadeUpRecording& recording) {
  RecordingDecoder decoder;
  CtfTrace trace;
  const std::vector<uint8_t> bytes = recording.bytes();
  EXPECT_TRUE(
      decoder
          .Decode(bytes,
                  {[&](const RecordingDecoder::Recorded& recorded) {
                     trace.Add(recorded);
                   },
                   [&](const LostRecords& lost) { trace.AddLoss(lost); }})
          .ok());
  std::map<std::string, std::string> files;
  trace.Write(decoder, [&](const std::string& file, const std::string& piece) {
    files[file] += piece;
  });
  return files;
}

std::vector<std::string> NamesOf(
    const std::map<std::string, std::string>& files) {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : files) names.push_back(name);
  return names;
}

uint64_t NumberAt(const std::string& bytes, size_t at) {
  uint64_t number;
  std::memcpy(&number, bytes.data() + at, sizeof(number));
  return number;
}

TEST(CtfTrace, HasAStreamForEachProcessAndOneForLosses) {
  MadeUpRecording recording;
  recording.Fill();
  const auto files = FilesOf(recording);
  EXPECT_THAT(NamesOf(files),
              ElementsAre("client_1", "losses", "metadata", "server_2"));
  EXPECT_TRUE(files.at("metadata").starts_with("/* CTF 1.8 */\n"));
}

TEST(CtfTrace, CountsLostRecordsFromTheEndOfThePacketBefore) {
  MadeUpRecording recording;
  recording.Fill();  // 17 lost from 1,500 to 2,500 ns
  const std::string losses = FilesOf(recording).at("losses");
  constexpr size_t kBegin = 24, kEnd = 32, kSize = 48, kDiscarded = 56;
  const size_t second = NumberAt(losses, kSize) / 8;
  EXPECT_EQ(NumberAt(losses, kEnd), 1'500u);
  EXPECT_EQ(NumberAt(losses, kDiscarded), 0u);
  EXPECT_EQ(NumberAt(losses, second + kBegin), 1'500u);
  EXPECT_EQ(NumberAt(losses, second + kEnd), 2'500u);
  EXPECT_EQ(NumberAt(losses, second + kDiscarded), 17u);
  EXPECT_EQ(losses.size(), 2 * second);
}

TEST(CtfTrace, AStreamIsInOrderWhateverTimesItsWriterPutDown) {
  MadeUpRecording recording;
  recording.Begin();
  for (const uint64_t time_ns : {5'000ull, ~1ull, 4'000ull})
    recording.Add(kMadeUpClient, MadeUpRecord(ipc::TraceKind::send, time_ns));
  recording.End();
  const std::string stream = FilesOf(recording).at("client_1");
  EXPECT_EQ(NumberAt(stream, 24), 4'000u);
  EXPECT_EQ(NumberAt(stream, 32), uint64_t{1} << 61);
}

TEST(CtfTrace, ANameMakesNoPath) {
  MadeUpRecording recording;
  recording.Begin();
  recording.Add({7, 1, "../etc/\n"}, MadeUpRecord(ipc::TraceKind::send, 2'000));
  recording.End();
  EXPECT_THAT(NamesOf(FilesOf(recording)),
              ElementsAre("___etc___7", "metadata"));
}

TEST(CtfMetadata, TellsTheClockAndEachKind) {
  const std::string text = CtfMetadata({}, 3'000'000'007);
  EXPECT_THAT(text, HasSubstr("offset_s = 3;\n  offset = 7;"));
  EXPECT_THAT(text, HasSubstr("name = \"receive\";\n  id = 2;"));
  EXPECT_THAT(text, HasSubstr("name = \"process_ended\";\n  id = 38;"));
  EXPECT_THAT(text, HasSubstr("\"timed_out\" = "));
}

}  // namespace
}  // namespace keyport
