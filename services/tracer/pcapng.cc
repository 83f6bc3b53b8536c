#include "services/tracer/pcapng.h"

#include <algorithm>

namespace keyport {
namespace {

constexpr size_t kFrameBytes = 12;   // type, length, length again
constexpr size_t kPacketBytes = 20;  // of a packet block before its data
constexpr uint16_t kEndOfOptions = 0;

uint32_t NumberAt(std::span<const uint8_t> bytes, size_t at) {
  uint32_t value;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

// `take(code, bytes)` until it returns false, or to the end.
template <typename Take>
void ForEachOption(std::span<const uint8_t> options, const Take& take) {
  while (options.size() >= 4) {
    const uint32_t head = NumberAt(options, 0);
    const auto code = static_cast<uint16_t>(head);
    const uint32_t size = head >> 16;
    options = options.subspan(4);
    if (code == kEndOfOptions || size > options.size()) return;
    if (!take(code, std::string_view(
                        reinterpret_cast<const char*>(options.data()), size)))
      return;
    options = options.subspan(
        std::min<size_t>(options.size(), (size_t{size} + 3) / 4 * 4));
  }
}

}  // namespace

PcapngBlock::PcapngBlock(PcapngType type) {
  Put(static_cast<uint32_t>(type)).Put(uint32_t{0});
}

PcapngBlock& PcapngBlock::PutTime(uint64_t ns) {
  return Put(static_cast<uint32_t>(ns >> 32)).Put(static_cast<uint32_t>(ns));
}

PcapngBlock& PcapngBlock::PutBytes(std::string_view bytes) {
  text_.append(bytes);
  text_.append((4 - text_.size() % 4) % 4, '\0');
  return *this;
}

PcapngBlock& PcapngBlock::Option(uint16_t code, std::string_view bytes) {
  bytes = bytes.substr(0, UINT16_MAX);
  has_options_ = true;
  return Put(code).Put(static_cast<uint16_t>(bytes.size())).PutBytes(bytes);
}

PcapngBlock& PcapngBlock::TimeOption(uint16_t code, uint64_t ns) {
  return NumberOption(code, ns << 32 | ns >> 32);
}

std::string PcapngBlock::Finish() {
  if (has_options_) Put(kEndOfOptions).Put(uint16_t{0});
  const auto size = static_cast<uint32_t>(text_.size() + sizeof(uint32_t));
  std::memcpy(text_.data() + sizeof(uint32_t), &size, sizeof(size));
  Put(size);
  return std::move(text_);
}

TakenBlock TakeBlock(std::span<const uint8_t> bytes) {
  using Outcome = TakenBlock::Outcome;
  if (bytes.size() < 8) return {.outcome = Outcome::kIncomplete};
  const uint32_t size = NumberAt(bytes, 4);
  if (size < kFrameBytes || size > kPcapngBlockBytesMax || size % 4 != 0)
    return {.outcome = Outcome::kWrong};
  if (bytes.size() < size) return {.outcome = Outcome::kIncomplete};
  if (NumberAt(bytes, size - 4) != size) return {.outcome = Outcome::kWrong};
  return {Outcome::kBlock, NumberAt(bytes, 0),
          bytes.subspan(8, size - kFrameBytes), size};
}

std::optional<std::span<const uint8_t>> PacketOf(
    std::span<const uint8_t> body) {
  if (body.size() < kPacketBytes) return std::nullopt;
  const uint32_t captured = NumberAt(body, 12);
  if (captured > body.size() - kPacketBytes) return std::nullopt;
  return body.subspan(kPacketBytes, captured);
}

std::string_view OptionIn(std::span<const uint8_t> options, uint16_t code) {
  std::string_view found;
  ForEachOption(options, [&](uint16_t one, std::string_view bytes) {
    if (one == code) found = bytes;
    return one != code;
  });
  return found;
}

std::optional<std::string> CommentedPacket(std::span<const uint8_t> body,
                                           std::string_view comment) {
  const size_t data = PacketOf(body)->size();
  const size_t options =
      std::min(body.size(), kPacketBytes + (data + 3) / 4 * 4);
  PcapngBlock block(PcapngType::packet);
  block.PutBytes({reinterpret_cast<const char*>(body.data()), options});
  block.Option(kPcapngComment, comment);
  ForEachOption(body.subspan(options),
                [&](uint16_t code, std::string_view bytes) {
                  if (code != kPcapngComment || bytes != comment)
                    block.Option(code, bytes);
                  return true;
                });
  std::string text = block.Finish();
  if (text.size() > kPcapngBlockBytesMax) return std::nullopt;
  return text;
}

bool IsReadableSection(std::span<const uint8_t> body) {
  return body.size() >= kSectionBytes &&
         NumberAt(body, 0) == kPcapngByteOrder &&
         NumberAt(body, 4) == 1;  // version 1.0
}

}  // namespace keyport
