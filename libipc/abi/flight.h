// The flight recorder: each thread that has slept keeps its last trace records
// in a ring, which outlives its process. Written as a trace ring is
// (libipc/abi/trace.h), always on, and read by tools only. What stands in it
// are its writer's claims.
#pragma once

#include <cstdint>

#include "libipc/abi/limits.h"

namespace ipc::abi {

inline constexpr uint32_t kFlightRingBytes = 32u << 10;  // 512 records
inline constexpr uint32_t kFlightRingsMax = 32;          // of a session
// Of a process that ended, and of all of those.
inline constexpr uint32_t kFlightRingsKept = 8;
inline constexpr uint32_t kFlightRingsKeptMax = 256;
// Of all that live. One account below the root's has at most as many as are
// left for others.
inline constexpr uint32_t kFlightRingsLiving = 4'096;

// ---- flight_ring(options: FlightRingStep, args: ring, thread) -> grant:
//      {ring, bytes}, descriptor to map read-write; ready: seals it; end:
//      forgets it. `thread`: Linux's number of who asks, a claim; with the
//      grant only.
enum FlightRingStep : uint32_t {
  kFlightRingGrant = 0,
  kFlightRingReady = 1,
  kFlightRingEnd = 2,
};

// ---- flight_next(kernel, args: after ring) -> {ring}; descriptor
//      (read-only, kFlightRingBytes); payload FlightEntry. not_found when there
//      are no more.
struct FlightEntry {
  uint64_t ring;
  uint64_t process;   // its id
  uint64_t ended_ns;  // CLOCK_MONOTONIC; 0: it lives
  int32_t pid;
  uint32_t exit;       // exit word, once it is known
  uint32_t thread_id;  // as the thread said
  uint32_t reserved;
  char name[kNameBytesMax];
};
static_assert(sizeof(FlightEntry) == 88);

}  // namespace ipc::abi
