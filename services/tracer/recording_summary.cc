#include "services/tracer/recording_summary.h"

#include "services/tracer/recorded_messages.h"

namespace keyport {

absl::Status SummarizeRecording(RecordingReader* reader,
                                TraceSummary* summary) {
  return ForEachMessage(
      reader,
      [&](const RecordingDecoder::Recorded& recorded) {
        // A send that found no room is no message.
        if (recorded.record.kind ==
            static_cast<uint16_t>(ipc::TraceKind::block))
          summary->Add(recorded.record);
        return true;
      },
      [&](const TracedMessage& message) { summary->Add(message); });
}

}  // namespace keyport
