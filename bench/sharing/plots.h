// The plots of a run.
#pragma once

#include <string>

#include "bench/common/figures.h"

namespace bench {

// SVG files. What was not measured is left out.
void WriteSharingPlots(const Figures& figures, const std::string& folder);

}  // namespace bench
