// reader: decodes the client's PNG, where it lies, into a block of its own
// and lends that to the first filter, together with the right to answer the
// client. A file that is no PNG it answers itself.
#include <utility>

#include "examples/common/service.h"
#include "examples/image_pipeline/answer.h"
#include "examples/image_pipeline/blocks.h"
#include "examples/image_pipeline/pass_on.h"
#include "examples/image_pipeline/png.h"

namespace image_pipeline {
namespace {

class Reader {
 public:
  Reader(example::Service& service, ipc::Sender next)
      : service_(service), next_(std::move(next)), blocks_(service.session()) {}

  void Take(ipc::Message call) {
    auto loan = Decode(call);
    if (!loan.ok()) {
      const Answer failed = {.error = std::string(loan.status().message())};
      (void)call.Reply(Encode(failed));  // the caller may have given up
      return;
    }
    auto reply = call.MoveReply();
    if (!reply.ok()) return;
    call = {};  // gives the PNG's block back
    PassOn(service_, next_, *loan, *std::move(reply));
  }

 private:
  absl::StatusOr<ipc::Loan> Decode(const ipc::Message& call) {
    Header header = {.ticket = call.label()};
    header.history.CountArrival(call);
    auto decoder = PngDecoder::Open(call.payload());
    if (!decoder.ok()) return decoder.status();
    const Shape shape = header.shape = decoder->shape();
    auto loan = blocks_.Allocate(BlockBytes(shape), WaitForBlocks());
    if (!loan.ok()) return loan.status();
    WriteHeader(header, loan->bytes());
    if (auto decoded = decoder->Decode(PixelsIn(loan->bytes(), shape));
        !decoded.ok())
      return decoded;
    return loan;
  }

  example::Service& service_;
  ipc::Sender next_;
  Blocks blocks_;
};

absl::Status Run(example::Service& service) {
  auto port = service.TakeReceiver("reader");
  if (!port.ok()) return port.status();
  auto next = service.TakeSender("next");
  if (!next.ok()) return next.status();
  Reader reader(service, *std::move(next));
  for (;;) {
    auto call = port->Receive();
    if (!call.ok()) return call.status();
    if (call->wants_reply()) reader.Take(*std::move(call));
  }
}

}  // namespace
}  // namespace image_pipeline

int main() { return example::RunService("reader", image_pipeline::Run); }
