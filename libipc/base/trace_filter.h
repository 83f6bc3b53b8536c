// What a TraceFilter lets through; the same at the source and in a tracer.
#pragma once

#include <algorithm>
#include <numeric>

#include "libipc/abi/trace.h"
#include "libipc/abi/tracing.h"

namespace base {

// Whether a filter that keeps one flow in `one_in` keeps this one: all of a
// chain's messages, or none.
inline bool IsFlowKept(uint64_t flow, uint32_t one_in) {
  if (one_in <= 1) return true;
  flow = (flow ^ (flow >> 32)) * 0x9e3779b97f4a7c15u;
  return (flow >> 32) % one_in == 0;
}

inline uint16_t DirectionOf(uint16_t kind) {
  const auto known = static_cast<ipc::abi::TraceKind>(kind);
  return known == ipc::abi::TraceKind::receive ||
                 known == ipc::abi::TraceKind::outcome
             ? ipc::abi::kTraceIncoming
             : ipc::abi::kTraceOutgoing;
}

inline bool IsKept(const ipc::abi::TraceRecord& record,
                   const ipc::abi::TraceFilter& filter) {
  return (filter.directions & DirectionOf(record.kind)) != 0 &&
         record.payload_bytes >= filter.bytes_min &&
         record.label >= filter.label_first &&
         record.label <= filter.label_last &&
         (filter.errors_only == 0 || record.error != 0) &&
         IsFlowKept(record.flow, filter.one_in);
}

inline uint32_t UnionOfRates(uint32_t a, uint32_t b) {
  if (a == b) return a;
  return a == 0 || b == 0 ? ipc::abi::kTraceRateAny : std::max(a, b);
}

// The least filter that keeps what either does: every N-th and every M-th flow
// are among those of their common divisor.
inline ipc::abi::TraceFilter UnionOf(const ipc::abi::TraceFilter& a,
                                     const ipc::abi::TraceFilter& b) {
  return {.snaplen = std::max(a.snaplen, b.snaplen),
          .one_in = std::gcd(a.one_in, b.one_in),
          .bytes_min = std::min(a.bytes_min, b.bytes_min),
          .directions = static_cast<uint16_t>(a.directions | b.directions),
          .errors_only = std::min(a.errors_only, b.errors_only),
          .label_first = std::min(a.label_first, b.label_first),
          .label_last = std::max(a.label_last, b.label_last),
          .rate = UnionOfRates(a.rate, b.rate)};
}

// The lesser of two rates of which 0 is none.
inline uint32_t LesserRate(uint32_t a, uint32_t b) {
  return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b);
}

// What both allow; no labels may be left (first beyond last).
inline ipc::abi::TraceLimits Narrowed(const ipc::abi::TraceLimits& a,
                                      const ipc::abi::TraceLimits& b) {
  return {.snaplen_max = std::min(a.snaplen_max, b.snaplen_max),
          .label_first = std::max(a.label_first, b.label_first),
          .label_last = std::min(a.label_last, b.label_last),
          .rate_max = LesserRate(a.rate_max, b.rate_max)};
}

// What a filter asks for that the limits allow; the same about labels.
inline ipc::abi::TraceFilter CutDown(ipc::abi::TraceFilter filter,
                                     const ipc::abi::TraceLimits& limits) {
  filter.snaplen = std::min(filter.snaplen, limits.snaplen_max);
  filter.label_first = std::max(filter.label_first, limits.label_first);
  filter.label_last = std::min(filter.label_last, limits.label_last);
  filter.rate = LesserRate(filter.rate, limits.rate_max);
  return filter;
}

inline bool IsValid(const ipc::abi::TraceFilter& filter) {
  return filter.one_in >= 1 && filter.directions >= 1 &&
         filter.directions <= ipc::abi::kTraceBothWays &&
         filter.errors_only <= 1 && filter.label_first <= filter.label_last &&
         filter.reserved == 0;
}

}  // namespace base
