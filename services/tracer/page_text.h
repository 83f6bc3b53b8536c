// The HTML page's text before and after its data. Made of page/ by
// page/embed.cmake when Keyport is built.
#pragma once

#include <string_view>

namespace keyport {

extern const std::string_view kPageBegin;
extern const std::string_view kPageEnd;

}  // namespace keyport
