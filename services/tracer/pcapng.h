// pcapng: blocks of a capture file, put together and taken apart.
// Source: draft-ietf-opsawg-pcapng. Little endian only.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace keyport {

enum class PcapngType : uint32_t {
  interface = 1,
  statistics = 5,
  packet = 6,
  section = 0x0a0d0d0a,
};
inline constexpr uint32_t kPcapngByteOrder = 0x1a2b3c4d;
inline constexpr uint16_t kLinkTypeUser0 = 147;
inline constexpr size_t kSectionBytes = 16;    // of its fixed fields
inline constexpr uint16_t kPcapngComment = 1;  // an option of any block
// A longer block is not one of ours.
inline constexpr uint32_t kPcapngBlockBytesMax = 1u << 20;

// One block, from its first field to its last option.
class PcapngBlock {
 public:
  explicit PcapngBlock(PcapngType type);

  template <typename T>
  PcapngBlock& Put(T value) {
    static_assert(std::is_integral_v<T>);
    static_assert(std::endian::native == std::endian::little);
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    text_.append(bytes, sizeof(T));
    return *this;
  }
  // Two halves of 32 bits, the high one first.
  PcapngBlock& PutTime(uint64_t ns);
  // Fills up to a multiple of four.
  PcapngBlock& PutBytes(std::string_view bytes);
  // At most 65,535 bytes; more are left out.
  PcapngBlock& Option(uint16_t code, std::string_view bytes);
  template <typename T>
  PcapngBlock& NumberOption(uint16_t code, T value) {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    return Option(code, {bytes, sizeof(T)});
  }
  PcapngBlock& TimeOption(uint16_t code, uint64_t ns);
  // The finished block. Once.
  std::string Finish();

 private:
  std::string text_;
  bool has_options_ = false;
};

// A block at the front of some bytes of a file.
struct TakenBlock {
  enum class Outcome { kBlock, kIncomplete, kWrong };
  Outcome outcome = Outcome::kWrong;
  uint32_t type = 0;
  std::span<const uint8_t> body;  // without both lengths
  size_t size = 0;                // to go on after it
};
// kIncomplete: more bytes may make it one. Never reads beyond `bytes`.
TakenBlock TakeBlock(std::span<const uint8_t> bytes);

// The captured bytes of a packet block's body; nothing if its lengths lie.
std::optional<std::span<const uint8_t>> PacketOf(std::span<const uint8_t> body);
// The option of this code in what follows a block's fixed fields; "" if it is
// not there.
std::string_view OptionIn(std::span<const uint8_t> options, uint16_t code);
// A packet block with a comment before its other options, once. It is one whose
// PacketOf is not nothing. Nothing if no block may be so long.
std::optional<std::string> CommentedPacket(std::span<const uint8_t> body,
                                           std::string_view comment);
// Whether a section block's body is one that we can read.
bool IsReadableSection(std::span<const uint8_t> body);

}  // namespace keyport
