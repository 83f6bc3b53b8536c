// An image in memory: rows of 8-bit samples, 1 to 4 channels (gray, gray and
// alpha, RGB, RGBA), without padding. Owns no memory but Image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace image_pipeline {

inline constexpr uint32_t kSideMax = 65'535;
inline constexpr uint64_t kImageBytesMax = 128u << 20;

struct Shape {
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t channels = 0;

  uint64_t row_samples() const { return uint64_t{width} * channels; }
  uint64_t bytes() const { return row_samples() * height; }
  bool has_alpha() const { return channels == 2 || channels == 4; }
  bool IsValid() const {
    return width >= 1 && width <= kSideMax && height >= 1 &&
           height <= kSideMax && channels >= 1 && channels <= 4 &&
           bytes() <= kImageBytesMax;
  }
  bool operator==(const Shape&) const = default;
};

// Pixels that may lie in another process's memory.
struct Pixels {
  Shape shape;
  std::span<const uint8_t> samples;

  const uint8_t* Row(uint32_t y) const {
    return samples.data() + y * shape.row_samples();
  }
};

struct WritablePixels {
  Shape shape;
  std::span<uint8_t> samples;

  uint8_t* Row(uint32_t y) const {
    return samples.data() + y * shape.row_samples();
  }
};

class Image {
 public:
  explicit Image(Shape shape) : shape_(shape), samples_(shape.bytes()) {}
  Pixels pixels() const { return {shape_, samples_}; }
  WritablePixels writable() { return {shape_, samples_}; }
  const Shape& shape() const { return shape_; }

 private:
  Shape shape_;
  std::vector<uint8_t> samples_;
};

// Something like a photograph: a sky, hills, a sun, grain. Always the same.
Image MakeTestImage(Shape shape);

}  // namespace image_pipeline
