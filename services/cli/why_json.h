// The answer of `keyport why` as JSON, one object a line.
#pragma once

#include <string>

#include "services/cli/reachability.h"

namespace keyport {

// An object for each way; without any, one that says what is missing.
std::string WhyJson(const Reachability& reachability, const WhyAnswer& answer);

}  // namespace keyport
