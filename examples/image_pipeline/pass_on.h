// Lending an image to the next service, with the right to answer for it.
#pragma once

#include <optional>

#include "examples/common/service.h"
#include "ipc/loan.h"
#include "ipc/reply.h"

namespace image_pipeline {

// Until when a service waits for blocks that the next ones hold. Whoever asks
// for more than that at once is answered "dropped".
ipc::Deadline WaitForBlocks();

// If it cannot be sent the right goes, and the client is told "dropped".
void PassOn(example::Service& service, ipc::Sender& next, ipc::Loan& image,
            ipc::Capability reply);

// The right to answer that came with the message; nothing if none did.
std::optional<ipc::Capability> TakeReply(ipc::Message& message);

}  // namespace image_pipeline
