// Draws a graph in Graphviz's language, by Graphviz.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace keyport {

// Writes the drawing to `path`, which is touched only if there is one. Its mode
// is 0600: it tells who talks to whom. Errors: not_found (no `dot`); what it
// says; the file's.
absl::Status DrawSvg(const std::string& dot, const std::string& path);

}  // namespace keyport
