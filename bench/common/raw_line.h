// One line of raw memory between two processes that poll: the physical limit.
#pragma once

#include "bench/common/figures.h"
#include "bench/common/placement.h"

namespace bench {

// One cache line, written in turn: there and back.
Times LineRoundTrips(Placement placement, int rounds);

}  // namespace bench
