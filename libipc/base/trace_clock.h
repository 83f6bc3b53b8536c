// The clock of trace points. A record is written in little more time than Linux
// needs to tell the time, so where the processors' counters agree and Linux
// keeps its own time by them, the counter is written down, and whoever reads
// the record makes nanoseconds of it.
//
// A stamp says which it is: kTraceTicks is set in one of the counter, others
// are nanoseconds of CLOCK_MONOTONIC.
#pragma once

#include <cstdint>
#include <deque>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "libipc/abi/trace.h"
#include "libipc/base/clock.h"

namespace base {

using TraceStamp = uint64_t;
using ipc::abi::kTraceTicks;

// Whether stamps of this process are ticks. Looks once.
bool TracesInTicks();

inline TraceStamp TicksNow() {
#if defined(__x86_64__)
  return __rdtsc() | kTraceTicks;
#else
  return 0;
#endif
}

inline TraceStamp TraceNow() {
  return TracesInTicks() ? TicksNow() : static_cast<TraceStamp>(NowNs());
}
// Of the counter; 0 of nanoseconds.
inline uint64_t TicksIn(TraceStamp stamp) {
  return (stamp & kTraceTicks) != 0 ? stamp & ~kTraceTicks : 0;
}
// From `earlier` to `later`, in their unit; 0 if they are not of one clock, or
// the wrong way round.
inline uint64_t StampsApart(TraceStamp earlier, TraceStamp later) {
  const bool same = ((earlier ^ later) & kTraceTicks) == 0;
  return same && later > earlier ? later - earlier : 0;
}

// Both clocks at one moment, to some 30 ns.
struct ClockPair {
  uint64_t ticks = 0;  // 0: this machine has no such counter
  int64_t ns = 0;      // CLOCK_MONOTONIC
};
ClockPair LookAtClocks();

// Makes nanoseconds of stamps, of each the same whenever it is asked: what is
// put together by its time is found again. Follows CLOCK_MONOTONIC by looking
// at both clocks now and then, in stretches that once begun do not change.
//
// Thread: one at a time.
class TraceClock {
 public:
  TraceClock();

  // To be called now and then while there are stamps to be converted.
  void Look();
  // Of a stamp that anybody may have made up: any time.
  uint64_t NsOf(TraceStamp stamp) const;
  // Of a length in the unit of the stamp at its end.
  uint64_t LengthNs(TraceStamp end, uint64_t length) const;

 private:
  // From `begin` on, until the next one begins.
  struct Stretch {
    ClockPair begin;
    double ns_per_tick;
    double At(uint64_t ticks) const {
      return static_cast<double>(begin.ns) +
             static_cast<double>(static_cast<int64_t>(ticks - begin.ticks)) *
                 ns_per_tick;
    }
  };
  // Looks that are nearer are no better: each is right to some 30 ns.
  static constexpr int64_t kApartNs = 100'000'000;
  static constexpr size_t kStretches = 64;
  const Stretch& StretchOf(uint64_t ticks) const;

  ClockPair last_look_;
  std::deque<Stretch> stretches_;  // never empty
};

}  // namespace base
