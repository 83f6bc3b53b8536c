// writer: encodes an image, where it was lent, into a region that nobody can
// change any more, and answers the client with it, in the reader's place.
#include <utility>

#include "examples/common/service.h"
#include "examples/image_pipeline/answer.h"
#include "examples/image_pipeline/pass_on.h"
#include "examples/image_pipeline/png.h"
#include "ipc/region.h"

namespace image_pipeline {
namespace {

struct Encoded {
  ipc::Capability region;
  uint64_t bytes = 0;
};

absl::StatusOr<Encoded> EncodeIntoRegion(const ipc::Session& session,
                                         const Pixels& pixels) {
  auto region = ipc::Region::Create(session, PngBytesMax(pixels.shape));
  if (!region.ok()) return region.status();
  Encoded encoded;
  {
    auto mapping = region->MapWrite();
    if (!mapping.ok()) return mapping.status();
    auto bytes = EncodePng(pixels, mapping->bytes());
    if (!bytes.ok()) return bytes.status();
    encoded.bytes = *bytes;
  }
  if (auto sealed = region->SealImmutable(); !sealed.ok()) return sealed;
  encoded.region = region->TakeCapability();
  return encoded;
}

void Take(example::Service& service, ipc::Message message) {
  auto reply = TakeReply(message);
  const auto arrived = Arrive(message);
  if (!reply || !arrived) return service.Say("a message was no image");
  auto encoded = EncodeIntoRegion(service.session(), arrived->pixels);
  if (!encoded.ok())
    return service.Say(std::string(encoded.status().message()));
  const Answer answer = {.png_bytes = encoded->bytes,
                         .shape = arrived->pixels.shape,
                         .history = arrived->history};
  message = {};  // gives the block back before the next image can come
  ipc::Replier replier(*std::move(reply));
  // It fails when the client has given up or is gone.
  (void)replier.Reply(ipc::BytesOf(Encode(answer)),
                      std::span(&encoded->region, 1));
}

absl::Status Run(example::Service& service) {
  auto port = service.TakeReceiver("writer");
  if (!port.ok()) return port.status();
  for (;;) {
    auto message = port->Receive();
    if (!message.ok()) return message.status();
    Take(service, *std::move(message));
  }
}

}  // namespace
}  // namespace image_pipeline

int main() { return example::RunService("writer", image_pipeline::Run); }
