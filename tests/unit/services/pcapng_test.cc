// pcapng's blocks: put together, and taken apart whatever they hold.
#include "services/tracer/pcapng.h"

#include <gtest/gtest.h>

#include <vector>

namespace keyport {
namespace {

using Outcome = TakenBlock::Outcome;

std::vector<uint8_t> Bytes(const std::string& text) {
  return {text.begin(), text.end()};
}

std::vector<uint8_t> Packet() {
  return Bytes(PcapngBlock(PcapngType::packet)
                   .Put(uint32_t{0})
                   .PutTime(0x100000002)
                   .Put(uint32_t{5})
                   .Put(uint32_t{5})
                   .PutBytes("hello")
                   .NumberOption(5, uint64_t{7})
                   .Finish());
}

TEST(Pcapng, ABlockIsAsTheSpecificationSays) {
  const std::vector<uint8_t> bytes = Packet();
  EXPECT_EQ(bytes.size(), 56u);
  EXPECT_EQ(bytes[0], 6);
  EXPECT_EQ(bytes[4], 56);
  EXPECT_EQ(bytes[12], 1);  // the time's high half
  EXPECT_EQ(bytes[16], 2);
  EXPECT_EQ(bytes[36], 5);  // the option after three bytes of padding
  EXPECT_EQ(bytes[38], 8);
  EXPECT_EQ(bytes[40], 7);
  EXPECT_EQ(bytes[48], 0);  // the options' end
  EXPECT_EQ(bytes[52], 56);
}

TEST(Pcapng, ABlockIsTakenBackAndNoMoreThanIt) {
  std::vector<uint8_t> bytes = Packet();
  const size_t size = bytes.size();
  bytes.push_back(99);
  const TakenBlock block = TakeBlock(bytes);
  ASSERT_EQ(block.outcome, Outcome::kBlock);
  EXPECT_EQ(block.size, size);
  EXPECT_EQ(block.type, 6u);
  const auto packet = PacketOf(block.body);
  ASSERT_TRUE(packet.has_value());
  EXPECT_EQ(std::string(packet->begin(), packet->end()), "hello");
}

TEST(Pcapng, ACommentStandsBeforeAPacketsOtherOptionsOnce) {
  const std::vector<uint8_t> plain = Packet();
  std::vector<uint8_t> bytes =
      Bytes(*CommentedPacket(TakeBlock(plain).body, "a word"));
  EXPECT_EQ(bytes.size(), plain.size() + 4 + 8);
  for (int again = 0; again < 2; ++again) {
    const TakenBlock block = TakeBlock(bytes);
    ASSERT_EQ(block.outcome, Outcome::kBlock);
    EXPECT_EQ(block.size, bytes.size());
    const auto packet = PacketOf(block.body);
    ASSERT_TRUE(packet.has_value());
    EXPECT_EQ(std::string(packet->begin(), packet->end()), "hello");
    const auto options = block.body.subspan(28);
    EXPECT_EQ(OptionIn(options, kPcapngComment), "a word");
    EXPECT_EQ(OptionIn(options, 5), (std::string{7, 0, 0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(Bytes(*CommentedPacket(block.body, "a word")), bytes);
  }
  // Another's comment stays.
  bytes = Bytes(*CommentedPacket(TakeBlock(bytes).body, "more"));
  EXPECT_EQ(bytes.size(), plain.size() + 12 + 8);
}

TEST(Pcapng, ACommentThatMakesABlockTooLongIsNone) {
  constexpr size_t kCommentBytes = 8;  // with its head
  for (const size_t over : {0u, 4u}) {
    const size_t data =
        kPcapngBlockBytesMax - kCommentBytes - Packet().size() + 8 + over;
    const std::vector<uint8_t> bytes =
        Bytes(PcapngBlock(PcapngType::packet)
                  .Put(uint32_t{0})
                  .PutTime(1)
                  .Put(static_cast<uint32_t>(data))
                  .Put(static_cast<uint32_t>(data))
                  .PutBytes(std::string(data, 'x'))
                  .NumberOption(5, uint64_t{7})
                  .Finish());
    const auto commented = CommentedPacket(TakeBlock(bytes).body, "word");
    ASSERT_EQ(commented.has_value(), over == 0);
    if (!commented) continue;
    EXPECT_EQ(commented->size(), kPcapngBlockBytesMax);
    EXPECT_EQ(TakeBlock(Bytes(*commented)).outcome, Outcome::kBlock);
  }
}

TEST(Pcapng, OfAPacketCutShortACommentMakesAWholeBlock) {
  // Its data is not filled up, and it has no options.
  const std::vector<uint8_t> body = {0, 0, 0, 0, 0, 0, 0, 0, 1, 0,  0,
                                     0, 1, 0, 0, 0, 1, 0, 0, 0, 'x'};
  const std::vector<uint8_t> bytes =
      Bytes(*CommentedPacket(std::span(body).subspan(0, 12 + 9), "a word"));
  EXPECT_EQ(TakeBlock(bytes).outcome, Outcome::kBlock);
  EXPECT_EQ(bytes.size() % 4, 0u);
}

TEST(Pcapng, ACutBlockIsIncomplete) {
  const std::vector<uint8_t> bytes = Packet();
  for (size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(TakeBlock(std::span(bytes).first(size)).outcome,
              Outcome::kIncomplete)
        << size;
}

TEST(Pcapng, ABlockWhoseLengthsLieIsWrong) {
  for (const uint8_t length : {0, 4, 8, 52, 57}) {
    std::vector<uint8_t> bytes = Packet();
    bytes[4] = length;
    EXPECT_EQ(TakeBlock(bytes).outcome, Outcome::kWrong) << int{length};
  }
  std::vector<uint8_t> huge = Packet();
  huge[7] = 0x7f;
  EXPECT_EQ(TakeBlock(huge).outcome, Outcome::kWrong);
}

TEST(Pcapng, APacketLongerThanItsBlockIsNone) {
  std::vector<uint8_t> bytes = Packet();
  bytes[20] = 200;
  EXPECT_FALSE(PacketOf(TakeBlock(bytes).body).has_value());
  EXPECT_FALSE(PacketOf({}).has_value());
}

TEST(Pcapng, TooLongAnOptionIsCut) {
  const auto bytes = Bytes(PcapngBlock(PcapngType::section)
                               .Option(1, std::string(70'000, 'x'))
                               .Finish());
  EXPECT_EQ(TakeBlock(bytes).outcome, Outcome::kBlock);
  EXPECT_LT(bytes.size(), 65'600u);
}

}  // namespace
}  // namespace keyport
