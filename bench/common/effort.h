// How much is measured.
#pragma once

#include <algorithm>

namespace bench {

enum class Effort { kSmoke, kQuick, kFull };

inline int Passes(Effort effort) {
  return effort == Effort::kFull ? 5 : effort == Effort::kQuick ? 3 : 1;
}
// Repetitions.
inline int Rounds(Effort effort, int full) {
  switch (effort) {
    case Effort::kFull:
      return full;
    case Effort::kQuick:
      return std::max(full / 8, 1);
    default:
      return std::max(full / 200, 1);
  }
}

}  // namespace bench
