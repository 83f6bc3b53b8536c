// The pipeline as its client sees it: a PNG goes in, a PNG comes out, or an
// error. Lends each PNG and asks again when a service died with it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "examples/common/service.h"
#include "examples/image_pipeline/answer.h"
#include "examples/image_pipeline/blocks.h"
#include "examples/image_pipeline/results.h"
#include "examples/image_pipeline/source.h"

namespace image_pipeline {

// A filtered image, in a block that a writer has lent.
class Filtered {
 public:
  Filtered(ipc::Message png, Answer answer)
      : png_(std::move(png)), answer_(std::move(answer)) {}
  std::span<const std::byte> png() const { return png_.payload(); }
  const Answer& answer() const { return answer_; }

 private:
  ipc::Message png_;
  Answer answer_;
};

// Thread: any.
class Graph {
 public:
  Graph(example::Service& service, ipc::Sender reader, ipc::Receiver results)
      : service_(service),
        reader_(std::move(reader)),
        results_(std::move(results)),
        blocks_(service.session()) {}

  // Errors: what is wrong with the file; the last error of the graph after
  // kTries; canceled when the service is to end.
  absl::StatusOr<Filtered> Ask(const Source& source);
  // How often a service died with an image and it was sent again.
  uint64_t asked_again() const { return asked_again_; }

 private:
  static constexpr int kTries = 10;
  absl::StatusOr<ipc::Message> AskOnce(const Source& source, uint32_t ticket);
  absl::StatusOr<Filtered> TakeResult(const Source& source, uint32_t ticket,
                                      const ipc::Message& reply);

  example::Service& service_;
  ipc::Sender reader_;
  Results results_;
  Blocks blocks_;
  std::atomic<uint64_t> asked_again_{0};
};

}  // namespace image_pipeline
