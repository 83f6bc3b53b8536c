#include "bench/common/timing.h"

#include <algorithm>

namespace bench {
namespace {

int64_t MeasureClock() {
  Times times(1001);
  int64_t last = base::NowNs();
  for (int64_t& time : times) {
    const int64_t now = base::NowNs();
    time = now - last;
    last = now;
  }
  std::nth_element(times.begin(), times.begin() + 500, times.end());
  return times[500];
}

}  // namespace

int64_t ClockNs() {
  static const int64_t clock = MeasureClock();
  return clock;
}

void StayBusyUntil(int64_t ns) {
  while (base::NowNs() < ns) {
  }
}

}  // namespace bench
