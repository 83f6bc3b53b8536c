// A recording as one HTML file that asks nobody for anything: the sources in
// page/ with the recording's data between them.
#pragma once

#include <string>

#include "services/tracer/page_json.h"

namespace keyport {

std::string HtmlPage(const std::string& page_json);

}  // namespace keyport
