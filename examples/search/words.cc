// Word counting: one pass over the bytes with a small private buffer.
#include "examples/search/words.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace search {
namespace {

constexpr uint64_t kGrepBlockBytes = 96 * 1024;

constexpr std::array<bool, 256> MakeWordBytes() {
  std::array<bool, 256> table{};
  for (int i = 0; i < 256; ++i)
    table[i] = IsWordByte(static_cast<unsigned char>(i));
  return table;
}
constexpr std::array<bool, 256> kWordBytes = MakeWordBytes();

using Counts = absl::flat_hash_map<std::string, uint32_t>;

// Words are copied out byte by byte, so that a byte that changes meanwhile can
// spoil the count of that word and nothing else.
class WordSplitter {
 public:
  explicit WordSplitter(Counts& counts) : counts_(counts) {}

  void Byte(unsigned char byte) {
    if (kWordBytes[byte]) {
      if (length_ < word_.size()) word_[length_] = static_cast<char>(byte);
      ++length_;
    } else if (length_ > 0) {
      End();
    }
  }
  void End() {
    if (length_ > 0 && length_ <= kWordBytesMax)
      ++counts_[absl::string_view(word_.data(), length_)];
    length_ = 0;
  }

 private:
  Counts& counts_;
  std::array<char, kWordBytesMax> word_;
  uint64_t length_ = 0;
};

// Bytes of the UTF-8 sequence at `at`, 0 if it is none (RFC 3629).
size_t SequenceBytes(const unsigned char* at, size_t left) {
  const unsigned char first = at[0];
  if (first < 0x80) return 1;
  size_t bytes = 0;
  unsigned char low = 0x80, high = 0xbf;  // bounds of the second byte
  if (first >= 0xc2 && first <= 0xdf) bytes = 2;
  if ((first & 0xf0) == 0xe0) bytes = 3;
  if (first >= 0xf0 && first <= 0xf4) bytes = 4;
  if (bytes == 0 || bytes > left) return 0;
  if (first == 0xe0) low = 0xa0;
  if (first == 0xed) high = 0x9f;
  if (first == 0xf0) low = 0x90;
  if (first == 0xf4) high = 0x8f;
  if (at[1] < low || at[1] > high) return 0;
  for (size_t i = 2; i < bytes; ++i)
    if ((at[i] & 0xc0) != 0x80) return 0;
  return bytes;
}

}  // namespace

bool IsWord(std::string_view word) {
  return !word.empty() && word.size() <= kWordBytesMax &&
         std::all_of(word.begin(), word.end(), [](char byte) {
           return IsWordByte(static_cast<unsigned char>(byte));
         });
}

uint64_t TextBytes(ipc::Bytes contents) {
  if (contents.empty()) return 0;
  const void* nul = std::memchr(contents.data(), 0, contents.size());
  if (nul == nullptr) return contents.size();
  const uint64_t at = static_cast<const std::byte*>(nul) - contents.data();
  const uint64_t block = at / kGrepBlockBytes * kGrepBlockBytes;
  if (block == 0) return 0;
  const void* line_end = memrchr(contents.data(), '\n', block);
  if (line_end == nullptr) return 0;
  return static_cast<const std::byte*>(line_end) - contents.data() + 1;
}

bool IsValidUtf8(ipc::Bytes bytes) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  for (size_t left = bytes.size(); left > 0;) {
    const size_t step = SequenceBytes(at, left);
    if (step == 0) return false;
    at += step;
    left -= step;
  }
  return true;
}

FileCounts CountWords(ipc::Bytes contents) {
  FileCounts result;
  result.bytes = contents.size();
  const uint64_t text_bytes = TextBytes(contents);
  if (text_bytes < contents.size())
    result.flags |= text_bytes == 0 ? kFileBinary : kFileCut;
  const ipc::Bytes text = contents.first(text_bytes);
  if (!IsValidUtf8(text)) result.flags |= kFileInvalidUtf8;
  Counts counts;
  WordSplitter splitter(counts);
  for (const std::byte byte : text)
    splitter.Byte(static_cast<unsigned char>(byte));
  splitter.End();
  result.terms.reserve(counts.size());
  for (const auto& [term, count] : counts)
    result.terms.push_back({term, count});
  return result;
}

}  // namespace search
