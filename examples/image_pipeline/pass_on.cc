#include "examples/image_pipeline/pass_on.h"

#include <utility>

#include "absl/time/time.h"

namespace image_pipeline {

ipc::Deadline WaitForBlocks() {
  return ipc::Deadline::After(absl::Seconds(10));
}

void PassOn(example::Service& service, ipc::Sender& next, ipc::Loan& image,
            ipc::Capability reply) {
  const absl::Status sent =
      next.SendLoan(image, {.capabilities = std::span(&reply, 1)});
  if (!sent.ok() && !service.over())
    service.Say("an image could not be passed on: " +
                std::string(sent.message()));
}

std::optional<ipc::Capability> TakeReply(ipc::Message& message) {
  auto capabilities = message.TakeCapabilities();
  if (!capabilities.ok() || capabilities->size() != 1) return std::nullopt;
  ipc::ReceivedCapability& received = capabilities->front();
  if (received.kind != ipc::ObjectKind::reply) return std::nullopt;
  return std::move(received.capability);
}

}  // namespace image_pipeline
