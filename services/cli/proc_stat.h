// What Linux knows of a process: how long it lives and what it computed.
#pragma once

#include <cstdint>
#include <optional>

namespace keyport {

struct ProcStat {
  uint64_t up_ns = 0;
  uint64_t cpu_ns = 0;
};
// Nothing when there is no such process.
std::optional<ProcStat> ReadProcStat(int pid);

}  // namespace keyport
