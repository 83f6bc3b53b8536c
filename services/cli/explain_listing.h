// What `keyport explain` says of a handle.
#pragma once

#include <optional>
#include <string_view>

#include "ipc/explain.h"
#include "services/cli/listing.h"

namespace keyport {

// Of a command line: decimal, or hexadecimal after 0x; nothing else.
std::optional<ipc::Handle> ParseHandle(std::string_view word);

// Sentences, begun with the process's label ("clockd(101)"); one JSON object.
Listing ListExplanation(std::string_view label, ipc::Explanation explanation);

}  // namespace keyport
