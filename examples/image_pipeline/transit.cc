#include "examples/image_pipeline/transit.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace image_pipeline {
namespace {

static_assert(sizeof(Header) <= kHeaderBytes);
static_assert(std::has_unique_object_representations_v<Header>);

bool IsValid(const Header& header) {
  return header.shape.IsValid() && header.history.filter_count <= kFiltersMax;
}

}  // namespace

void History::CountArrival(const ipc::Message& message) {
  (message.is_loan() ? bytes_lent : bytes_copied) += message.payload().size();
}

bool History::Add(Filter filter) {
  if (filter_count >= kFiltersMax) return false;
  filters[filter_count++] = filter;
  return true;
}

std::optional<Arrived> Arrive(const ipc::Message& message) {
  const ipc::Bytes payload = message.payload();
  Header header;
  if (payload.size() < kHeaderBytes) return std::nullopt;
  std::memcpy(&header, payload.data(), sizeof(header));
  if (!IsValid(header) || payload.size() != BlockBytes(header.shape))
    return std::nullopt;
  header.history.CountArrival(message);
  const auto* samples =
      reinterpret_cast<const uint8_t*>(payload.data()) + kHeaderBytes;
  return Arrived{header, {header.shape, {samples, header.shape.bytes()}}};
}

uint64_t BlockBytes(const Shape& shape) { return kHeaderBytes + shape.bytes(); }

void WriteHeader(const Header& header, std::span<std::byte> block) {
  std::memcpy(block.data(), &header, sizeof(header));
}

WritablePixels PixelsIn(std::span<std::byte> block, const Shape& shape) {
  auto* samples = reinterpret_cast<uint8_t*>(block.data()) + kHeaderBytes;
  return {shape, {samples, shape.bytes()}};
}

}  // namespace image_pipeline
