// filter NAME: reads an image where it was lent, writes the filtered one into
// a block of its own, gives the first back and lends the second. Its port has
// the filter's name; what comes next is the manifest's business.
#include <cstdio>
#include <utility>

#include "examples/common/service.h"
#include "examples/image_pipeline/blocks.h"
#include "examples/image_pipeline/pass_on.h"
#include "examples/image_pipeline/transit.h"

namespace image_pipeline {
namespace {

class Stage {
 public:
  Stage(example::Service& service, Filter filter, ipc::Sender next)
      : service_(service),
        filter_(filter),
        next_(std::move(next)),
        blocks_(service.session()) {}

  // Whatever fails here drops the right to answer: the client is told so.
  void Take(ipc::Message message) {
    auto reply = TakeReply(message);
    const auto arrived = Arrive(message);
    if (!reply || !arrived) return service_.Say("a message was no image");
    auto filtered = FilterIt(*arrived);
    if (!filtered.ok())
      return service_.Say(std::string(filtered.status().message()));
    message = {};  // gives the block back before the next image can come
    PassOn(service_, next_, *filtered, *std::move(reply));
  }

 private:
  absl::StatusOr<ipc::Loan> FilterIt(const Arrived& arrived) {
    Header header = arrived.header;
    if (!header.history.Add(filter_))
      return absl::OutOfRangeError("an image had too many filters behind it");
    const Shape shape = header.shape = ShapeAfter(filter_, header.shape);
    auto block = blocks_.Allocate(BlockBytes(shape), WaitForBlocks());
    if (!block.ok()) return block;
    WriteHeader(header, block->bytes());
    Apply(filter_, arrived.pixels, PixelsIn(block->bytes(), shape));
    return block;
  }

  example::Service& service_;
  const Filter filter_;
  ipc::Sender next_;
  Blocks blocks_;
};

absl::Status Run(example::Service& service, Filter filter) {
  auto port = service.TakeReceiver(NameOf(filter));
  if (!port.ok()) return port.status();
  auto next = service.TakeSender("next");
  if (!next.ok()) return next.status();
  Stage stage(service, filter, *std::move(next));
  for (;;) {
    auto message = port->Receive();
    if (!message.ok()) return message.status();
    stage.Take(*std::move(message));
  }
}

}  // namespace
}  // namespace image_pipeline

int main(int argc, char** argv) {
  const auto filter = image_pipeline::FilterOf(argc == 2 ? argv[1] : "");
  if (!filter) {
    std::fprintf(stderr,
                 "filter: expected gray, blur, sharpen or edges, and no more "
                 "words\n");
    return 2;
  }
  return example::RunService(argv[1], [&](example::Service& service) {
    return image_pipeline::Run(service, *filter);
  });
}
