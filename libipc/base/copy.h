// Copies of a few bytes, in line: the call of memcpy costs as much as a lane's
// whole record. And of many, past the caches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace base {

// As memcpy; `from` may be null when there is nothing to copy.
[[gnu::always_inline]] inline void CopySmall(void* to, const void* from,
                                             size_t bytes) {
  auto* out = static_cast<uint8_t*>(to);
  const auto* in = static_cast<const uint8_t*>(from);
  // The first and the last part overlap where the size is no power of two.
  if (bytes >= 16 && bytes <= 128) {
    struct Part {
      uint64_t words[2];
    };
    Part part;
    for (size_t at = 0; at + 16 < bytes; at += 16) {
      std::memcpy(&part, in + at, 16);
      std::memcpy(out + at, &part, 16);
    }
    std::memcpy(&part, in + bytes - 16, 16);
    std::memcpy(out + bytes - 16, &part, 16);
  } else if (bytes >= 8 && bytes < 16) {
    uint64_t first;
    uint64_t last;
    std::memcpy(&first, in, 8);
    std::memcpy(&last, in + bytes - 8, 8);
    std::memcpy(out, &first, 8);
    std::memcpy(out + bytes - 8, &last, 8);
  } else if (bytes != 0) {
    std::memcpy(out, in, bytes);
  }
}

// Copies a payload of at most 160 bytes by whole parts: 32, 96 or 160 bytes,
// which is what a record's lines hold behind its header. Both places must have
// them.
[[gnu::always_inline]] inline void CopyLines(void* to, const void* from,
                                             size_t bytes) {
  struct Part {
    uint64_t words[4];
  };
  auto* out = static_cast<Part*>(to);
  const auto* in = static_cast<const Part*>(from);
  std::memcpy(out, in, sizeof(Part));
  if (bytes <= 32) return;
  std::memcpy(out + 1, in + 1, 2 * sizeof(Part));
  if (bytes <= 96) return;
  std::memcpy(out + 3, in + 3, 2 * sizeof(Part));
}

// From here on what is copied does not fit into the caches beside what it is
// copied from: writing past them wins. Measured: docs/performance.md.
inline constexpr size_t kStreamingBytes = 8u << 20;

// As memcpy, for many bytes that this processor will not read soon: they are
// written past its caches where it can do that.
void CopyStreaming(void* to, const void* from, size_t bytes);

// As memcpy, for a payload that is `whole` bytes in all.
inline void CopyPayload(void* to, const void* from, size_t bytes,
                        size_t whole) {
  if (whole >= kStreamingBytes)
    CopyStreaming(to, from, bytes);
  else
    std::memcpy(to, from, bytes);
}

}  // namespace base
