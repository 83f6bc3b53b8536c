// `keyport hist`: how long messages waited, were worked on, and took, as
// histograms.
#pragma once

#include <string>
#include <vector>

#include "services/cli/traced_messages.h"

namespace keyport {

enum class HistBy { kPort, kLabel, kService };
// What is counted: messages as they pass, or what ports measure always.
enum class HistOf { kTraced, kSinceStart };

struct HistOptions {
  TracedInput input;
  HistOf of = HistOf::kTraced;
  HistBy by = HistBy::kPort;
  // Of "queue", "work", "total", in the order to print; none: all of them.
  std::vector<std::string> split;
  Format format = Format::kText;
};
// Returns 0; 1 after saying what failed; 3 as `keyport trace`.
int RunHist(const HistOptions& options);

}  // namespace keyport
