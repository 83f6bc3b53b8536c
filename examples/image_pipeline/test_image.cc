// The generated image. Whole numbers only, so that it is the same everywhere.
#include <algorithm>
#include <array>

#include "examples/image_pipeline/image.h"

namespace image_pipeline {
namespace {

uint32_t Hash(uint32_t x, uint32_t y) {
  uint32_t value = x * 0x9e3779b1u ^ (y + 1) * 0x85ebca6bu;
  value = (value ^ (value >> 15)) * 0x2c1b3c6du;
  return value ^ (value >> 12);
}

// Noise between grid points `step` apart, 0 to 255.
int SmoothNoise(uint32_t x, uint32_t y, uint32_t step) {
  const uint32_t left = x / step, top = y / step;
  const int right_part = static_cast<int>(x % step);
  const int below_part = static_cast<int>(y % step);
  const int size = static_cast<int>(step);
  const auto corner = [](uint32_t cx, uint32_t cy) {
    return static_cast<int>(Hash(cx, cy) & 0xff);
  };
  const int above = corner(left, top) * (size - right_part) +
                    corner(left + 1, top) * right_part;
  const int below = corner(left, top + 1) * (size - right_part) +
                    corner(left + 1, top + 1) * right_part;
  return (above * (size - below_part) + below * below_part) / (size * size);
}

bool IsSun(int x, int y, const Shape& shape) {
  const int radius = static_cast<int>(shape.height) / 9 + 1;
  const int right = x - static_cast<int>(shape.width) * 3 / 4;
  const int down = y - static_cast<int>(shape.height) / 4;
  return right * right + down * down < radius * radius;
}

std::array<int, 3> ColorAt(uint32_t x, uint32_t y, const Shape& shape) {
  const int down = static_cast<int>(uint64_t{y} * 255 / shape.height);
  if (IsSun(static_cast<int>(x), static_cast<int>(y), shape))
    return {255, 236, 160};
  const int far_ridge = 110 + SmoothNoise(x, 0, 97) / 4;
  const int near_ridge = 170 + SmoothNoise(x, 7, 61) / 5;
  const int texture = SmoothNoise(x, y, 9) / 4;
  if (down > near_ridge) return {40 + texture, 84 + texture, 36 + texture / 2};
  if (down > far_ridge) return {88 + texture / 2, 104 + texture / 2, 138};
  const int cloud = std::max(0, SmoothNoise(x, y * 2, 53) - 140) / 2;
  return {110 + down / 2 + cloud, 160 + down / 3 + cloud, 228 + cloud / 4};
}

}  // namespace

Image MakeTestImage(Shape shape) {
  Image image(shape);
  const uint32_t colors = shape.channels - (shape.has_alpha() ? 1 : 0);
  for (uint32_t y = 0; y < shape.height; ++y) {
    uint8_t* sample = image.writable().Row(y);
    for (uint32_t x = 0; x < shape.width; ++x) {
      const int grain = static_cast<int>(Hash(x, y) % 9) - 4;
      const std::array<int, 3> color = ColorAt(x, y, shape);
      for (uint32_t c = 0; c < colors; ++c)
        *sample++ = static_cast<uint8_t>(std::clamp(color[c] + grain, 0, 255));
      if (shape.has_alpha()) *sample++ = static_cast<uint8_t>(255 - y % 64);
    }
  }
  return image;
}

}  // namespace image_pipeline
