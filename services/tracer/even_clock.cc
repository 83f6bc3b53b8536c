#include "services/tracer/even_clock.h"

#include <cmath>

namespace keyport {
namespace {

constexpr uint64_t kApartNs = 1'000'000;

// `at` + (`of` - `from`) * `rate`, which may be any numbers.
uint64_t Along(uint64_t at, uint64_t of, uint64_t from, double rate) {
  const double apart = of >= from ? static_cast<double>(of - from) * rate
                                  : -static_cast<double>(from - of) * rate;
  constexpr double kMost = 9e18;  // below 2^63
  if (apart >= kMost) return static_cast<uint64_t>(kMost);
  if (apart >= 0) return at + static_cast<uint64_t>(std::llround(apart));
  if (-apart >= static_cast<double>(at)) return 0;
  return at - static_cast<uint64_t>(std::llround(-apart));
}

}  // namespace

std::optional<EvenClock> EvenClock::Through(const Moment& begin,
                                            const Moment& end) {
  if (begin.ticks == 0 || end.ticks <= begin.ticks || end.ns <= begin.ns ||
      end.ns - begin.ns < kApartNs)
    return std::nullopt;
  const double hertz = static_cast<double>(end.ticks - begin.ticks) * 1e9 /
                       static_cast<double>(end.ns - begin.ns);
  if (hertz < static_cast<double>(kHertzLeast) ||
      hertz > static_cast<double>(kHertzMost))
    return std::nullopt;
  return EvenClock(begin, end, static_cast<uint64_t>(std::llround(hertz)));
}

uint64_t EvenClock::LengthOf(uint64_t ns) const {
  return Along(0, ns, 0, static_cast<double>(hertz_) / 1e9);
}

uint64_t EvenClock::NsOf(uint64_t ticks) const {
  return Along(begin_.ns, ticks, begin_.ticks,
               1e9 / static_cast<double>(hertz_));
}

uint64_t EvenClock::TicksOf(uint64_t ns) const {
  return Along(begin_.ticks, ns, begin_.ns, static_cast<double>(hertz_) / 1e9);
}

}  // namespace keyport
