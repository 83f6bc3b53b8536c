#include "examples/image_pipeline/report.h"

#include <cinttypes>
#include <cstdio>

#include "absl/strings/str_cat.h"

namespace image_pipeline {
namespace {

uint64_t PixelsOf(const Shape& shape) {
  return uint64_t{shape.width} * shape.height;
}

double Rate(uint64_t pixels, absl::Duration time) {
  return static_cast<double>(pixels) / 1e6 / absl::ToDoubleSeconds(time);
}

}  // namespace

void Report::CountHere(const Shape& shape, absl::Duration time) {
  pixels_here_ += PixelsOf(shape);
  time_here_ += time;
}

void Report::Count(const Answer& answer) {
  ++images_;
  pixels_ += PixelsOf(answer.shape);
  bytes_lent_ += answer.history.bytes_lent;
  bytes_copied_ += answer.history.bytes_copied;
}

std::string Report::Line(const std::string& name,
                         const Filtered& filtered) const {
  const Shape& shape = filtered.answer().shape;
  std::string filters;
  for (uint32_t i = 0; i < filtered.answer().history.filter_count; ++i) {
    const auto filter = NameOf(filtered.answer().history.filters[i]);
    absl::StrAppend(&filters, i == 0 ? "" : ", ",
                    absl::string_view(filter.data(), filter.size()));
  }
  return absl::StrCat(name, ": ", shape.width, " x ", shape.height, ", ",
                      filters, ": ", filtered.png().size(),
                      " bytes, the same as in one process");
}

void Report::Print(uint64_t asked_again) const {
  if (images_ == 0) return;
  std::printf("graph:       %6.1f Mpixel/s (%" PRIu64 " images in %.2f s)\n",
              Rate(pixels_, graph_time_), images_,
              absl::ToDoubleSeconds(graph_time_));
  std::printf("one process: %6.1f Mpixel/s\n", Rate(pixels_here_, time_here_));
  std::printf("between processes: %" PRIu64 " bytes lent, %" PRIu64
              " bytes copied\n",
              bytes_lent_, bytes_copied_);
  std::printf("asked again: %" PRIu64 "\n", asked_again);
  std::fflush(stdout);
}

}  // namespace image_pipeline
