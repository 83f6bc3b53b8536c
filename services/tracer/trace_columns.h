// The columns of a traced message's line that a user may choose.
#pragma once

#include <string>
#include <vector>

#include "services/tracer/trace_format.h"

namespace keyport {

// "time", "flow", "from", "port", "to", "label", "method", "bytes", "handles",
// "queue", "work", "total", "status"
std::vector<std::string> TraceColumnNames();

// Of names that there are.
std::string ColumnsHeader(const std::vector<std::string>& columns);
std::string ColumnsLine(const std::vector<std::string>& columns,
                        const TracedMessage& message,
                        const std::string& port_name, const WallClock& clock);

}  // namespace keyport
