// The raw mechanisms that the control plane is measured against: two
// processes, both sleeping, each round trip timed and checked.
#pragma once

#include "bench/common/figures.h"
#include "bench/common/placement.h"

namespace bench {

// A counter there and another back.
Times EventfdRoundTrips(Placement placement, int rounds);
// 64 bytes there and back over AF_UNIX SEQPACKET.
Times SocketRoundTrips(Placement placement, int rounds);
// `descriptors` there (SCM_RIGHTS, at most 64), one byte back. They are closed
// outside of what is timed.
Times RightsRoundTrips(Placement placement, int rounds, int descriptors);

}  // namespace bench
