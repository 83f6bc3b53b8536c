// What passed between two looks at a graph, port by port or lane by lane.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/cli/snapshot.h"

namespace keyport {

// A port, or one of a port's lanes. Rates are a second.
struct TopRow {
  uint64_t id = 0;
  uint64_t port_id = 0;
  std::string name;      // of the port: "files"
  std::string port;      // ":7 files"
  std::string sender;    // of a lane
  std::string listener;  // "server", "server +2", "nobody"
  uint64_t lanes = 0;
  double messages = 0;  // and calls, by senders
  double replies = 0;
  double bytes = 0;  // payload, both ways
  uint64_t queued_bytes = 0;
  uint64_t queued_bytes_most = 0;  // of the fullest lane
  uint64_t ring_bytes = 0;         // of a lane
  double full = 0;                 // of both ends, as what follows
  double wakes = 0;
  double sleeps = 0;
  std::optional<double> paid_percent;  // nothing: nobody polled
  double lost = 0;
  double taken = 0;  // by listeners
  // Of a port, over the time between, in nanoseconds: 99 in 100 messages took
  // at most so long. Nothing: none was measured.
  std::optional<uint64_t> queue_p99_ns;
  std::optional<uint64_t> work_p99_ns;
  std::optional<uint64_t> total_p99_ns;
  uint64_t samples = 0;  // of the three together
  // Who waits now for an answer, or for room.
  uint64_t waiting = 0;   // threads
  std::string waiter;     // that waits the longest
  uint64_t waits_ns = 0;  // that long
  ipc::LaneCounters senders = {};
  ipc::LaneCounters listeners = {};
};

// Of the ports, all but those of another name or number ("": all).
bool IsPortNamed(const ipc::PortEntry& port, const std::string& word);
std::vector<TopRow> PortRows(const Snapshot& before, const Snapshot& now,
                             const std::string& word);
// Of the lanes of ports that `word` names.
std::vector<TopRow> LaneRows(const Snapshot& before, const Snapshot& now,
                             const std::string& word);

}  // namespace keyport
