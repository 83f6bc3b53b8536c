// PNG in and out, by libpng's simplified interface: whatever is in the file
// (interlaced, palette, 1 to 16 bits), the pixels have 8 bits a sample.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/statusor.h"
#include "examples/image_pipeline/image.h"

namespace image_pipeline {

// Reads the head, then, once there is a place for them, the pixels. The bytes
// must stay until then; nothing is read behind them, whatever is in them.
class PngDecoder {
 public:
  // Errors: a sentence that says what is wrong with the file: no PNG,
  // damaged, too large.
  static absl::StatusOr<PngDecoder> Open(std::span<const std::byte> png);
  PngDecoder(PngDecoder&&) noexcept;
  PngDecoder& operator=(PngDecoder&&) noexcept;
  ~PngDecoder();

  const Shape& shape() const { return shape_; }
  // Once. Errors: the file is truncated or damaged.
  absl::Status Decode(const WritablePixels& into);

 private:
  struct State;
  explicit PngDecoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
  Shape shape_;
};

// Enough room for any image of that shape.
uint64_t PngBytesMax(const Shape& shape);
// Returns how many bytes were written. Errors: libpng's.
absl::StatusOr<uint64_t> EncodePng(const Pixels& image,
                                   std::span<std::byte> into);

}  // namespace image_pipeline
