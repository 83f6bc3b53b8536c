#include "examples/image_pipeline/graph.h"

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "examples/image_pipeline/pass_on.h"

namespace image_pipeline {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);

absl::Status Malformed() {
  return absl::InternalError("the graph answered something that is no image");
}

}  // namespace

absl::StatusOr<ipc::Message> Graph::AskOnce(const Source& source,
                                            uint32_t ticket) {
  auto block = blocks_.Allocate(source.png.size(), WaitForBlocks());
  if (!block.ok()) return block.status();
  std::memcpy(block->bytes().data(), source.png.data(), source.png.size());
  return reader_.CallLoan(
      *block, {.label = ticket, .deadline = ipc::Deadline::After(kPatience)});
}

absl::StatusOr<Filtered> Graph::TakeResult(const Source& source,
                                           uint32_t ticket,
                                           const ipc::Message& reply) {
  auto answer = DecodeAnswer(reply.payload());
  if (!answer) return Malformed();
  if (!answer->error.empty())
    return absl::InvalidArgumentError(
        absl::StrCat(source.name, ": ", answer->error));
  auto png = results_.Take(ticket);
  if (!png.ok()) return png.status();
  if (png->payload().size() != answer->png_bytes) return Malformed();
  answer->history.CountArrival(*png);
  return Filtered(*std::move(png), *std::move(answer));
}

absl::StatusOr<Filtered> Graph::Ask(const Source& source) {
  for (int tries = 1;; ++tries) {
    const uint32_t ticket = results_.GiveTicket();
    const auto reply = AskOnce(source, ticket);
    auto filtered = reply.ok() ? TakeResult(source, ticket, *reply)
                               : absl::StatusOr<Filtered>(reply.status());
    if (!filtered.ok()) results_.Forget(ticket);
    // A result that does not come was lent by a writer that died meanwhile.
    const bool lost =
        !reply.ok() || ipc::ErrorOf(filtered.status()) == ipc::Error::timed_out;
    if (!lost || service_.over()) return filtered;
    if (tries == kTries)
      return absl::AbortedError(
          absl::StrCat(source.name, ": given up after ", tries,
                       " tries; the last one: ", filtered.status().message()));
    const auto error = ipc::ErrorName(ipc::ErrorOf(filtered.status()));
    service_.Say(source.name + ": a service died with it (" +
                 std::string(error) + "); asking again");
    ++asked_again_;
    service_.Pause();
  }
}

}  // namespace image_pipeline
