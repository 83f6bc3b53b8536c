// Numbers and byte strings in messages: a writer that appends to a string and
// a reader that never goes past the end. Little-endian, unaligned. Knows no
// message's layout.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "ipc/types.h"

namespace search {

class ByteWriter {
 public:
  void U32(uint32_t value) { Raw(&value, sizeof(value)); }
  void U64(uint64_t value) { Raw(&value, sizeof(value)); }
  // Its length, then the bytes.
  void Text(std::string_view text) {
    U32(static_cast<uint32_t>(text.size()));
    Raw(text.data(), text.size());
  }
  const std::string& bytes() const { return bytes_; }
  std::string Take() { return std::move(bytes_); }

 private:
  void Raw(const void* data, size_t bytes) {
    bytes_.append(static_cast<const char*>(data), bytes);
  }
  std::string bytes_;
};

// Each value is copied out once and checked as a copy, so the bytes may be
// another process's memory. After the first value that is not all there every
// further one is zero or empty, and ok() is false.
class ByteReader {
 public:
  explicit ByteReader(ipc::Bytes bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool AtEnd() const { return ok_ && rest_.empty(); }
  uint32_t U32() { return Number<uint32_t>(); }
  uint64_t U64() { return Number<uint64_t>(); }
  std::string Text(uint32_t bytes_max) {
    const uint32_t bytes = U32();
    if (bytes > bytes_max) ok_ = false;
    const ipc::Bytes found = Span(bytes);
    return std::string(ipc::TextOf(found));
  }
  // The next bytes in place.
  ipc::Bytes Span(uint64_t bytes) {
    if (!ok_ || bytes > rest_.size()) {
      ok_ = false;
      return {};
    }
    const ipc::Bytes found = rest_.first(bytes);
    rest_ = rest_.subspan(bytes);
    return found;
  }
  // A number of items that take at least `item_bytes` each: more than can
  // follow is an error, so nobody reserves memory for a lie.
  uint32_t Count(uint64_t item_bytes) {
    const uint32_t count = U32();
    if (count * item_bytes <= rest_.size()) return count;
    ok_ = false;
    return 0;
  }

 private:
  template <typename T>
  T Number() {
    T value = 0;
    const ipc::Bytes found = Span(sizeof(T));
    if (ok_) std::memcpy(&value, found.data(), sizeof(T));
    return value;
  }

  ipc::Bytes rest_;
  bool ok_ = true;
};

}  // namespace search
