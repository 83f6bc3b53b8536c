// Recordings that are cut, damaged, or nobody's.
#include <gtest/gtest.h>

#include "ipc/status.h"
#include "services/tracer/message_table.h"
#include "tests/unit/services/made_up_recording.h"

namespace keyport {
namespace {

TEST(Recording, CutAnywhereKeepsTheBlocksBeforeTheCut) {
  MadeUpRecording recording;
  recording.Fill();
  const std::vector<uint8_t> bytes = recording.bytes();
  uint64_t before = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    DecodedRecording decoded;
    decoded.Decode(std::span(bytes).first(size));
    ASSERT_TRUE(decoded.used.ok()) << size << ": " << decoded.used.status();
    EXPECT_LE(*decoded.used, size);
    EXPECT_GE(decoded.records.size(), before);
    before = decoded.records.size();
  }
  EXPECT_EQ(before, 8u);
}

TEST(Recording, GivenInPiecesGivesTheSameRecords) {
  MadeUpRecording recording;
  recording.Fill();
  const std::vector<uint8_t> bytes = recording.bytes();
  DecodedRecording decoded;
  std::vector<uint8_t> waiting;
  for (const uint8_t byte : bytes) {
    waiting.push_back(byte);
    decoded.Decode(waiting);
    ASSERT_TRUE(decoded.used.ok());
    waiting.erase(waiting.begin(),
                  waiting.begin() + static_cast<ssize_t>(*decoded.used));
  }
  EXPECT_TRUE(waiting.empty());
  EXPECT_EQ(decoded.records.size(), 8u);
  EXPECT_EQ(decoded.losses.size(), 1u);
}

TEST(Recording, AnyDamagedByteIsSurvived) {
  MadeUpRecording recording;
  recording.Fill();
  const std::vector<uint8_t> whole = recording.bytes();
  for (size_t at = 0; at < whole.size(); ++at)
    for (const uint8_t change : {0x01, 0x80, 0xff}) {
      std::vector<uint8_t> bytes = whole;
      bytes[at] ^= change;
      DecodedRecording decoded;
      decoded.Decode(bytes);
      EXPECT_LE(decoded.records.size(), 8u) << at;
      MessageTable table;
      for (const auto& one : decoded.records) {
        ipc::TraceRecord record = {};
        record.kind = one.header.kind;
        record.time_ns = one.header.time_ns;
        record.interval_ns = one.header.interval_ns;
        table.Add({1, 1, one.source}, record);
      }
      for (const TracedMessage& message : table.TakeRest())
        EXPECT_FALSE(TraceLine(message, "p", WallClock(0)).empty());
    }
}

TEST(Recording, AnotherFileIsRefused) {
  for (const std::string text :
       {"GIF89a, and some more bytes", "\x0a\x0d\x0d\x0a\x1c\0\0\0"}) {
    DecodedRecording decoded;
    const std::vector<uint8_t> bytes(text.begin(), text.end());
    decoded.Decode(bytes);
    EXPECT_EQ(decoded.records.size(), 0u);
  }
  DecodedRecording big_endian;
  MadeUpRecording recording;
  recording.Fill();
  std::vector<uint8_t> bytes = recording.bytes();
  std::swap(bytes[8], bytes[11]);
  big_endian.Decode(bytes);
  EXPECT_EQ(ipc::ErrorOf(big_endian.used.status()), ipc::Error::not_supported);
}

TEST(Recording, PacketsOfOthersAreCountedAndLeftOut) {
  MadeUpRecording recording;
  recording.Fill();
  recording.AddPacket("ping");
  DecodedRecording decoded;
  decoded.Decode(recording.bytes());
  ASSERT_TRUE(decoded.used.ok());
  EXPECT_EQ(decoded.decoder.foreign(), 1u);
  EXPECT_EQ(decoded.records.size(), 8u);
}

TEST(Recording, ALongerHeaderIsRead) {
  RecordedHeader header;
  header.header_bytes = 120;
  header.kind = static_cast<uint16_t>(MetaKind::port_name);
  header.port = 4;
  std::string data(reinterpret_cast<const char*>(&header), sizeof(header));
  data += "later!!!name";
  MadeUpRecording recording;
  recording.Begin();
  recording.AddPacket(data);
  DecodedRecording decoded;
  decoded.Decode(recording.bytes());
  EXPECT_EQ(decoded.decoder.PortName(4), "name");
}

// As the first recordings have it.
TEST(Recording, AHeaderWithoutTicksIsRead) {
  RecordedHeader header;
  header.header_bytes = kRecordedHeaderLeast;
  header.kind = static_cast<uint16_t>(ipc::TraceKind::send);
  header.time_ns = 2'000;
  header.payload_bytes = 3;
  std::string data(reinterpret_cast<const char*>(&header),
                   kRecordedHeaderLeast);
  MadeUpRecording recording;
  recording.Begin();
  recording.AddPacket(data);  // no payload: shorter than ours
  recording.AddPacket(data + "a payload");
  DecodedRecording decoded;
  decoded.Decode(recording.bytes());
  ASSERT_EQ(decoded.records.size(), 2u);
  EXPECT_EQ(decoded.records[1].header.time_ns, 2'000u);
  EXPECT_EQ(decoded.records[1].header.ticks, 0u);
  EXPECT_EQ(decoded.records[1].payload, "a p");
  EXPECT_EQ(decoded.decoder.foreign(), 0u);
}

}  // namespace
}  // namespace keyport
