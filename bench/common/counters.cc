#include "bench/common/counters.h"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>

namespace bench {
namespace {

base::UniqueFd Open(uint32_t type, uint64_t config) {
  perf_event_attr attributes = {};
  attributes.size = sizeof(attributes);
  attributes.type = type;
  attributes.config = config;
  attributes.inherit = 1;
  return base::UniqueFd(static_cast<int>(syscall(
      SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC)));
}

base::UniqueFd OpenSyscalls() {
  std::ifstream file("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id");
  uint64_t id = 0;
  if (!(file >> id)) return base::UniqueFd();
  return Open(PERF_TYPE_TRACEPOINT, id);
}

std::optional<double> ValueOf(const base::UniqueFd& counter) {
  uint64_t value = 0;
  if (!counter.valid() ||
      read(counter.get(), &value, sizeof(value)) != sizeof(value))
    return {};
  return static_cast<double>(value);
}

}  // namespace

Counters::Counters()
    : syscalls_(OpenSyscalls()),
      switches_(Open(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES)),
      cpu_(Open(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK)) {}

std::optional<Counts> Counters::Read() const {
  const auto syscalls = ValueOf(syscalls_);
  const auto switches = ValueOf(switches_);
  const auto cpu = ValueOf(cpu_);
  if (!syscalls || !switches || !cpu) return {};
  return Counts{*syscalls, *switches, *cpu};
}

}  // namespace bench
