// What each process does now, and who waits for whom, from the words that the
// two ends of its lanes arm before they sleep.
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

struct ProcessActivity {
  Activity activity = Activity::kRunning;
  std::vector<uint64_t> ports;  // ids, of what it waits on
  uint64_t waits_for = 0;       // process id; 0: nobody listens
};
ProcessActivity ActivityOf(const Snapshot& snapshot,
                           const ipc::ProcessEntry& process);

// "call-blocked :9 index -> index"
std::string ActivityText(const Snapshot& snapshot,
                         const ProcessActivity& activity);

// An arrow of the graph of waiting.
struct WaitEdge {
  uint64_t waiter = 0;
  uint64_t waits_for = 0;
  uint64_t port = 0;
  Activity activity = Activity::kCallBlocked;
};
std::vector<WaitEdge> WaitEdges(const Snapshot& snapshot);

}  // namespace keyport
