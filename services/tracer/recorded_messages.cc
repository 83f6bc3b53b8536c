#include "services/tracer/recorded_messages.h"

namespace keyport {

absl::Status ForEachMessage(RecordingReader* reader, const RecordWanted& wanted,
                            const TakeMessage& take) {
  MessageTable table;
  const RecordingDecoder::Sink sink = {
      [&](const RecordingDecoder::Recorded& recorded) {
        if (wanted(recorded))
          table.Add(recorded.source, recorded.record, recorded.payload);
      },
      [](const LostRecords&) {}};
  const auto take_all = [&](std::vector<TracedMessage> messages) {
    for (TracedMessage& message : messages) take(std::move(message));
  };
  while (true) {
    const absl::StatusOr<bool> more = reader->ReadSome(sink);
    if (!more.ok()) return more.status();
    if (!*more) break;
    take_all(table.EndPass());
  }
  take_all(table.TakeRest());
  return absl::OkStatus();
}

}  // namespace keyport
