#include "services/cli/proc_stat.h"

#include <time.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace keyport {

std::optional<ProcStat> ReadProcStat(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (pid <= 0 || !std::getline(file, line)) return std::nullopt;
  // The name, in parentheses, may hold anything. State is field 3.
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  uint64_t user = 0;
  uint64_t system = 0;
  uint64_t start = 0;
  fields >> user >> system;
  for (int field = 16; field < 22; ++field) fields >> skipped;
  fields >> start;
  if (!fields) return std::nullopt;
  const auto tick_ns =
      uint64_t{1'000'000'000} / static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
  timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  const uint64_t now_ns = static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 +
                          static_cast<uint64_t>(now.tv_nsec);
  ProcStat stat;
  stat.cpu_ns = (user + system) * tick_ns;
  stat.up_ns = now_ns > start * tick_ns ? now_ns - start * tick_ns : 0;
  return stat;
}

}  // namespace keyport
