// Raw memory between two processes that poll: the limit.
#pragma once

#include "bench/common/figures.h"
#include "bench/common/placement.h"

namespace bench {

// One cache line, written in turn: there and back.
Times LineRoundTrips(Placement placement, int rounds);

// Numbered messages through the raw ring, published one by one or every so
// many; the reader checks order and content.
// Units: nanoseconds a message.
double RingOneWay(Placement placement, int messages, int publish_every = 1);

}  // namespace bench
