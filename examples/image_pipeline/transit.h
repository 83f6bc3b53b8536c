// How an image lies in a lent block: a header of 64 bytes, then the pixels.
// The header travels along, so the last service can tell what was done.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "examples/image_pipeline/filters.h"
#include "examples/image_pipeline/image.h"
#include "ipc/message.h"

namespace image_pipeline {

inline constexpr uint32_t kFiltersMax = 12;
inline constexpr uint64_t kHeaderBytes = 64;

// What has happened to an image since the client lent its PNG.
struct History {
  uint64_t bytes_lent = 0;    // payloads that were read where they lay
  uint64_t bytes_copied = 0;  // payloads that went through a lane
  uint32_t filter_count = 0;
  std::array<Filter, kFiltersMax> filters = {};

  // Counts what arrived with this message.
  void CountArrival(const ipc::Message& message);
  // False when there is no room for one more.
  bool Add(Filter filter);
};

struct Header {
  History history;
  Shape shape;
  uint32_t ticket = 0;  // the client's number for this image
};

// An image as it arrived. The pixels are valid while the message lives.
struct Arrived {
  Header header;
  Pixels pixels;
};
// Copies the header once and checks the copy; counts the arrival. Nothing for
// a payload that is no image.
std::optional<Arrived> Arrive(const ipc::Message& message);

// The size of the block for an image.
uint64_t BlockBytes(const Shape& shape);
// Writes the header; the pixels' place is PixelsIn of the same block.
void WriteHeader(const Header& header, std::span<std::byte> block);
WritablePixels PixelsIn(std::span<std::byte> block, const Shape& shape);

}  // namespace image_pipeline
