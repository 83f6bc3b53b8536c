// A whole recording summed up, port by port, as `keyport trace --from` does.
#pragma once

#include "services/tracer/recording_reader.h"
#include "services/tracer/trace_summary.h"

namespace keyport {

// Reads to the end. Errors: as RecordingReader, after what was before.
absl::Status SummarizeRecording(RecordingReader* reader, TraceSummary* summary);

}  // namespace keyport
