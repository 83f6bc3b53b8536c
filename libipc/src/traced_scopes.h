// TracedScopes: which trace records are written about a lane. Set when the
// kernel process says so, read by any thread without a lock: who reads in
// between may write a record more, or one less.
//
// A place may be another scope's from one time to the next, so an id is never
// read with another one's filter. What is set is written beside what is read,
// and then put in its place; who has read meanwhile reads again. Nobody waits.
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
    while (true) {
      const uint32_t version = version_.load(std::memory_order_acquire);
      const Scope& from = scopes_[version % 2][place];
      uint64_t words[kWords];
      for (size_t i = 0; i < kWords; ++i)
        words[i] = from[i].load(std::memory_order_relaxed);
      std::atomic_thread_fence(std::memory_order_acquire);
      if (version_.load(std::memory_order_relaxed) == version) {
        abi::LaneScope scope;
        std::memcpy(&scope, words, sizeof(words));
        return scope;
      }
    }
  }
  // Shows each scope that is on, with its place.
  template <typename Look>
  void ForEach(const Look& look) const {
    for (uint32_t left = places(); left != 0; left &= left - 1) {
      const auto place = static_cast<uint32_t>(std::countr_zero(left));
      look(place, scope(place));
    }
  }
  // Whether flows that begin here need ranks.
  bool ranks_flows() const {
    bool any = false;
    ForEach([&](uint32_t, const abi::LaneScope& scope) {
      any |= scope.filter.rate != 0;
    });
    return any;
  }
  // Of a message's payload, at most.
  uint32_t snaplen() const {
    uint32_t most = 0;
    ForEach([&](uint32_t, const abi::LaneScope& scope) {
      most = std::max(most, scope.filter.snaplen);
    });
    return most;
  }

  // One thread at a time.
  void Set(const abi::LaneTracing& tracing) {
    const uint32_t next = version_.load(std::memory_order_relaxed) + 1;
    // Who reads what is written here sees that the version has changed since
    // these were in place.
    std::atomic_thread_fence(std::memory_order_release);
    for (uint32_t place = 0; place < abi::kTraceScopes; ++place) {
      uint64_t words[kWords];
      std::memcpy(words, &tracing.scopes[place], sizeof(words));
      for (size_t i = 0; i < kWords; ++i)
        scopes_[next % 2][place][i].store(words[i], std::memory_order_relaxed);
    }
    version_.store(next, std::memory_order_release);
    on_.store(tracing.on(), std::memory_order_relaxed);
  }

 private:
  static constexpr size_t kWords = sizeof(abi::LaneScope) / sizeof(uint64_t);
  static_assert(sizeof(abi::LaneScope) % sizeof(uint64_t) == 0);
  using Scope = std::atomic<uint64_t>[kWords];
  std::atomic<uint32_t> on_{0};
  std::atomic<uint32_t> version_{0};
  Scope scopes_[2][abi::kTraceScopes] = {};
};

}  // namespace ipc
