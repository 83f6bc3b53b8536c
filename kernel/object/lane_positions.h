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

// Where requests begin for the listener after `left` (null: it never was
// ready), of whom the sender knows that it has left: a published record, or the
// end. What `left` let the sender overwrite in bad faith is passed over.
uint64_t FindBeginning(const Lane& lane, const base::Half* left);

// The number that `left` expected there, of an overwriting port: its claim.
uint64_t NextNumber(const Lane& lane, const base::Half* left);

}  // namespace kernel
