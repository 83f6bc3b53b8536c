// Woken: which sleep of another was ended already, so that nobody is woken for
// each thing that is stored while it has not looked yet.
#pragma once

#include <cstdint>

namespace base {

// It takes two wake-ups with a store in between: what was stored before the
// first one the sleeper may have seen before it armed, and sleep on
// (tests/model/arm_sleep.pml, rest_sleep.pml).
struct Woken {
  uint32_t armed = 0;
  uint64_t position = 0;  // of the store at the first
  bool twice = false;

  // `armed_now`: the sleeper's word, which differs at each arming.
  bool IsDue(uint32_t armed_now, uint64_t position_now) {
    if (armed_now != armed) {
      *this = {armed_now, position_now, false};
      return true;
    }
    if (twice || position_now == position) return false;
    twice = true;
    return true;
  }
};

}  // namespace base
