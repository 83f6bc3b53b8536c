// `keyport export --html`: a recording as one HTML file.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "services/decode/payload_schemas.h"

namespace keyport {

// Either may be "-". Errors: with the path and what failed.
absl::Status ExportHtml(const std::string& recording,
                        const PayloadSchemas& schemas, const std::string& out);

}  // namespace keyport
