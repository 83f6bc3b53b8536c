// Which messages an HTML page shows when there are more than it can.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "services/tracer/page_messages.h"

namespace keyport {

inline constexpr size_t kPageMessagesMost = 100'000;

struct PageSample {
  std::vector<uint32_t> chosen;  // places in what was chosen from, rising
  uint64_t errors = 0;           // how many errors were chosen
  uint64_t errors_left_out = 0;
  uint64_t slow = 0;  // as slow as the slowest 1 %
  // The share of the other chains, 0 to 1.
  double share = 1;
};
// All of at most `most`. Of more: those that failed and the slowest 1 %, with
// their chains, and of the other chains every n-th, so that there are about
// `most`. Only if what must be shown is more than twice `most`, it is thinned
// too. A chain of more than kWholeChainMost messages is not kept whole.
inline constexpr size_t kWholeChainMost = 5'000;
PageSample ChooseForPage(std::span<const PageMessage> messages, size_t most);

// For each chosen message 1 + the place (in `chosen`) of the one of its chain
// that caused it; 0 for one without.
std::vector<uint32_t> CausesWithin(const PageMessages& messages,
                                   std::span<const uint32_t> chosen);

}  // namespace keyport
