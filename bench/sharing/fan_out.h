// What publishing costs the publisher. Units: nanoseconds a record.
#pragma once

#include <cstddef>

#include "ipc/topic.h"

namespace bench {

// The subscribers poll, all in one process on another processor, each with a
// page and a place of its own.
double TopicBusy(int readers, int rounds, ipc::Delivery delivery);
double LanesBusy(int readers, int rounds);
// Nobody is waited for or looked after.
double RawRingBusy(int readers, int rounds);
// Blocks of a pool, of which the first bytes are written and read. To all by
// one publishing; and lent to each over a lane of its own.
double TopicBlocks(int readers, int rounds, size_t bytes);
double LaneBlocks(int readers, int rounds, size_t bytes);
// Each subscriber is a process that sleeps.
double TopicAsleep(int readers, int rounds);

}  // namespace bench
