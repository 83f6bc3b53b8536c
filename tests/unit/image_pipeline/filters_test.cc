// The filters against values worked out by hand.
#include "examples/image_pipeline/filters.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace image_pipeline {
namespace {

Image FilledWith(Shape shape, uint8_t value) {
  Image image(shape);
  std::ranges::fill(image.writable().samples, value);
  return image;
}

std::vector<uint8_t> SamplesOf(const Image& image) {
  const auto samples = image.pixels().samples;
  return {samples.begin(), samples.end()};
}

Image Filtered(Filter filter, Image image) {
  return ApplyAll(std::span(&filter, 1), std::move(image));
}

TEST(Filters, GrayWeighsTheColors) {
  Image image({3, 1, 3});
  const uint8_t pixels[] = {255, 0, 0, 0, 255, 0, 0, 0, 255};
  std::ranges::copy(pixels, image.writable().samples.begin());
  const Image gray = Filtered(Filter::kGray, std::move(image));
  EXPECT_EQ(gray.shape(), (Shape{3, 1, 1}));
  EXPECT_EQ(SamplesOf(gray), (std::vector<uint8_t>{77, 149, 29}));
}

TEST(Filters, GrayKeepsAlphaAndLeavesGrayAlone) {
  Image image({1, 1, 4});
  const uint8_t pixel[] = {10, 10, 10, 99};
  std::ranges::copy(pixel, image.writable().samples.begin());
  const Image gray = Filtered(Filter::kGray, std::move(image));
  EXPECT_EQ(SamplesOf(gray), (std::vector<uint8_t>{10, 99}));
  EXPECT_EQ(SamplesOf(Filtered(Filter::kGray, gray)), SamplesOf(gray));
}

TEST(Filters, BlurSpreadsAPointAsItsKernel) {
  Image image = FilledWith({7, 7, 1}, 0);
  image.writable().Row(3)[3] = 255;
  const Image blurred = Filtered(Filter::kBlur, std::move(image));
  const std::vector<uint8_t> middle(blurred.pixels().Row(3),
                                    blurred.pixels().Row(3) + 7);
  EXPECT_EQ(middle, (std::vector<uint8_t>{0, 6, 24, 36, 24, 6, 0}));
  EXPECT_EQ(blurred.pixels().Row(1)[1], 1);  // 255 / 256
  EXPECT_EQ(blurred.pixels().Row(0)[3], 0);
}

TEST(Filters, AFlatImageStaysFlatUpToItsEdges) {
  for (const Shape& shape : {Shape{1, 1, 1}, Shape{2, 3, 3}, Shape{9, 5, 4}}) {
    const Image flat = FilledWith(shape, 200);
    EXPECT_EQ(SamplesOf(Filtered(Filter::kBlur, flat)), SamplesOf(flat));
    EXPECT_EQ(SamplesOf(Filtered(Filter::kSharpen, flat)), SamplesOf(flat));
  }
  EXPECT_EQ(SamplesOf(Filtered(Filter::kEdges, FilledWith({4, 4, 1}, 200))),
            std::vector<uint8_t>(16, 0));
}

TEST(Filters, SharpenAddsTheDifferenceToTheNeighbours) {
  Image image = FilledWith({3, 3, 1}, 100);
  image.writable().Row(1)[1] = 110;
  const Image sharp = Filtered(Filter::kSharpen, std::move(image));
  EXPECT_EQ(SamplesOf(sharp),
            (std::vector<uint8_t>{100, 90, 100, 90, 150, 90, 100, 90, 100}));
}

TEST(Filters, EdgesFindAStepWhereItIs) {
  Image image = FilledWith({6, 3, 1}, 0);
  for (uint32_t y = 0; y < 3; ++y)
    for (uint32_t x = 3; x < 6; ++x) image.writable().Row(y)[x] = 50;
  const Image edges = Filtered(Filter::kEdges, std::move(image));
  const std::vector<uint8_t> middle(edges.pixels().Row(1),
                                    edges.pixels().Row(1) + 6);
  EXPECT_EQ(middle, (std::vector<uint8_t>{0, 0, 200, 200, 0, 0}));
}

TEST(Filters, AlphaIsNeverChanged) {
  const Image image = MakeTestImage({40, 30, 4});
  for (const Filter filter :
       {Filter::kBlur, Filter::kSharpen, Filter::kEdges}) {
    const Image filtered = Filtered(filter, image);
    for (size_t i = 3; i < image.shape().bytes(); i += 4)
      ASSERT_EQ(filtered.pixels().samples[i], image.pixels().samples[i]);
  }
}

TEST(Filters, HaveNames) {
  EXPECT_EQ(FiltersOf("gray,edges"),
            (std::vector{Filter::kGray, Filter::kEdges}));
  EXPECT_EQ(FiltersOf("gray,,edges"), std::nullopt);
  EXPECT_EQ(FiltersOf(""), std::nullopt);
  EXPECT_EQ(NameOf(Filter{77}), "unknown");
}

}  // namespace
}  // namespace image_pipeline
