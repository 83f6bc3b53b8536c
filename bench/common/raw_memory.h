// The raw mechanisms that Keyport is measured against, in forked processes
// over anonymous shared memory. Each returns nanoseconds per operation.
#pragma once

#include <cstdint>

#include "bench/common/placement.h"

namespace bench {

// One cache line, there and back, both polling.
double LineRoundTrip(Placement placement, int rounds);
// A ring with tail index and data on different lines, 64-byte payload, there
// and back, both polling.
double RingRoundTrip(Placement placement, int rounds);
// The same ring one way, publishing each message.
double RingOneWay(Placement placement, int messages);
// Two futex words, both sleeping.
double FutexRoundTrip(Placement placement, int rounds);
// Copying a block of memory that both buffers have been touched in.
double CopyNs(uint64_t bytes);

}  // namespace bench
