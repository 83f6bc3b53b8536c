// Content of a message that follows from its number: receivers verify it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace bench {

// The number itself, then words that follow from it and from their place;
// what is left over repeats the number's bytes.
inline uint64_t ContentWord(uint64_t number, size_t at) {
  return number * 0x9e37'79b9'7f4a'7c15u + at;
}

inline void FillContent(std::span<std::byte> bytes, uint64_t number) {
  const size_t words = bytes.size() / sizeof(number);
#pragma GCC unroll 8
  for (size_t i = 1; i < words; ++i) {
    const uint64_t word = ContentWord(number, i);
    std::memcpy(&bytes[i * sizeof(word)], &word, sizeof(word));
  }
  if (words > 0) std::memcpy(bytes.data(), &number, sizeof(number));
  const size_t filled = words * sizeof(number);
  if (filled < bytes.size())
    std::memcpy(&bytes[filled], &number, bytes.size() - filled);
}

inline bool HasContent(std::span<const std::byte> bytes, uint64_t number) {
  const size_t words = bytes.size() / sizeof(number);
  uint64_t wrong = 0;
  uint64_t word;
#pragma GCC unroll 8
  for (size_t i = 1; i < words; ++i) {
    std::memcpy(&word, &bytes[i * sizeof(word)], sizeof(word));
    wrong |= word ^ ContentWord(number, i);
  }
  if (words > 0) {
    std::memcpy(&word, bytes.data(), sizeof(word));
    wrong |= word ^ number;
  }
  const size_t read = words * sizeof(number);
  return wrong == 0 &&
         (read == bytes.size() ||
          std::memcmp(&bytes[read], &number, bytes.size() - read) == 0);
}

// Of a block that nobody reads in full: its number at the beginning, in the
// middle and at the end.
inline void StampBlock(std::span<std::byte> block, uint64_t number) {
  for (const size_t at : {size_t{0}, block.size() / 2, block.size() - 8})
    std::memcpy(&block[at], &number, sizeof(number));
}
inline bool IsStamped(std::span<const std::byte> block, uint64_t number) {
  for (const size_t at : {size_t{0}, block.size() / 2, block.size() - 8})
    if (std::memcmp(&block[at], &number, sizeof(number)) != 0) return false;
  return true;
}

}  // namespace bench
