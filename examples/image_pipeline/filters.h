// The filters. Whole numbers only and no state, so a filter gives the same
// bytes in every process. Alpha is never changed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "examples/image_pipeline/image.h"

namespace image_pipeline {

enum class Filter : uint8_t {
  kGray = 1,     // brightness only; RGB becomes one channel
  kBlur = 2,     // Gaussian, 5 x 5
  kSharpen = 3,  // adds what a pixel differs from its four neighbours by
  kEdges = 4,    // Sobel, 3 x 3
};

std::string_view NameOf(Filter filter);
std::optional<Filter> FilterOf(std::string_view name);
// "gray,blur"; nothing for an unknown name or an empty list.
std::optional<std::vector<Filter>> FiltersOf(std::string_view names);

// What comes out of an image of that shape.
Shape ShapeAfter(Filter filter, const Shape& shape);

// Reads each sample of `in` a few times; whatever it finds there, it writes
// only into `out`, whose shape must be ShapeAfter(filter, in.shape).
void Apply(Filter filter, const Pixels& in, const WritablePixels& out);

// All of them one after the other, in this process.
Image ApplyAll(std::span<const Filter> filters, Image image);

}  // namespace image_pipeline
