#include "libipc/base/trace_clock.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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

TraceClock::Pair TraceClock::LookNow() {
  // The tightest of some: what comes between the two clocks is an error.
  Pair best;
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

TraceClock::TraceClock() : first_(LookNow()) {
  // Right to some 20 ppm, until there is time for better.
  while (NowNs() < first_.ns + 2'000'000) {
  }
  Take(LookNow());
}

void TraceClock::Look() {
  const Pair now = LookNow();
  if (now.ns - last_.ns < kApartNs) return;
  first_ = last_;
  Take(now);
}

void TraceClock::Take(Pair now) {
  last_ = now;
  if (last_.ticks > first_.ticks)
    ns_per_tick_ = static_cast<double>(last_.ns - first_.ns) /
                   static_cast<double>(last_.ticks - first_.ticks);
}

uint64_t TraceClock::NsOf(TraceStamp stamp) const {
  if ((stamp & kTraceTicks) == 0) return stamp;
  const auto since = static_cast<double>(
      static_cast<int64_t>((stamp & ~kTraceTicks) - first_.ticks));
  const double ns = static_cast<double>(first_.ns) + since * ns_per_tick_;
  constexpr double kMost = 9e18;  // below 2^63
  if (!(ns > 0)) return 0;
  return ns < kMost ? static_cast<uint64_t>(ns) : static_cast<uint64_t>(kMost);
}

uint64_t TraceClock::LengthNs(TraceStamp beside, uint64_t length) const {
  if ((beside & kTraceTicks) == 0) return length;
  constexpr double kMost = 9e18;
  const double ns = static_cast<double>(length) * ns_per_tick_;
  return ns < kMost ? static_cast<uint64_t>(ns) : static_cast<uint64_t>(kMost);
}

}  // namespace base
