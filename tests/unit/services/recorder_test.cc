// What a recorder writes of trace records, as a decoder reads it.
#include "services/tracer/recorder.h"

#include <gtest/gtest.h>

#include "tests/unit/services/made_up_recording.h"

namespace keyport {
namespace {

using ipc::TraceKind;

TEST(Recorder, WritesEachRecordWithBothEnds) {
  MadeUpRecording recording;
  recording.Fill();
  DecodedRecording decoded;
  decoded.Decode(recording.bytes());
  ASSERT_TRUE(decoded.used.ok()) << decoded.used.status();
  EXPECT_EQ(*decoded.used, recording.bytes().size());
  ASSERT_EQ(decoded.records.size(), 8u);
  for (const auto& one : decoded.records) {
    EXPECT_EQ(one.header.sender, 1u);
    EXPECT_EQ(one.header.receiver, 2u);
    EXPECT_EQ(one.header.flags, kRecordedCall);
    EXPECT_EQ(one.source, one.header.process == 1 ? "client" : "server");
  }
  EXPECT_EQ(decoded.decoder.PortName(kMadeUpPort), "store");
  EXPECT_EQ(decoded.decoder.loss().seen, 8u);
  EXPECT_EQ(decoded.decoder.loss().lost, 17u);
  EXPECT_TRUE(decoded.decoder.ended());
  EXPECT_EQ(decoded.decoder.clock()->UnixNs(2'000), 5'000'000'002'000);
}

TEST(Recorder, WritesTheCounterOfEachRecordAndBeginAndEnd) {
  MadeUpRecording recording({}, 5'000'000);
  recording.Begin();
  recording.Add(kMadeUpClient, MadeUpRecord(TraceKind::send, 2'000), "hi",
                5'003'000);
  recording.Add(kMadeUpServer, MadeUpRecord(TraceKind::receive, 2'100));
  recording.End({10'001'000, 35'000'000});
  DecodedRecording decoded;
  decoded.Decode(recording.bytes());
  ASSERT_EQ(decoded.records.size(), 2u);
  EXPECT_EQ(decoded.records[0].header.ticks, 5'003'000u);
  EXPECT_EQ(decoded.records[0].payload, "hi");
  EXPECT_EQ(decoded.records[1].header.ticks, 0u);
  ASSERT_TRUE(decoded.decoder.counter().has_value());
  EXPECT_EQ(decoded.decoder.counter()->hertz(), 3'000'000'000u);
  EXPECT_EQ(decoded.decoder.counter()->NsOf(5'003'000), 2'000u);
}

TEST(Recorder, CountsWhatPayloadsTookInTheRingAsLossesDo) {
  Recorder recorder({}, {}, [](TraceDirectory*) {});
  std::string text = recorder.Begin("test", "made up");
  const ipc::TraceRecord record = MadeUpRecord(ipc::TraceKind::send, 2'000);
  recorder.Add(kMadeUpClient, record, {.bytes = {}, .parts = 3});
  recorder.Add(kMadeUpClient, record);
  text += recorder.EndPass(3'000, {17, 1'500, 2'500});
  text += recorder.End({9'000}, {});
  EXPECT_EQ(recorder.seen(), 5u);
  EXPECT_EQ(recorder.recorded(), 2u);
  DecodedRecording decoded;
  const std::vector<uint8_t> bytes(text.begin(), text.end());
  decoded.Decode(bytes);
  ASSERT_EQ(decoded.records.size(), 2u);
  EXPECT_EQ(decoded.records[0].header.parts, 3u);
  EXPECT_EQ(decoded.decoder.loss().seen, 5u);
  EXPECT_EQ(decoded.decoder.loss().lost, 17u);
}

TEST(Recorder, SaysOfMessagesWhatItIsTold) {
  MadeUpRecording recording;
  recording.CommentWith([](const RecordedHeader& header,
                           const std::string& port, std::string_view payload) {
    return header.kind == 1 ? port + " " + std::string(payload) : "";
  });
  recording.Begin();
  recording.Add(kMadeUpClient, MadeUpRecord(TraceKind::send, 2'000), "hi");
  recording.Add(kMadeUpServer, MadeUpRecord(TraceKind::receive, 2'100));
  recording.End();
  std::vector<std::string> comments;
  const std::vector<uint8_t> bytes = recording.bytes();
  RecordingDecoder decoder;
  const auto used = decoder.Decode(
      bytes,
      {[](const RecordingDecoder::Recorded&) {}, [](const LostRecords&) {},
       [&](std::span<const uint8_t> whole) {
         const TakenBlock block = TakeBlock(whole);
         if (block.type != static_cast<uint32_t>(PcapngType::packet)) return;
         const size_t data = PacketOf(block.body)->size();
         const auto options = block.body.subspan(
             std::min(block.body.size(), 20 + (data + 3) / 4 * 4));
         comments.emplace_back(OptionIn(options, kPcapngComment));
       }});
  EXPECT_EQ(used.value_or(0), bytes.size());
  std::erase(comments, "");
  EXPECT_EQ(comments, (std::vector<std::string>{"store hi"}));
}

TEST(Recorder, PutsRecordsOfAPassInOrderAndHoldsBackLaterOnes) {
  MadeUpRecording recording;
  recording.Begin();
  recording.Add(kMadeUpClient, MadeUpRecord(TraceKind::send, 2'500));
  recording.Add(kMadeUpClient, MadeUpRecord(TraceKind::send, 3'100));
  recording.Add(kMadeUpServer, MadeUpRecord(TraceKind::receive, 2'100));
  recording.EndPass(3'000);
  recording.Add(kMadeUpServer, MadeUpRecord(TraceKind::receive, 3'050));
  recording.EndPass(4'000);
  DecodedRecording decoded;
  decoded.Decode(recording.bytes());
  std::vector<uint64_t> times;
  for (const auto& one : decoded.records) times.push_back(one.header.time_ns);
  EXPECT_EQ(times, (std::vector<uint64_t>{2'100, 2'500, 3'050, 3'100}));
  EXPECT_FALSE(decoded.decoder.ended());
}

TEST(Recorder, ARecordFromTheFutureWaitsForOnePassOnly) {
  MadeUpRecording recording;
  recording.Begin();
  recording.Add(kMadeUpClient, MadeUpRecord(TraceKind::send, UINT64_MAX));
  recording.EndPass(3'000);
  recording.EndPass(4'000);
  DecodedRecording decoded;
  decoded.Decode(recording.bytes());
  EXPECT_EQ(decoded.records.size(), 1u);
}

TEST(Recorder, AllRecordsOfAMessageHaveItsNumber) {
  MadeUpRecording recording;
  recording.Begin();
  recording.AddCall(2'000, 1);
  recording.AddCall(2'200, 2);
  recording.Add(kMadeUpClient, MadeUpRecord(TraceKind::send, 2'400));
  recording.Add(kMadeUpServer, MadeUpRecord(TraceKind::receive, 2'450, 50));
  recording.End();
  DecodedRecording decoded;
  decoded.Decode(recording.bytes());
  std::map<uint64_t, int> records;
  for (const auto& one : decoded.records) ++records[one.header.message];
  std::vector<int> counts;
  for (const auto& [message, count] : records) counts.push_back(count);
  std::sort(counts.begin(), counts.end());
  EXPECT_EQ(counts, (std::vector<int>{2, 4, 4}));
}

TEST(Recorder, APortThatAppearsIsAskedForAndNamed) {
  MadeUpRecording recording;
  recording.KnowNothing();
  recording.Begin();
  recording.KnowAll();
  recording.Add(kMadeUpKernel, MadeUpRecord(TraceKind::port_created, 2'000));
  recording.EndPass(3'000);
  EXPECT_EQ(recording.refreshes(), 2);
  recording.AddCall(3'100, 1);
  recording.End();
  EXPECT_EQ(recording.refreshes(), 2);
  DecodedRecording decoded;
  decoded.Decode(recording.bytes());
  ASSERT_EQ(decoded.records.size(), 5u);
  EXPECT_EQ(decoded.records[0].header.flags, kRecordedFact);
  EXPECT_EQ(decoded.decoder.PortName(kMadeUpPort), "store");
}

TEST(Recorder, ItsStatisticsAddUpToWhatWasWritten) {
  MadeUpRecording recording({.service = "server", .port = "other"});
  recording.Fill();
  uint64_t received = 0;
  uint64_t dropped = 0;
  uint64_t accepted = 0;
  const std::vector<uint8_t> all = recording.bytes();
  std::span<const uint8_t> left = all;
  for (TakenBlock block = TakeBlock(left);
       block.outcome == TakenBlock::Outcome::kBlock; block = TakeBlock(left)) {
    left = left.subspan(block.size);
    if (block.type != static_cast<uint32_t>(PcapngType::statistics)) continue;
    // Twelve bytes, five options of twelve each, their end.
    ASSERT_EQ(block.body.size(), 12u + 5 * 12 + 4);
    const auto number = [&](size_t option) {
      uint64_t value;
      std::memcpy(&value, block.body.data() + 12 + 12 * option + 4, 8);
      return value;
    };
    received += number(2);
    dropped += number(3);
    accepted += number(4);
  }
  EXPECT_TRUE(left.empty());
  EXPECT_EQ(received, 8u);
  EXPECT_EQ(dropped, 17u);
  EXPECT_EQ(accepted, 0u);
}

TEST(Recorder, AProcessCanNeitherMakeInterfacesNorNameThings) {
  MadeUpRecording recording;
  recording.Begin();
  for (uint64_t port = 100; port < 200; ++port) {
    auto forged = MadeUpRecord(TraceKind::send, 2'000);
    forged.port = forged.lane = port;
    recording.Add(kMadeUpClient, forged);
  }
  auto name = MadeUpRecord(TraceKind::send, 2'000);
  name.kind = static_cast<uint16_t>(MetaKind::port_name);
  recording.Add(kMadeUpClient, name);
  auto fact = MadeUpRecord(TraceKind::port_created, 2'000);
  recording.Add(kMadeUpClient, fact);
  recording.End();
  EXPECT_EQ(recording.refreshes(), 1);
  DecodedRecording decoded;
  decoded.Decode(recording.bytes());
  EXPECT_EQ(decoded.records.size(), 102u);
  for (const auto& one : decoded.records) EXPECT_EQ(one.header.flags, 0u);
  int interfaces = 0;
  const std::vector<uint8_t> all = recording.bytes();
  std::span<const uint8_t> left = all;
  for (TakenBlock block = TakeBlock(left);
       block.outcome == TakenBlock::Outcome::kBlock; block = TakeBlock(left)) {
    interfaces += block.type == 1 ? 1 : 0;
    left = left.subspan(block.size);
  }
  EXPECT_EQ(interfaces, 2);  // the kernel's and the store's
}

TEST(Recorder, LeavesOutWhatTheFilterIsSureOf) {
  MadeUpRecording other({.port = "other"});
  other.Fill();
  EXPECT_EQ(other.recorder().recorded(), 0u);
  EXPECT_EQ(other.recorder().seen(), 8u);
  MadeUpRecording in({.service = "client", .direction = Direction::kIn});
  in.Fill();
  EXPECT_EQ(in.recorder().recorded(), 0u);
  MadeUpRecording out({.service = "client", .direction = Direction::kOut});
  out.Fill();
  EXPECT_EQ(out.recorder().recorded(), 8u);
}

TEST(Recorder, KeepsARecordWhoseOtherEndIsNotKnown) {
  MadeUpRecording recording({.service = "server"});
  recording.KnowNothing();
  recording.Begin();
  recording.Add(kMadeUpClient, MadeUpRecord(TraceKind::send, 2'000));
  recording.End();
  EXPECT_EQ(recording.recorder().recorded(), 1u);
}

}  // namespace
}  // namespace keyport
