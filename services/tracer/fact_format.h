// A fact of the kernel process as a line of text, or as a JSON object.
#pragma once

#include <string>

#include "ipc/trace.h"
#include "services/tracer/trace_format.h"

namespace keyport {

// Of a record that the kernel process wrote.
bool IsFactKind(uint16_t kind);
// Whether it is about a process, else about a port or another object.
bool IsOfProcess(uint16_t kind);

// `object`: the name of what it is about.
std::string FactLine(const ipc::TraceRecord& record, const std::string& object,
                     const WallClock& clock);
std::string FactJson(const ipc::TraceRecord& record, const std::string& object,
                     const WallClock& clock);

}  // namespace keyport
