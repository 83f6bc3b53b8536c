// PNG files, good and bad.
#include "examples/image_pipeline/png.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/testing/png_kinds.h"

namespace image_pipeline {
namespace {

using testing_png::Kind;
using testing_png::MakePng;
using testing_png::WithSize;

absl::StatusOr<Image> DecodeAll(std::span<const std::byte> png) {
  auto decoder = PngDecoder::Open(png);
  if (!decoder.ok()) return decoder.status();
  Image image(decoder->shape());
  if (auto decoded = decoder->Decode(image.writable()); !decoded.ok())
    return decoded;
  return image;
}

std::string Sentence(const absl::StatusOr<Image>& image) {
  return std::string(image.status().message());
}

TEST(Png, WhatIsEncodedIsDecodedAgain) {
  for (const uint32_t channels : {1u, 2u, 3u, 4u}) {
    const Image image = MakeTestImage({101, 57, channels});
    std::vector<std::byte> png(PngBytesMax(image.shape()));
    const auto bytes = EncodePng(image.pixels(), png);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    const auto decoded = DecodeAll(std::span(png).first(*bytes));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(decoded->shape(), image.shape());
    EXPECT_TRUE(
        std::ranges::equal(decoded->pixels().samples, image.pixels().samples));
  }
}

TEST(Png, EveryKindOfFileIsDecoded) {
  struct Case {
    Kind kind;
    uint32_t channels;
  };
  for (const Case& each : {
           Case{{.color_type = PNG_COLOR_TYPE_GRAY}, 1},
           Case{{.color_type = PNG_COLOR_TYPE_GRAY, .bit_depth = 1}, 1},
           Case{{.color_type = PNG_COLOR_TYPE_GRAY_ALPHA}, 2},
           Case{{.color_type = PNG_COLOR_TYPE_RGB, .bit_depth = 16}, 3},
           Case{{.color_type = PNG_COLOR_TYPE_PALETTE, .bit_depth = 4}, 3},
           Case{{.color_type = PNG_COLOR_TYPE_PALETTE,
           .interlace = PNG_INTERLACE_ADAM7},
                3},
           Case{{.color_type = PNG_COLOR_TYPE_RGB_ALPHA,
           .interlace = PNG_INTERLACE_ADAM7},
                4},
       }) {
    const auto image = DecodeAll(MakePng(each.kind));
    ASSERT_TRUE(image.ok()) << image.status();
    EXPECT_EQ(image->shape(), (Shape{37, 23, each.channels}));
  }
}

TEST(Png, InterlacedGivesTheSamePixels) {
  const auto plain = DecodeAll(MakePng({}));
  const auto interlaced =
      DecodeAll(MakePng({.interlace = PNG_INTERLACE_ADAM7}));
  ASSERT_TRUE(plain.ok() && interlaced.ok());
  EXPECT_TRUE(std::ranges::equal(plain->pixels().samples,
                                 interlaced->pixels().samples));
}

TEST(Png, ATruncatedFileIsRefusedWhereverItEnds) {
  constexpr size_t kEndChunkBytes = 12;
  for (const int interlace : {PNG_INTERLACE_NONE, PNG_INTERLACE_ADAM7}) {
    const auto png = MakePng({.interlace = interlace});
    for (size_t bytes = 0; bytes + kEndChunkBytes < png.size(); ++bytes) {
      const std::vector<std::byte> part(png.begin(),
                                        png.begin() + ptrdiff_t(bytes));
      const auto image = DecodeAll(part);
      ASSERT_FALSE(image.ok()) << bytes << " of " << png.size();
      ASSERT_NE(Sentence(image), "");
    }
  }
}

TEST(Png, ADamagedByteIsRefusedOrHarmless) {
  const auto png = MakePng({});
  for (size_t at = 0; at < png.size(); ++at) {
    auto damaged = png;
    damaged[at] ^= std::byte{0x55};
    (void)DecodeAll(damaged);  // under a sanitizer: nothing was overrun
  }
}

TEST(Png, WhatIsNoPngIsCalledSo) {
  const std::string text = "GIF89a and so on";
  const auto image = DecodeAll(std::as_bytes(std::span(text)));
  EXPECT_NE(Sentence(image).find("this is no PNG"), std::string::npos);
}

TEST(Png, HugeDimensionsAreRefusedBeforeAnythingIsAllocated) {
  for (const auto& [width, height] :
       {std::pair{65'535u, 65'535u}, {1'000'000u, 1u}, {20'000u, 20'000u}}) {
    const auto image = DecodeAll(WithSize(MakePng({}), width, height));
    ASSERT_FALSE(image.ok());
    EXPECT_NE(Sentence(image).find(std::to_string(width) + " x"),
              std::string::npos)
        << Sentence(image);
  }
  EXPECT_FALSE(DecodeAll(WithSize(MakePng({}), 0x7fffffff, 0x7fffffff)).ok());
  EXPECT_FALSE(DecodeAll(WithSize(MakePng({}), 0, 5)).ok());
}

}  // namespace
}  // namespace image_pipeline
