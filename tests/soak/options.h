// What a run of the long tests may be told: --seed=N, --messages=N (of a ring)
// and --seconds=N (of a storm). Short by default, as in CI.
#pragma once

#include <cstdint>

namespace soak {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

struct Options {
  uint64_t seed = 1;
  uint64_t messages = kSanitized ? 200'000 : 1'000'000;
  int seconds = 4;
};

// Set by main, constant afterwards.
Options& CurrentOptions();

}  // namespace soak
