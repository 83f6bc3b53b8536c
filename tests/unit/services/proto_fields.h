// A protobuf message taken apart without a schema, for tests of what writes
// them. Header-only.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace keyport {

struct ProtoField {
  uint32_t number = 0;
  uint32_t wire = 0;
  uint64_t value = 0;  // of varints and fixed numbers
  std::string bytes;   // of the others
};

class ProtoFields {
 public:
  explicit ProtoFields(std::string_view bytes) {
    while (!bytes.empty() && ok_) Take(&bytes);
  }
  // Whether all of it was fields.
  bool ok() const { return ok_; }
  const std::vector<ProtoField>& all() const { return fields_; }
  std::vector<ProtoField> Of(uint32_t number) const {
    std::vector<ProtoField> found;
    for (const ProtoField& field : fields_)
      if (field.number == number) found.push_back(field);
    return found;
  }
  bool Has(uint32_t number) const { return !Of(number).empty(); }
  uint64_t Uint(uint32_t number) const {
    const auto found = Of(number);
    return found.empty() ? 0 : found.front().value;
  }
  std::string Bytes(uint32_t number) const {
    const auto found = Of(number);
    return found.empty() ? "" : found.front().bytes;
  }
  ProtoFields Message(uint32_t number) const {
    return ProtoFields(Bytes(number));
  }

 private:
  uint64_t Varint(std::string_view* bytes) {
    uint64_t value = 0;
    for (uint32_t shift = 0; shift < 64; shift += 7) {
      if (bytes->empty()) break;
      const auto byte = static_cast<uint8_t>(bytes->front());
      bytes->remove_prefix(1);
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  void Take(std::string_view* bytes) {
    const uint64_t tag = Varint(bytes);
    ProtoField field = {static_cast<uint32_t>(tag >> 3),
                        static_cast<uint32_t>(tag & 7)};
    uint64_t size = field.wire == 1 ? 8 : field.wire == 5 ? 4 : 0;
    if (field.wire == 0) field.value = Varint(bytes);
    if (field.wire == 2) size = Varint(bytes);
    ok_ = ok_ && size <= bytes->size() && field.number != 0 &&
          (field.wire <= 2 || field.wire == 5);
    if (!ok_) return;
    if (field.wire == 2) field.bytes = bytes->substr(0, size);
    if (field.wire == 1 || field.wire == 5)
      std::memcpy(&field.value, bytes->data(), size);
    bytes->remove_prefix(size);
    fields_.push_back(std::move(field));
  }

  bool ok_ = true;
  std::vector<ProtoField> fields_;
};

}  // namespace keyport
