// The client's figures: images, pixels, times, and how payloads travelled.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "examples/image_pipeline/graph.h"

namespace image_pipeline {

class Report {
 public:
  // One image, decoded, filtered and encoded in this process.
  void CountHere(const Shape& shape, absl::Duration time);
  // One image that came back from the graph.
  void Count(const Answer& answer);
  // How long all of these took.
  void CountGraph(absl::Duration time) { graph_time_ = time; }
  uint64_t images() const { return images_; }

  // One line about a file.
  std::string Line(const std::string& name, const Filtered& filtered) const;
  void Print(uint64_t asked_again) const;

 private:
  uint64_t images_ = 0;
  uint64_t pixels_ = 0;
  uint64_t pixels_here_ = 0;
  uint64_t bytes_lent_ = 0;
  uint64_t bytes_copied_ = 0;
  absl::Duration time_here_;
  absl::Duration graph_time_;
};

}  // namespace image_pipeline
