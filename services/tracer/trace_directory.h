// TraceDirectory: who is who in trace records. Filled with what the kernel
// process says, so nobody's records can make it grow; entries that are gone
// stay until there is no room.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>

#include "ipc/inspect.h"

namespace keyport {

class TraceDirectory {
 public:
  struct Port {
    std::string name;  // may be empty
    uint64_t owner = 0;
  };
  struct Process {
    std::string name;
    int pid = 0;
  };
  struct Lane {
    uint64_t sender = 0;
    uint64_t receiver = 0;  // 0: nobody listens
  };

  void Learn(std::span<const ipc::PortEntry> ports);
  void Learn(std::span<const ipc::ProcessEntry> processes);
  void Learn(std::span<const ipc::LaneEntry> lanes);
  // Asks for all three. A kernel process that is gone is no error.
  void Refresh(const ipc::Inspector& inspector);

  // Null when it is not known.
  const Port* FindPort(uint64_t id) const;
  const Process* FindProcess(uint64_t id) const;
  const Lane* FindLane(uint64_t id) const;
  // "" when it is not known.
  std::string ProcessName(uint64_t id) const;
  // ":7" for a port without a known name.
  std::string PortName(uint64_t id) const;

 private:
  std::unordered_map<uint64_t, Port> ports_;
  std::unordered_map<uint64_t, Process> processes_;
  std::unordered_map<uint64_t, Lane> lanes_;
};

}  // namespace keyport
