// The arithmetic. A filter with a reach looks at whole rows that were copied
// with their ends repeated, so the inner loops know no edges.
#include "examples/image_pipeline/filters.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

namespace image_pipeline {
namespace {

// A row with its first and last pixel repeated `reach` times.
void Pad(const Pixels& in, uint32_t y, uint32_t reach,
         std::vector<uint8_t>* padded) {
  const size_t pixel = in.shape.channels;
  const size_t samples = in.shape.row_samples();
  padded->resize(samples + 2 * reach * pixel);
  uint8_t* at = padded->data();
  std::memcpy(at + reach * pixel, in.Row(y), samples);
  for (size_t i = reach * pixel; i-- > 0;) at[i] = at[i + pixel];
  for (size_t i = reach * pixel + samples; i < padded->size(); ++i)
    at[i] = at[i - pixel];
}

void CopyAlpha(const Pixels& in, const WritablePixels& out, uint32_t y) {
  const uint32_t pixel = in.shape.channels;
  const uint8_t* from = in.Row(y);
  uint8_t* to = out.Row(y);
  for (uint32_t x = 0; x < in.shape.width; ++x)
    to[x * pixel + pixel - 1] = from[x * pixel + pixel - 1];
}

// Calls row(rows, out) for each row, where `rows` are it and its neighbours.
template <uint32_t kReach, typename RowFilter>
void EachRow(const Pixels& in, const WritablePixels& out, RowFilter row) {
  constexpr uint32_t kRows = 2 * kReach + 1;
  std::array<std::vector<uint8_t>, kRows> padded;
  const int64_t last = int64_t{in.shape.height} - 1;
  for (uint32_t y = 0; y < in.shape.height; ++y) {
    std::array<const uint8_t*, kRows> rows;
    for (uint32_t i = 0; i < kRows; ++i) {
      const int64_t from = int64_t{y} + i - kReach;
      Pad(in, static_cast<uint32_t>(std::clamp<int64_t>(from, 0, last)), kReach,
          &padded[i]);
      rows[i] = padded[i].data();
    }
    row(rows, out.Row(y));
    if (in.shape.has_alpha()) CopyAlpha(in, out, y);
  }
}

void Gray(const Pixels& in, const WritablePixels& out) {
  const uint32_t pixel = in.shape.channels;
  if (pixel < 3) {
    std::memcpy(out.samples.data(), in.samples.data(), in.shape.bytes());
    return;
  }
  const size_t pixels = size_t{in.shape.width} * in.shape.height;
  const uint8_t* from = in.samples.data();
  uint8_t* to = out.samples.data();
  for (size_t i = 0; i < pixels; ++i, from += pixel) {
    *to++ = static_cast<uint8_t>(
        (77 * from[0] + 150 * from[1] + 29 * from[2] + 128) >> 8);
    if (pixel == 4) *to++ = from[3];
  }
}

void Blur(const Pixels& in, const WritablePixels& out) {
  const size_t samples = in.shape.row_samples();
  const size_t pixel = in.shape.channels;
  std::vector<uint16_t> sums(samples + 4 * pixel);
  EachRow<2>(in, out, [&](const auto& rows, uint8_t* to) {
    for (size_t i = 0; i < sums.size(); ++i)
      sums[i] =
          static_cast<uint16_t>(rows[0][i] + 4 * rows[1][i] + 6 * rows[2][i] +
                                4 * rows[3][i] + rows[4][i]);
    const uint16_t* sum = sums.data();
    for (size_t i = 0; i < samples; ++i)
      to[i] = static_cast<uint8_t>(
          (sum[i] + 4 * sum[i + pixel] + 6 * sum[i + 2 * pixel] +
           4 * sum[i + 3 * pixel] + sum[i + 4 * pixel] + 128) >>
          8);
  });
}

void Sharpen(const Pixels& in, const WritablePixels& out) {
  const size_t samples = in.shape.row_samples();
  const size_t pixel = in.shape.channels;
  EachRow<1>(in, out, [=](const auto& rows, uint8_t* to) {
    for (size_t i = 0; i < samples; ++i) {
      const size_t here = i + pixel;
      const int sharp = 5 * rows[1][here] - rows[0][here] - rows[2][here] -
                        rows[1][here - pixel] - rows[1][here + pixel];
      to[i] = static_cast<uint8_t>(std::clamp(sharp, 0, 255));
    }
  });
}

void Edges(const Pixels& in, const WritablePixels& out) {
  const size_t samples = in.shape.row_samples();
  const size_t right = 2 * in.shape.channels;
  const size_t middle = in.shape.channels;
  EachRow<1>(in, out, [=](const auto& rows, uint8_t* to) {
    for (size_t i = 0; i < samples; ++i) {
      const auto column = [&](size_t at) {
        return rows[0][at] + 2 * rows[1][at] + rows[2][at];
      };
      const auto row = [&](const uint8_t* of) {
        return of[i] + 2 * of[i + middle] + of[i + right];
      };
      const int across = column(i + right) - column(i);
      const int down = row(rows[2]) - row(rows[0]);
      to[i] = static_cast<uint8_t>(
          std::min(255, std::abs(across) + std::abs(down)));
    }
  });
}

}  // namespace

Shape ShapeAfter(Filter filter, const Shape& shape) {
  Shape after = shape;
  if (filter == Filter::kGray && shape.channels >= 3) after.channels -= 2;
  return after;
}

void Apply(Filter filter, const Pixels& in, const WritablePixels& out) {
  switch (filter) {
    case Filter::kGray:
      return Gray(in, out);
    case Filter::kBlur:
      return Blur(in, out);
    case Filter::kSharpen:
      return Sharpen(in, out);
    case Filter::kEdges:
      return Edges(in, out);
  }
}

}  // namespace image_pipeline
