// Who can reach whom, from the manifest alone.
#pragma once

#include <string>
#include <vector>

#include "services/supervisor/manifest.h"
#include "services/supervisor/plan.h"

namespace keyport {

// A line for each pair: "query -> index  by port index  rights Send|Wait
// badge 4". A port that nobody provides says so.
std::string ReachText(const Manifest& manifest,
                      const std::vector<Instance>& instances);

// What is allowed, but surely not meant: ports that nobody provides or uses.
std::vector<Problem> Warnings(const Manifest& manifest);

}  // namespace keyport
