// What each process does now, and who waits for whom: from what its threads say
// that they sleep on; where they say nothing, from the words that the two ends
// of its lanes arm before they sleep. All of it is claimed, not proven.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "services/cli/snapshot.h"

namespace keyport {

enum class Activity {
  kStarting,     // its session was not picked up yet
  kRunning,      // it sleeps on no lane
  kReceiving,    // it waits for messages on `ports`
  kCallBlocked,  // it waits for an answer of `waits_for`
  kSendBlocked,  // it waits for room in the queue of `waits_for`
  kDead,
};
const char* ActivityName(Activity activity);  // "call-blocked"

// Of several threads, what the one does that waits longest.
struct ProcessActivity {
  Activity activity = Activity::kRunning;
  std::vector<uint64_t> ports = {};  // ids, of what it waits on
  uint64_t waits_for = 0;            // process id; 0: nobody listens
  uint64_t since_ns = 0;             // CLOCK_MONOTONIC; 0: not known
  size_t more = 0;                   // its threads that wait, too
  uint32_t exit = 0;                 // exit word, of a dead one
};
// Whether it waits for another process: `waits_for` is meant.
bool IsBlocked(Activity activity);
// What a thread does; one that names no lane of its own counts as running.
Activity ActivityOf(const ipc::ThreadEntry& thread);
ProcessActivity ActivityOf(const Snapshot& snapshot,
                           const ipc::ProcessEntry& process);

// How long that is, at the moment of the snapshot. A time to come is now.
uint64_t WaitedNs(const Snapshot& snapshot, uint64_t since_ns);

// "call-blocked :9 index -> index, 41.2ms +2", "dead (exited 3)"
std::string ActivityText(const Snapshot& snapshot,
                         const ProcessActivity& activity);

// An arrow of the graph of waiting: a thread, or a lane on which somebody
// sleeps who says nothing of it.
struct WaitEdge {
  uint64_t waiter = 0;
  uint64_t waits_for = 0;
  uint64_t port = 0;
  uint64_t lane = 0;
  uint64_t since_ns = 0;  // CLOCK_MONOTONIC; 0: not known
  Activity activity = Activity::kCallBlocked;
};
std::vector<WaitEdge> WaitEdges(const Snapshot& snapshot);

}  // namespace keyport
