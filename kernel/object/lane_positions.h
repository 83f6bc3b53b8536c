// How far a lane's two ends have come, from words that they may falsify.
#pragma once

#include <cstdint>

#include "kernel/object/lane.h"

namespace kernel {

struct LanePositions {
  uint64_t request_end;  // published by the sender
  uint64_t taken;        // consumed by the listener
  uint64_t reply_end;    // published by the listener
};

// Reads each shared word once. The result is within the rings in use of what is
// known already, a multiple of 64, and never behind it.
LanePositions Measure(const Lane& lane);

}  // namespace kernel
