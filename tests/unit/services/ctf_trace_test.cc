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

std::map<std::string, std::string> FilesOf(const std::vector<uint8_t>& bytes) {
  RecordingDecoder decoder;
  CtfTrace trace;
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

std::map<std::string, std::string> FilesOf(const MadeUpRecording& recording) {
  return FilesOf(recording.bytes());
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

// A counter of 2 GHz: 7,000,000 ticks at the begin, 1,000 ns.
constexpr uint64_t kTicksAtBegin = 7'000'000;
void BeginWithTicks(MadeUpRecording* recording) {
  recording->Begin();
  recording->Add(kMadeUpClient, MadeUpRecord(ipc::TraceKind::send, 2'000), "",
                 kTicksAtBegin + 2'000);
  // Its nanoseconds were made by a clock that was 15 of them behind.
  recording->Add(kMadeUpClient, MadeUpRecord(ipc::TraceKind::send, 2'100), "",
                 kTicksAtBegin + 2'230);
  // Of a writer that read nanoseconds.
  recording->Add(kMadeUpServer, MadeUpRecord(ipc::TraceKind::receive, 3'000));
  recording->EndPass(4'000, {17, 1'500, 2'500});
}
constexpr Moment kEndOfTicks = {2'001'000, kTicksAtBegin + 4'000'000};

TEST(CtfTrace, StampsAreTheProcessorsCounter) {
  MadeUpRecording recording({}, kTicksAtBegin);
  BeginWithTicks(&recording);
  recording.End(kEndOfTicks);
  const auto files = FilesOf(recording);
  EXPECT_EQ(NumberAt(files.at("client_1"), 24), kTicksAtBegin + 2'000);
  EXPECT_EQ(NumberAt(files.at("client_1"), 32), kTicksAtBegin + 2'230);
  EXPECT_EQ(NumberAt(files.at("server_2"), 24), kTicksAtBegin + 4'000);
  EXPECT_EQ(NumberAt(files.at("losses"), 32), kTicksAtBegin + 1'000);
  // 5,000 s and 1,000 ns after 1970 it was at 7,000,000; 15 ns are 30 cycles.
  const std::string& metadata = files.at("metadata");
  EXPECT_THAT(metadata, HasSubstr("name = tsc;"));
  EXPECT_THAT(metadata, HasSubstr("freq = 2000000000;\n"
                                  "  offset_s = 4999;\n"
                                  "  offset = 1993002000;\n"
                                  "  precision = 31;\n"));
  EXPECT_THAT(metadata, HasSubstr("map = clock.tsc.value;"));
}

TEST(CtfTrace, StampsAreNanosecondsWhereTheCounterIsNotKnown) {
  // Without an end, as of a recorder that was killed; and of an end that no
  // counter comes to.
  MadeUpRecording killed({}, kTicksAtBegin);
  BeginWithTicks(&killed);
  MadeUpRecording made_up({}, kTicksAtBegin);
  BeginWithTicks(&made_up);
  made_up.End({2'001'000, ~uint64_t{0}});
  // And of an end that is another one's, before it in the file.
  MadeUpRecording before({}, kTicksAtBegin);
  before.Begin();
  before.End({2'001'000, kTicksAtBegin + 6'000'000});
  std::vector<uint8_t> both = before.bytes();
  const std::vector<uint8_t> cut = killed.bytes();
  both.insert(both.end(), cut.begin(), cut.end());
  for (const auto& bytes : {killed.bytes(), made_up.bytes(), both}) {
    const auto files = FilesOf(bytes);
    EXPECT_EQ(NumberAt(files.at("client_1"), 24), 2'000u);
    EXPECT_EQ(NumberAt(files.at("client_1"), 32), 2'100u);
    EXPECT_EQ(NumberAt(files.at("losses"), 32), 1'500u);
    EXPECT_THAT(files.at("metadata"), HasSubstr("freq = 1000000000;"));
    EXPECT_THAT(files.at("metadata"),
                HasSubstr("map = clock.monotonic.value;"));
  }
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
  const std::string text = CtfMetadata({}, {.name = "monotonic",
                                            .description = "nanoseconds",
                                            .hertz = 1'000'000'000,
                                            .offset_seconds = 3,
                                            .offset_cycles = 7});
  EXPECT_THAT(text, HasSubstr("offset_s = 3;\n  offset = 7;"));
  EXPECT_THAT(text, HasSubstr("name = \"receive\";\n  id = 2;"));
  EXPECT_THAT(text, HasSubstr("name = \"process_ended\";\n  id = 38;"));
  EXPECT_THAT(text, HasSubstr("\"timed_out\" = "));
}

}  // namespace
}  // namespace keyport
