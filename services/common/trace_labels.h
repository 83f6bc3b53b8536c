// Labels of messages as command lines and manifests name them.
#pragma once

#include <optional>
#include <string_view>

#include "ipc/trace.h"

namespace keyport {

// "4" or "4-9"; nothing for other words.
std::optional<ipc::TraceLabels> ReadLabels(std::string_view word);

}  // namespace keyport
