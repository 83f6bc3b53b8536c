// What publishing costs the publisher. Units: nanoseconds a record.
#pragma once

#include "ipc/topic.h"

namespace bench {

// The subscribers poll, all in one process on another processor, each with a
// page and a place of its own.
double TopicBusy(int readers, int rounds, ipc::Delivery delivery);
double LanesBusy(int readers, int rounds);
// Nobody is waited for or looked after.
double RawRingBusy(int readers, int rounds);
// Each subscriber is a process that sleeps.
double TopicAsleep(int readers, int rounds);

}  // namespace bench
