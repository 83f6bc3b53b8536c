// Who is told to write which trace records: scopes and filters.
//
// A scope is what a tracer holds a right for: one port or everything, headers
// only or payload too, and with which TraceLimits. Each thread writes the
// records of a scope into a ring of that scope, and a tracer is given rings of
// its own scope only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libipc/abi/limits.h"

namespace ipc::abi {

enum TraceDirections : uint16_t {
  kTraceOutgoing = 1,  // send, block, reply, drop
  kTraceIncoming = 2,  // receive, outcome
  kTraceBothWays = 3,
};

// A filter's rate where one tracer wants all flows and another so many a
// second: they get ranks (libipc/base/flow_ranks.h), and all are kept.
inline constexpr uint32_t kTraceRateAny = UINT32_MAX;

// What is left out at the source. Applied record by record, but for `one_in`
// and `rate`, which keep whole flows.
struct TraceFilter {
  uint32_t snaplen = 0;    // payload bytes of a message that are kept at most
  uint32_t one_in = 1;     // of so many flows one is kept, by IsFlowKept
  uint32_t bytes_min = 0;  // smaller messages are left out
  uint16_t directions = kTraceBothWays;
  uint16_t errors_only = 0;  // 1: only records that tell of an error
  uint32_t label_first = 0;  // messages whose labels are from this one on
  uint32_t label_last = UINT32_MAX;  // to this one; an answer has its call's
  // Of the flows that a thread begins in a second of CLOCK_MONOTONIC, so many
  // are kept, the first; 0: all. At most kTraceRateMax.
  uint32_t rate = 0;
  uint32_t reserved = 0;
  bool operator==(const TraceFilter&) const = default;
};
static_assert(sizeof(TraceFilter) == 32);

// What may be traced with a capability at most, of what its rights allow. A
// tracing that asks for more is cut down to it.
struct TraceLimits {
  uint32_t snaplen_max = kTraceSnapMax;
  uint32_t label_first = 0;
  uint32_t label_last = UINT32_MAX;
  uint32_t rate_max = 0;  // 0: none
  bool any() const { return *this != TraceLimits(); }
  bool operator==(const TraceLimits&) const = default;
};
static_assert(sizeof(TraceLimits) == 16);

// Scopes by their place in LaneTracing: those of the port, then those of
// everything. What is traced with limits has a place for each kind of limits,
// headers or payload, kTraceLimitedMax of either.
enum TraceScopePlace : uint32_t {
  kScopePort = 0,
  kScopePortPayload = 1,
  kScopePortLimited = 2,
  kScopeAll = kScopePortLimited + kTraceLimitedMax,
  kScopeAllPayload = kScopeAll + kScopePortPayload,
  kScopeAllLimited = kScopeAll + kScopePortLimited,
};
inline constexpr uint32_t kScopesOfPort = kScopeAll;  // as many of everything
inline constexpr uint32_t kTraceScopes = 2 * kScopesOfPort;

struct LaneScope {
  uint64_t id = 0;  // of trace_ring; never used again; 0: off
  TraceFilter filter;
  bool operator==(const LaneScope&) const = default;
};
// What a lane's ends are told: with the lane, and by lane_traced.
struct LaneTracing {
  LaneScope scopes[kTraceScopes];

  // A bit for each scope that is on.
  uint32_t on() const {
    uint32_t bits = 0;
    for (uint32_t i = 0; i < kTraceScopes; ++i)
      bits |= scopes[i].id != 0 ? 1u << i : 0u;
    return bits;
  }
  bool operator==(const LaneTracing&) const = default;
};
static_assert(sizeof(LaneTracing) == 480);

}  // namespace ipc::abi
