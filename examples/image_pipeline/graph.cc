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

// What came with an answer, mapped, if it is what the writer promised.
absl::StatusOr<Filtered> MapResult(ipc::Message& reply, Answer answer) {
  auto capabilities = reply.TakeCapabilities();
  if (!capabilities.ok()) return capabilities.status();
  if (capabilities->size() != 1) return Malformed();
  auto region = ipc::Region::Adopt(std::move(capabilities->front().capability));
  if (!region.ok()) return region.status();
  auto mapping = region->MapRead();
  if (!mapping.ok()) return mapping.status();
  if (mapping->guarantee() != ipc::Guarantee::kImmutable ||
      answer.png_bytes > mapping->bytes().size())
    return Malformed();
  return Filtered(*std::move(mapping), std::move(answer));
}

}  // namespace

absl::StatusOr<ipc::Message> Graph::AskOnce(const Source& source) {
  auto block = blocks_.Allocate(source.png.size(), WaitForBlocks());
  if (!block.ok()) return block.status();
  std::memcpy(block->bytes().data(), source.png.data(), source.png.size());
  return reader_.CallLoan(*block,
                          {.deadline = ipc::Deadline::After(kPatience)});
}

absl::StatusOr<Filtered> Graph::Ask(const Source& source) {
  for (int tries = 1;; ++tries) {
    auto reply = AskOnce(source);
    if (reply.ok()) {
      auto answer = DecodeAnswer(reply->payload());
      if (!answer) return Malformed();
      if (!answer->error.empty())
        return absl::InvalidArgumentError(
            absl::StrCat(source.name, ": ", answer->error));
      return MapResult(*reply, *std::move(answer));
    }
    if (service_.over()) return reply.status();
    const auto error = ipc::ErrorName(ipc::ErrorOf(reply.status()));
    if (tries == kTries)
      return absl::AbortedError(
          absl::StrCat(source.name, ": given up after ", tries,
                       " tries; the last one: ", reply.status().message()));
    service_.Say(source.name + ": a service died with it (" +
                 std::string(error) + "); asking again");
    ++asked_again_;
    service_.Pause();
  }
}

}  // namespace image_pipeline
