// `keyport export --html`: a recording as one HTML file.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace keyport {

// Either may be "-". Errors: with the path and what failed.
absl::Status ExportHtml(const std::string& recording, const std::string& out);

}  // namespace keyport
