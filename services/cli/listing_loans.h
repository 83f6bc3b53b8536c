// The part of ListRegions that tells what is lent.
#pragma once

#include "services/cli/listing.h"

namespace keyport {

// A row for each end of a lane that has lent something, and each subscriber
// that has blocks of a topic; empty if there are none.
Listing ListLoans(const Snapshot& snapshot);

}  // namespace keyport
