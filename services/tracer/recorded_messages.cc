#include "services/tracer/recorded_messages.h"

namespace keyport {

absl::Status ForEachMessage(RecordingReader* reader, const RecordWanted& wanted,
                            const TakeMessage& take,
                            const TakeLoss& take_loss) {
  MessageTable table;
  const RecordingDecoder::Sink sink = {
      [&](const RecordingDecoder::Recorded& recorded) {
        if (wanted(recorded)) table.Add(recorded.source, recorded.record);
      },
      take_loss};
  const auto take_all = [&](std::vector<TracedMessage> messages) {
    for (TracedMessage& message : messages) take(std::move(message));
  };
  while (true) {
    const absl::StatusOr<bool> more = reader->ReadSome(sink);
    take_all(table.EndPass());
    if (more.ok() && *more) continue;
    take_all(table.TakeRest());
    return more.ok() ? absl::OkStatus() : more.status();
  }
}

}  // namespace keyport
