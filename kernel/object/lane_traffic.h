// What the ends of lanes have counted, from words that they may falsify.
#pragma once

#include "kernel/object/lane.h"

namespace kernel {

struct Traffic {
  abi::LaneCounters sender;
  abi::LaneCounters listener;  // and those before it
};

// Reads each shared word once. Who lies changes the figures of its own lane
// only, and no figure falls: of an end more is believed than before, but at
// most one event for each nanosecond that it is there.
Traffic CountTraffic(Lane& lane, int64_t now_ns);

// Sums that stay at the largest number there is; the most of
// queued_bytes_most.
void AddCounters(const abi::LaneCounters& more, abi::LaneCounters* sum);

}  // namespace kernel
