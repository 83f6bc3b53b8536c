// The pipeline as its client sees it: a PNG goes in, a PNG comes out, or an
// error. Lends each PNG and asks again when a service died with it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "examples/common/service.h"
#include "examples/image_pipeline/answer.h"
#include "examples/image_pipeline/blocks.h"
#include "examples/image_pipeline/source.h"
#include "ipc/region.h"

namespace image_pipeline {

// A filtered image in the writer's region, which nobody can change any more.
class Filtered {
 public:
  Filtered(ipc::Mapping mapping, Answer answer)
      : mapping_(std::move(mapping)), answer_(std::move(answer)) {}
  std::span<const std::byte> png() const {
    return mapping_.bytes().first(answer_.png_bytes);
  }
  const Answer& answer() const { return answer_; }

 private:
  ipc::Mapping mapping_;
  Answer answer_;
};

// Thread: any.
class Graph {
 public:
  Graph(example::Service& service, ipc::Sender reader)
      : service_(service),
        reader_(std::move(reader)),
        blocks_(service.session()) {}

  // Errors: what is wrong with the file; the last error of the graph after
  // kTries; canceled when the service is to end.
  absl::StatusOr<Filtered> Ask(const Source& source);
  // How often a service died with an image and it was sent again.
  uint64_t asked_again() const { return asked_again_; }

 private:
  static constexpr int kTries = 10;
  absl::StatusOr<ipc::Message> AskOnce(const Source& source);

  example::Service& service_;
  ipc::Sender reader_;
  Blocks blocks_;
  std::atomic<uint64_t> asked_again_{0};
};

}  // namespace image_pipeline
