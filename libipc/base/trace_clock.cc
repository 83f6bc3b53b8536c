#include "libipc/base/trace_clock.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace base {
namespace {

// That it counts evenly, asleep or not (APM 3, "Invariant TSC").
bool HasInvariantCounter() {
#if defined(__x86_64__)
  constexpr unsigned kPowerLeaf = 0x80000007;
  constexpr unsigned kInvariant = 1u << 8;
  unsigned a, b, c, d = 0;
  return __get_cpuid(kPowerLeaf, &a, &b, &c, &d) != 0 && (d & kInvariant) != 0;
#else
  return false;
#endif
}

// Linux compares the processors' counters and stops using them when they do
// not agree.
bool LinuxKeepsTimeByIt() {
  const int file =
      open("/sys/devices/system/clocksource/clocksource0/current_clocksource",
           O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char name[8] = {};
  const ssize_t bytes = read(file, name, sizeof(name) - 1);
  close(file);
  return bytes == 4 && memcmp(name, "tsc\n", 4) == 0;
}

}  // namespace

bool TracesInTicks() {
  static const bool ticks = HasInvariantCounter() && LinuxKeepsTimeByIt();
  return ticks;
}

ClockPair LookAtClocks() {
  // The tightest of some: what comes between the two clocks is an error.
  ClockPair best;
  uint64_t tightest = ~uint64_t{0};
  for (int i = 0; i < 16; ++i) {
    const uint64_t before = TicksNow() & ~kTraceTicks;
    const int64_t ns = NowNs();
    const uint64_t after = TicksNow() & ~kTraceTicks;
    if (after - before >= tightest) continue;
    tightest = after - before;
    best = {before + (after - before) / 2, ns};
  }
  return best;
}

TraceClock::TraceClock() {
  // Right to some 20 ppm, until there is time for better.
  const ClockPair first = LookAtClocks();
  while (NowNs() < first.ns + 2'000'000) {
  }
  last_look_ = LookAtClocks();
  const double ticks = static_cast<double>(last_look_.ticks - first.ticks);
  const double ns = static_cast<double>(last_look_.ns - first.ns);
  stretches_.push_back({first, ticks > 0 ? ns / ticks : 0});
}

// The new stretch begins where the old one has come to, and is as much faster
// or slower as brings it to the true time by the next look.
void TraceClock::Look() {
  const ClockPair now = LookAtClocks();
  const double ticks = static_cast<double>(now.ticks - last_look_.ticks);
  if (now.ns - last_look_.ns < kApartNs || now.ticks <= last_look_.ticks)
    return;
  const double at = stretches_.back().At(now.ticks);
  const double behind = static_cast<double>(now.ns) - at;
  const double ns = static_cast<double>(now.ns - last_look_.ns);
  last_look_ = now;
  stretches_.push_back(
      {{now.ticks, static_cast<int64_t>(at)}, (ns + behind) / ticks});
  if (stretches_.size() > kStretches) stretches_.pop_front();
}

const TraceClock::Stretch& TraceClock::StretchOf(uint64_t ticks) const {
  for (size_t i = stretches_.size(); i-- > 1;)
    if (ticks >= stretches_[i].begin.ticks) return stretches_[i];
  return stretches_.front();
}

uint64_t TraceClock::NsOf(TraceStamp stamp) const {
  if ((stamp & kTraceTicks) == 0) return stamp;
  const uint64_t ticks = stamp & ~kTraceTicks;
  const double ns = StretchOf(ticks).At(ticks);
  constexpr double kMost = 9e18;  // below 2^63
  if (!(ns > 0)) return 0;
  return static_cast<uint64_t>(ns < kMost ? ns : kMost);
}

uint64_t TraceClock::LengthNs(TraceStamp end, uint64_t length) const {
  if ((end & kTraceTicks) == 0) return length;
  const uint64_t ticks = end & ~kTraceTicks;
  const uint64_t begin = ticks - std::min(ticks, length);
  const uint64_t to = NsOf(end);
  return to - std::min(to, NsOf(begin | kTraceTicks));
}

}  // namespace base
