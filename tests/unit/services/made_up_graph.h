// MadeUpGraph: a snapshot written down in a test. Header-only.
#pragma once

#include <cstring>
#include <string>

#include "services/cli/snapshot.h"

namespace keyport {

inline constexpr ipc::Rights kSends = ipc::kRightSend | ipc::kRightWait;

class MadeUpGraph {
 public:
  struct Held {
    uint64_t process = 0;
    uint64_t port = 0;
    ipc::Rights rights = 0;
    uint64_t parent = 0;
    uint64_t badge = 0;
    uint64_t made_by = 0;
    int64_t ends_ns = 0;
    ipc::TraceLimits trace_limits = {};
  };

  // Its pid is 100 more than its id.
  uint64_t Process(const char* name) {
    ipc::ProcessEntry process = {};
    process.id = ++last_id_;
    process.pid = static_cast<int32_t>(100 + process.id);
    process.state = ipc::ProcessState::running;
    std::strncpy(process.name, name, sizeof(process.name) - 1);
    snapshot_.processes.push_back(process);
    return process.id;
  }
  void End(uint64_t process) {
    for (ipc::ProcessEntry& entry : snapshot_.processes)
      if (entry.id == process) entry.state = ipc::ProcessState::dead;
  }

  // Somebody listens. Use Give for its first capability.
  uint64_t Port(const char* name, uint64_t maker) {
    ipc::PortEntry port = {};
    port.id = ++last_id_;
    port.owner_process = maker;
    port.listeners = 1;
    std::strncpy(port.name, name, sizeof(port.name) - 1);
    snapshot_.ports.push_back(port);
    return port.id;
  }
  void MakeSecret(uint64_t port) {
    for (ipc::PortEntry& entry : snapshot_.ports)
      if (entry.id == port) entry.options |= ipc::abi::kPortSecret;
  }
  void NobodyListens(uint64_t port) {
    for (ipc::PortEntry& entry : snapshot_.ports)
      if (entry.id == port) entry.listeners = 0;
  }

  // Returns the serial. Its handle is 0x1000 more.
  uint64_t Give(const Held& held,
                ipc::ObjectKind kind = ipc::ObjectKind::port) {
    ipc::CapabilityEntry capability = {};
    capability.serial = ++last_serial_;
    capability.process = held.process;
    capability.object = held.port;
    capability.badge = held.badge;
    capability.parent = held.parent;
    capability.made_by = held.made_by;
    capability.ends_ns = held.ends_ns;
    capability.trace_limits = held.trace_limits;
    capability.kind = kind;
    capability.rights = held.rights;
    capability.handle = 0x1000 + static_cast<ipc::Handle>(last_serial_);
    snapshot_.capabilities.push_back(capability);
    return capability.serial;
  }

  void Starts(uint64_t starter, uint64_t started) {
    ipc::CapabilityEntry capability = {};
    capability.serial = ++last_serial_;
    capability.process = starter;
    capability.object = started;
    capability.kind = ipc::ObjectKind::process;
    capability.rights = ipc::kRightsAll;
    snapshot_.capabilities.push_back(capability);
  }

  uint64_t Lane(uint64_t port, uint64_t sender, uint64_t receiver) {
    ipc::LaneEntry lane = {};
    lane.id = ++last_id_;
    lane.port = port;
    lane.sender_process = sender;
    lane.receiver_process = receiver;
    snapshot_.lanes.push_back(lane);
    return lane.id;
  }

  // A thread that both looks find so. Its Linux id is counted from 1.
  ipc::ThreadEntry& Thread(uint64_t process, ipc::ThreadState state,
                           uint64_t port, uint64_t since_ns) {
    ipc::ThreadEntry thread = {};
    thread.process = process;
    thread.port = port;
    thread.since_ns = since_ns;
    thread.thread_id = static_cast<uint32_t>(snapshot_.threads.size() + 1);
    thread.state = static_cast<uint32_t>(state);
    snapshot_.threads_before.push_back(thread);
    return snapshot_.threads.emplace_back(thread);
  }
  // A thread that calls over a new lane.
  void Call(uint64_t from, uint64_t port, uint64_t to, uint64_t since_ns) {
    ipc::ThreadEntry& thread =
        Thread(from, ipc::ThreadState::calling, port, since_ns);
    thread.lane = Lane(port, from, to);
    thread.awaited = to;
    snapshot_.threads_before.back() = thread;
  }

  void TakenAt(int64_t ns) { snapshot_.taken_ns = ns; }
  const Snapshot& snapshot() const { return snapshot_; }
  Snapshot& snapshot() { return snapshot_; }

 private:
  uint64_t last_id_ = 0;
  uint64_t last_serial_ = 0;
  Snapshot snapshot_;
};

}  // namespace keyport
