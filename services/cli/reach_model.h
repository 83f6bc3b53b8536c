// ReachModel: processes, ports and the capabilities for ports, and those for
// the kernel object by which all ports are traced, as a running graph or a
// manifest has them. What is asked of it does not depend on which
// (reachability.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "services/cli/snapshot.h"
#include "services/supervisor/plan.h"

namespace keyport {

struct ReachModel {
  enum class Source { kRunning, kManifest };

  struct Process {
    uint64_t id = 0;
    std::string name;     // "tokenizer.2"
    std::string label;    // "tokenizer.2(4711)"; no number in a manifest
    std::string service;  // in a manifest: "tokenizer"
    bool ended = false;
  };
  struct Port {
    uint64_t id = 0;
    std::string name;    // may be empty
    std::string label;   // ":9 store"; ":store" in a manifest
    uint64_t maker = 0;  // process
    bool closed = false;
    bool secret = false;
  };
  struct Capability {
    uint64_t serial = 0;
    uint64_t parent = 0;   // serial; 0: nothing above it is left
    uint64_t process = 0;  // holder; 0: in flight
    uint64_t port = 0;
    uint64_t badge = 0;
    ipc::Rights rights = 0;
    ipc::Handle handle = 0;  // 0 in a manifest
    uint64_t made_by = 0;    // process; 0: the kernel process, or a manifest
    int64_t ends_ns = 0;     // CLOCK_MONOTONIC; 0: it does not end by itself
    ipc::TraceLimits trace_limits = {};
    std::string name;   // in a manifest: the service's own name for it
    std::string place;  // "graph.toml:12:9"
  };
  // In place of a port: the kernel object, whose rights to trace are rights to
  // trace each port.
  static constexpr uint64_t kEverything = 0;
  // Takes the port's messages. Not who only keeps the Receive right, as the
  // supervisor does for its services.
  struct Receiver {
    uint64_t port = 0;
    uint64_t process = 0;
  };
  struct Start {
    uint64_t starter = 0;
    uint64_t started = 0;
  };

  Source source = Source::kRunning;
  int64_t taken_ns = 0;  // CLOCK_MONOTONIC
  std::vector<Process> processes;
  std::vector<Port> ports;
  std::vector<Capability> capabilities;  // for ports only
  std::vector<Capability> of_everything;
  std::vector<Receiver> receivers;
  std::vector<Start> starts;
};

// A holder of Receive counts as a receiver if messages go to it, or if it has
// given Receive to nobody and does not just keep its own port unread.
ReachModel ReachModelOf(const Snapshot& snapshot);

// What the supervisor would make of it. `instances` are the manifest's.
ReachModel ReachModelOf(const Manifest& manifest,
                        const std::vector<Instance>& instances);

}  // namespace keyport
