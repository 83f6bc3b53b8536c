// A sample of `keyport top` as text, and as one JSON object.
#pragma once

#include "services/cli/listing.h"
#include "services/cli/top_screen.h"

namespace keyport {

Listing ListTop(const TopSample& sample, const std::vector<TopRow>& rows,
                TopScope scope);

}  // namespace keyport
