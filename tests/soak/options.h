// What a run of the long tests may be told: --seed=N, --seconds=N, and
// --messages=N for a ring, however long they take. Short by default, as in CI.
#pragma once

#include <cstdint>

namespace soak {

struct Options {
  uint64_t seed = 1;
  uint64_t messages = 0;  // 0: as many as there is time for
  int seconds = 4;
};

// Set by main, constant afterwards.
Options& CurrentOptions();

}  // namespace soak
