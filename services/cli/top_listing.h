// A sample of `keyport top` as text, and as one JSON object.
#pragma once

#include "services/cli/listing.h"
#include "services/cli/top_screen.h"

namespace keyport {

// `columns`: of the text; JSON has all.
Listing ListTop(const TopSample& sample, const std::vector<TopRow>& rows,
                TopScope scope, std::span<const TopColumn> columns);

}  // namespace keyport
