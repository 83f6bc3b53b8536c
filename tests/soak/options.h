// What a run of the long tests may be told: --seed=N, --seconds=N, and
// --messages=N for a ring or --deaths=N for each scene of deaths, however long
// they take. Short by default, as in CI.
#pragma once

#include <cstdint>

namespace soak {

struct Options {
  uint64_t seed = 1;
  uint64_t messages = 0;  // 0: as many as there is time for
  uint64_t deaths = 0;    // of each scene; 0: as few as in CI
  int seconds = 4;
};

// Set by main, constant afterwards.
Options& CurrentOptions();

}  // namespace soak
