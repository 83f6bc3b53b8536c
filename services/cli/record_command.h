// `keyport record`: the trace records of a running graph, in a pcapng file.
#pragma once

#include <string>
#include <vector>

#include "services/tracer/recording_loop.h"

namespace keyport {

// What goes to standard error.
enum class RecordSays { kAll, kErrorsOnly };

// Each of `schemas` "PORT=FILE.capnp[:INTERFACE]": what they say of payloads
// becomes the packets' comments.
// Until a limit, Ctrl-C or the end of the graph; then a line of sums on
// standard error. Returns 0; 1 after saying what failed; 3 if records were
// lost and that is an error.
int RunRecord(RecordOptions options, const std::vector<std::string>& schemas,
              RecordSays says = RecordSays::kAll);

}  // namespace keyport
