// Counting whole ASCII words in a file's contents, as
// `LC_ALL=C grep -owI WORD` does. Never fails and never trusts the bytes: they
// may be another process's memory.
#pragma once

#include <cstdint>
#include <string_view>

#include "examples/search/protocol.h"
#include "ipc/types.h"

namespace search {

constexpr bool IsWordByte(unsigned char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= 'a' && byte <= 'z') || byte == '_';
}

// Whether it can be asked for: 1 to kWordBytesMax word bytes.
bool IsWord(std::string_view word);

// The first bytes that count. grep -I reads a file 96 KiB at a time and stops
// at the first such block with a NUL byte in it; of a line that runs into that
// block it has printed nothing yet. 0: binary from the start.
uint64_t TextBytes(ipc::Bytes contents);

bool IsValidUtf8(ipc::Bytes bytes);

// Flags, bytes and terms of one file; id and path are the caller's.
FileCounts CountWords(ipc::Bytes contents);

}  // namespace search
