// The messages of a recording, put together from its records.
#pragma once

#include <functional>

#include "services/tracer/message_table.h"
#include "services/tracer/recording_reader.h"

namespace keyport {

// Reads to the end and hands out each message whose records are wanted, in
// about the order in which they were sent; losses before the messages of the
// same piece. Errors: as RecordingReader.
using RecordWanted = std::function<bool(const RecordingDecoder::Recorded&)>;
using TakeMessage = std::function<void(TracedMessage)>;
using TakeLoss = std::function<void(const LostRecords&)>;
absl::Status ForEachMessage(
    RecordingReader* reader, const RecordWanted& wanted,
    const TakeMessage& take,
    const TakeLoss& take_loss = [](const LostRecords&) {});

}  // namespace keyport
