// What `keyport why` and `keyport who-can` print.
#pragma once

#include <string_view>
#include <vector>

#include "services/cli/listing.h"
#include "services/cli/reachability.h"

namespace keyport {

// Sentences; a JSON object for each way, or one that says what is missing.
Listing ListWhy(const Reachability& reachability, const WhyAnswer& answer);

// A row for each holder of the right on any of the ports. No JSON, and a
// sentence instead of a table, when there is none.
Listing ListWhoCan(const Reachability& reachability, ipc::Rights right,
                   const std::vector<uint64_t>& ports);

}  // namespace keyport
