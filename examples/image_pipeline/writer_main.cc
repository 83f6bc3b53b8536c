// writer: encodes an image, where it was lent, into a block of its own, lends
// that to the client's port, and answers the client in the reader's place.
#include <utility>

#include "examples/common/service.h"
#include "examples/image_pipeline/answer.h"
#include "examples/image_pipeline/blocks.h"
#include "examples/image_pipeline/pass_on.h"
#include "examples/image_pipeline/png.h"

namespace image_pipeline {
namespace {

class Writer {
 public:
  Writer(example::Service& service, ipc::Sender results)
      : service_(service),
        results_(std::move(results)),
        blocks_(service.session()) {}

  // Whatever fails here drops the right to answer: the client is told so.
  void Take(ipc::Message message) {
    auto reply = TakeReply(message);
    const auto arrived = Arrive(message);
    if (!reply || !arrived) return service_.Say("a message was no image");
    ipc::Replier replier(*std::move(reply));
    const auto call = replier.Info();
    if (!call.ok() || call->over) return;  // nobody waits for it any more
    auto png = EncodeIntoBlock(arrived->pixels);
    if (!png.ok()) return service_.Say(std::string(png.status().message()));
    const Answer answer = {.png_bytes = png->bytes().size(),
                           .shape = arrived->header.shape,
                           .history = arrived->header.history};
    message = {};  // gives the block back before the next image can come
    const absl::Status sent =
        results_.SendLoan(*png, {.label = arrived->header.ticket});
    // It fails when the client has given up or is gone.
    if (sent.ok()) (void)replier.Reply(Encode(answer));
  }

 private:
  absl::StatusOr<ipc::Loan> EncodeIntoBlock(const Pixels& pixels) {
    auto block = blocks_.Allocate(PngBytesMax(pixels.shape), WaitForBlocks());
    if (!block.ok()) return block;
    const auto bytes = EncodePng(pixels, block->bytes());
    if (!bytes.ok()) return bytes.status();
    block->Shrink(*bytes);
    return block;
  }

  example::Service& service_;
  ipc::Sender results_;
  Blocks blocks_;
};

absl::Status Run(example::Service& service) {
  auto port = service.TakeReceiver("writer");
  if (!port.ok()) return port.status();
  auto results = service.TakeSender("results");
  if (!results.ok()) return results.status();
  Writer writer(service, *std::move(results));
  for (;;) {
    auto message = port->Receive();
    if (!message.ok()) return message.status();
    writer.Take(*std::move(message));
  }
}

}  // namespace
}  // namespace image_pipeline

int main() { return example::RunService("writer", image_pipeline::Run); }
