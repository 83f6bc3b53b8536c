// The flight recorder, for tools: the last records of every thread that has
// slept, of processes that live and of some that ended.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ipc/capability.h"
#include "libipc/abi/flight.h"
#include "libipc/abi/trace.h"

namespace ipc {

using abi::TraceKind;
using abi::TraceRecord;

// Whose records they are: facts, but for the thread's number.
struct FlightSource {
  uint64_t process_id = 0;
  int pid = 0;
  std::string name;
  uint64_t ended_ns = 0;  // CLOCK_MONOTONIC; 0: it lives
  uint32_t exit = 0;      // exit word (abi::kExitKnown), once it is known
  uint32_t thread_id = 0;
};

// One thread's: its claims.
struct FlightLog {
  FlightSource source;
  std::vector<TraceRecord> records;  // in the order they were written
  uint64_t overwritten = 0;          // older ones
};

// Hands the sources that there are to `wanted`, in the order of their making,
// and for those that it wants, what they hold to `sink`. A log that cannot be
// mapped is passed over.
// Rights: TraceMeta on the kernel object. Errors: those of the capability,
// peer_closed, quota_exceeded (no descriptor is left). Thread: any.
absl::Status ReadFlights(const Capability& kernel,
                         const std::function<bool(const FlightSource&)>& wanted,
                         const std::function<void(FlightLog)>& sink);

}  // namespace ipc
