// TracedScopes: which trace records are written about a lane. Set when the
// kernel process says so, read by any thread without a lock: who reads in
// between may write a record more, or one less.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>

#include "libipc/abi/tracing.h"

namespace ipc {

class TracedScopes {
 public:
  explicit TracedScopes(const abi::LaneTracing& tracing) { Set(tracing); }

  // The one test of a trace point of which nothing is wanted.
  bool on() const { return places() != 0; }
  // A bit for each scope that is on.
  uint32_t places() const { return on_.load(std::memory_order_relaxed); }

  abi::LaneScope scope(uint32_t place) const {
    const Scope& from = scopes_[place];
    uint64_t words[kFilterWords];
    for (size_t i = 0; i < kFilterWords; ++i)
      words[i] = from.filter[i].load(std::memory_order_relaxed);
    abi::LaneScope scope = {from.id.load(std::memory_order_relaxed), {}};
    std::memcpy(&scope.filter, words, sizeof(words));
    return scope;
  }
  // Whether flows that begin here need ranks.
  bool ranks_flows() const {
    for (uint32_t left = places(); left != 0; left &= left - 1)
      if (scope(static_cast<uint32_t>(std::countr_zero(left))).filter.rate != 0)
        return true;
    return false;
  }
  // Of a message's payload, at most.
  uint32_t snaplen() const {
    uint32_t most = 0;
    for (uint32_t left = places(); left != 0; left &= left - 1)
      most = std::max(
          most,
          scope(static_cast<uint32_t>(std::countr_zero(left))).filter.snaplen);
    return most;
  }

  // One thread at a time.
  void Set(const abi::LaneTracing& tracing) {
    for (uint32_t i = 0; i < abi::kTraceScopes; ++i) {
      const abi::LaneScope& scope = tracing.scopes[i];
      uint64_t words[kFilterWords];
      std::memcpy(words, &scope.filter, sizeof(words));
      for (size_t word = 0; word < kFilterWords; ++word)
        scopes_[i].filter[word].store(words[word], std::memory_order_relaxed);
      scopes_[i].id.store(scope.id, std::memory_order_relaxed);
    }
    on_.store(tracing.on(), std::memory_order_relaxed);
  }

 private:
  static constexpr size_t kFilterWords =
      sizeof(abi::TraceFilter) / sizeof(uint64_t);
  static_assert(sizeof(abi::TraceFilter) % sizeof(uint64_t) == 0);
  struct Scope {
    std::atomic<uint64_t> id{0};
    std::atomic<uint64_t> filter[kFilterWords] = {};
  };
  std::atomic<uint32_t> on_{0};
  Scope scopes_[abi::kTraceScopes];
};

}  // namespace ipc
