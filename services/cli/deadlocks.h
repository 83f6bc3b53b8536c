// Deadlocks: calls that wait for one another in a cycle, as far as that is
// sure from a snapshot. Where something is not known there is none.
#pragma once

#include <string>
#include <vector>

#include "services/cli/waits.h"

namespace keyport {

// Calls, each to the process that makes the next one; the last leads back to
// the first.
using Deadlock = std::vector<WaitEdge>;

// Cycles of processes all of whose threads wait for the answer to a call, and
// did so from the first look to the second. Of a process that makes several,
// its longest call is followed.
std::vector<Deadlock> FindDeadlocks(const Snapshot& snapshot);

// "deadlock: a -> :5 files -> b -> :6 index -> a"
std::string DeadlockText(const Snapshot& snapshot, const Deadlock& deadlock);

}  // namespace keyport
