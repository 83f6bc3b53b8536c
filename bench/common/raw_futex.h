// Two futex words, both sides sleeping.
#pragma once

#include "bench/common/placement.h"
#include "bench/common/timing.h"

namespace bench {

// One word there, the other back.
Times FutexRoundTrips(Placement placement, int rounds);

}  // namespace bench
