// A tracer that reads a ring part by part, as a lossless one does: whatever
// stands where a part ends is handed out, once and whole.
#include "libipc/src/traced_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace ipc {
namespace {

constexpr uint64_t kPart = 512;

class RingsReadInParts : public ::testing::Test {
 protected:
  void Write(uint64_t messages, size_t payload_bytes = 0) {
    const std::string payload(payload_bytes, 'x');
    for (; messages > 0; --messages) {
      abi::TraceRecord record = {};
      record.kind = static_cast<uint16_t>(TraceKind::send);
      record.label = written_++;
      writer_.Append(record, BytesOf(payload));
    }
  }
  // Reads parts until there are no more. Returns the sizes of the payloads.
  std::vector<size_t> Read() {
    std::vector<size_t> sizes;
    while (ring_.Fetch(kPart))
      orphans_ += ring_.Hand([&](const TracedRing::Traced& traced) {
        EXPECT_EQ(traced.record.label, next_++);
        EXPECT_FALSE(traced.payload.lost);
        sizes.push_back(traced.payload.bytes.size());
        records_ += traced.records;
      });
    return sizes;
  }

  const base::UniqueFd memory_ = *base::Half::Create(abi::kTraceRingBytes);
  base::TraceRingWriter writer_{*base::Half::Map(
      memory_.get(), abi::kTraceRingBytes, 1, base::Access::kReadWrite)};
  TracedRing ring_{base::TraceRingReader(
      *base::Half::Map(memory_.get(), abi::kTraceRingBytes, 0,
                       base::Access::kRead),
      base::TraceRingReader::From::kFirst)};
  uint32_t written_ = 0;
  uint32_t next_ = 0;
  uint64_t records_ = 0;
  uint64_t orphans_ = 0;
};

TEST_F(RingsReadInParts, ThatEndWithAPartLeaveNothing) {
  for (const uint64_t parts : {1u, 2u, 7u}) {
    Write(parts * kPart);
    EXPECT_EQ(Read().size(), parts * kPart);
  }
  EXPECT_EQ(records_, written_);
}

TEST_F(RingsReadInParts, WhosePayloadEndsWithAPartLeaveNothing) {
  constexpr uint64_t kRecords = 4;  // of a message with that much payload
  constexpr size_t kBytes = 3 * abi::kTracePartBytes;
  for (const uint64_t parts : {1u, 2u, 7u}) {
    Write(parts * kPart / kRecords, kBytes);
    EXPECT_THAT(Read(),
                ::testing::AllOf(::testing::SizeIs(parts * kPart / kRecords),
                                 ::testing::Each(kBytes)));
  }
  EXPECT_EQ(records_, kRecords * written_);
  EXPECT_EQ(orphans_, 0u);
}

TEST_F(RingsReadInParts, HandOutAPayloadThatGoesOnInTheNextPartWhole) {
  constexpr size_t kBytes = 4 * abi::kTracePartBytes;
  Write(300, kBytes);
  EXPECT_THAT(Read(), ::testing::AllOf(::testing::SizeIs(300),
                                       ::testing::Each(kBytes)));
  EXPECT_EQ(records_, 1'500u);
  EXPECT_EQ(orphans_, 0u);
}

}  // namespace
}  // namespace ipc
