// EvenClock: the processor's counter as a clock of one frequency, drawn through
// two moments at which both clocks were looked at. What CTF takes a clock for;
// trace points' own nanoseconds follow CLOCK_MONOTONIC more closely
// (libipc/base/trace_clock.h).
#pragma once

#include <cstdint>
#include <optional>

namespace keyport {

struct Moment {
  uint64_t ns = 0;     // CLOCK_MONOTONIC
  uint64_t ticks = 0;  // of the processor's counter; 0: not looked at
};

class EvenClock {
 public:
  // Counters are made that run so fast.
  static constexpr uint64_t kHertzLeast = 500'000'000;
  static constexpr uint64_t kHertzMost = 100'000'000'000;

  // Nothing when the counter was not looked at, the moments are nearer than a
  // millisecond, or no counter runs like that: anybody may have written them.
  static std::optional<EvenClock> Through(const Moment& begin,
                                          const Moment& end);

  uint64_t hertz() const { return hertz_; }
  const Moment& begin() const { return begin_; }
  // Between the two moments, where it is right.
  bool Spans(uint64_t ns) const { return ns >= begin_.ns && ns <= end_.ns; }
  // Ticks in so many nanoseconds.
  uint64_t LengthOf(uint64_t ns) const;
  // 0 for what was before the other clock's zero.
  uint64_t NsOf(uint64_t ticks) const;
  uint64_t TicksOf(uint64_t ns) const;

 private:
  EvenClock(const Moment& begin, const Moment& end, uint64_t hertz)
      : begin_(begin), end_(end), hertz_(hertz) {}

  Moment begin_;
  Moment end_;
  uint64_t hertz_;
};

}  // namespace keyport
