// ProtoMessage: a protobuf message, put together field by field. Source: the
// protobuf encoding guide.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace keyport {

class ProtoMessage {
 public:
  ProtoMessage& Uint(uint32_t field, uint64_t value) {
    Tag(field, 0);
    Varint(value);
    return *this;
  }
  ProtoMessage& Fixed64(uint32_t field, uint64_t value) {
    static_assert(std::endian::native == std::endian::little);
    Tag(field, 1);
    char bytes[sizeof(value)];
    std::memcpy(bytes, &value, sizeof(value));
    text_.append(bytes, sizeof(bytes));
    return *this;
  }
  ProtoMessage& Bytes(uint32_t field, std::string_view bytes) {
    Tag(field, 2);
    Varint(bytes.size());
    text_ += bytes;
    return *this;
  }
  ProtoMessage& Message(uint32_t field, const ProtoMessage& message) {
    return Bytes(field, message.text_);
  }
  const std::string& text() const { return text_; }

 private:
  void Tag(uint32_t field, uint32_t wire) { Varint(field << 3 | wire); }
  void Varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) text_ += static_cast<char>(value | 0x80);
    text_ += static_cast<char>(value);
  }

  std::string text_;
};

}  // namespace keyport
