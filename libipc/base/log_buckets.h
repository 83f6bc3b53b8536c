// Buckets of logarithmic width: each power of two is cut into 2^`sub_bits`
// equal steps, so a bucket is right to one part in so many. Numbers below
// 2^`sub_bits` have a bucket each.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace base {

constexpr size_t LogBucketOf(uint64_t value, uint32_t sub_bits) {
  const uint64_t first = uint64_t{1} << sub_bits;
  if (value < first) return static_cast<size_t>(value);
  const auto power = static_cast<uint32_t>(std::bit_width(value)) - 1;
  const uint32_t shift = power - sub_bits;
  return ((static_cast<size_t>(shift) + 1) << sub_bits) +
         static_cast<size_t>((value >> shift) - first);
}

// The largest value in it.
constexpr uint64_t LogBucketLast(size_t bucket, uint32_t sub_bits) {
  const uint64_t first = uint64_t{1} << sub_bits;
  if (bucket < first) return bucket;
  const auto shift = static_cast<uint32_t>(bucket >> sub_bits) - 1;
  const uint64_t step = bucket & (first - 1);
  return ((first + step) << shift) + ((uint64_t{1} << shift) - 1);
}

constexpr size_t LogBuckets(uint32_t sub_bits) {
  return (size_t{64} - sub_bits + 1) << sub_bits;
}

}  // namespace base
