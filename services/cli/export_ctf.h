// A recording as a folder in the Common Trace Format.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace keyport {

// Makes the folder, private to its owner; one that is there must be empty,
// since a reader takes whatever is in it for the trace.
absl::Status ExportCtf(const std::string& recording, const std::string& folder);

}  // namespace keyport
