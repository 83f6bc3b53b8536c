#include "examples/image_pipeline/png.h"

#include <png.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace image_pipeline {
namespace {

constexpr uint32_t kFormats[] = {PNG_FORMAT_GRAY, PNG_FORMAT_GA, PNG_FORMAT_RGB,
                                 PNG_FORMAT_RGBA};
constexpr size_t kSignatureBytes = 8;

png_image ImageOf(const Shape& shape) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = shape.width;
  image.height = shape.height;
  image.format = kFormats[shape.channels - 1];
  image.flags = PNG_IMAGE_FLAG_FAST;
  return image;
}

bool HasSignature(std::span<const std::byte> bytes) {
  png_byte head[kSignatureBytes];
  if (bytes.size() < sizeof(head)) return false;
  std::memcpy(head, bytes.data(), sizeof(head));
  return png_sig_cmp(head, 0, sizeof(head)) == 0;
}

absl::Status Damaged(const png_image& image) {
  return absl::DataLossError(absl::StrCat(
      "the PNG is truncated or damaged (libpng: ", image.message, ")"));
}

}  // namespace

struct PngDecoder::State {
  State() { image.version = PNG_IMAGE_VERSION; }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { png_image_free(&image); }
  png_image image{};
};

PngDecoder::PngDecoder(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
PngDecoder::PngDecoder(PngDecoder&&) noexcept = default;
PngDecoder& PngDecoder::operator=(PngDecoder&&) noexcept = default;
PngDecoder::~PngDecoder() = default;

absl::StatusOr<PngDecoder> PngDecoder::Open(std::span<const std::byte> png) {
  if (!HasSignature(png))
    return absl::InvalidArgumentError(
        "this is no PNG: it does not begin with a PNG's signature");
  auto state = std::make_unique<State>();
  png_image& image = state->image;
  if (png_image_begin_read_from_memory(&image, png.data(), png.size()) == 0)
    return Damaged(image);
  const uint32_t format =
      image.format & (PNG_FORMAT_FLAG_ALPHA | PNG_FORMAT_FLAG_COLOR);
  const Shape shape = {image.width, image.height,
                       PNG_IMAGE_SAMPLE_CHANNELS(format)};
  if (!shape.IsValid())
    return absl::OutOfRangeError(
        absl::StrCat("the PNG says that it is ", image.width, " x ",
                     image.height, " pixels; expected at most ", kSideMax,
                     " each way and ", kImageBytesMax >> 20, " MiB in all"));
  image.format = format;
  PngDecoder decoder(std::move(state));
  decoder.shape_ = shape;
  return decoder;
}

absl::Status PngDecoder::Decode(const WritablePixels& into) {
  png_image& image = state_->image;
  // A negative stride would turn the image over; ours is never that large.
  const auto stride = static_cast<png_int_32>(into.shape.row_samples());
  if (png_image_finish_read(&image, nullptr, into.samples.data(), stride,
                            nullptr) == 0)
    return Damaged(image);
  return absl::OkStatus();
}

uint64_t PngBytesMax(const Shape& shape) {
  const png_image image = ImageOf(shape);
  return PNG_IMAGE_PNG_SIZE_MAX(image);
}

absl::StatusOr<uint64_t> EncodePng(const Pixels& pixels,
                                   std::span<std::byte> into) {
  png_image image = ImageOf(pixels.shape);
  png_alloc_size_t bytes = into.size();
  if (png_image_write_to_memory(&image, into.data(), &bytes, 0,
                                pixels.samples.data(), 0, nullptr) == 0)
    return absl::InternalError(
        absl::StrCat("libpng could not write the PNG: ", image.message));
  return bytes;
}

}  // namespace image_pipeline
