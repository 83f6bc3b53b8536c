// `keyport record`: the trace records of a running graph, in a pcapng file.
#pragma once

#include "services/decode/payload_schemas.h"
#include "services/tracer/recording_loop.h"

namespace keyport {

// What goes to standard error.
enum class RecordSays { kAll, kErrorsOnly };

// What `schemas` say of payloads becomes the packets' comments.
// Until a limit, Ctrl-C or the end of the graph; then a line of sums on
// standard error. Returns 0; 1 after saying what failed; 3 if records were
// lost and that is an error.
int RunRecord(RecordOptions options, const PayloadSchemas& schemas,
              RecordSays says = RecordSays::kAll);

}  // namespace keyport
