// Two processes of a measurement.
#pragma once

#include <sys/types.h>

#include <functional>

#include "bench/common/placement.h"

namespace bench {

// Runs `body` in a child that is killed when this process ends. Returns its
// pid, to be given to Join.
pid_t Fork(int processor, const std::function<void()>& body);
// Waits for the child's end, which must be a good one.
void Join(pid_t child);

// Runs `first` here and `second` in a child, each in its place.
void RunPair(Placement placement, const std::function<void()>& first,
             const std::function<void()>& second);

}  // namespace bench
