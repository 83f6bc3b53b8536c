// Large blocks in plain shared memory, handed over through a raw ring: what
// Keyport's copies and loans are measured against.
#pragma once

#include <cstdint>

#include "bench/common/figures.h"

namespace bench {

enum class Fill {
  kCopied,   // memcpy from private memory each time
  kInPlace,  // only what the receiver checks is written
};
// Each block is answered once the receiver has looked at its beginning, middle
// and end. Apart, both polling.
Times RawBlocks(uint64_t bytes, int rounds, Fill fill);

// Only the copying, into memory that could be shared; nobody else runs for it.
Times PlainCopies(uint64_t bytes, int rounds);

}  // namespace bench
