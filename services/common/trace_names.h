// What the supervisor and tracers call the capabilities to trace with.
#pragma once

#include <string_view>

namespace keyport {

inline constexpr std::string_view kTraceEverything = "kernel";
inline constexpr std::string_view kTracePrefix = "trace:";  // then the port

}  // namespace keyport
