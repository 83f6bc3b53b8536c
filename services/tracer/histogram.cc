#include "services/tracer/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace keyport {

size_t Histogram::BucketOf(uint64_t value) {
  constexpr uint64_t kFirst = uint64_t{1} << kSubBits;
  if (value < kFirst) return static_cast<size_t>(value);
  const auto power = static_cast<uint32_t>(std::bit_width(value)) - 1;
  const uint32_t shift = power - kSubBits;
  return ((static_cast<size_t>(shift) + 1) << kSubBits) +
         static_cast<size_t>((value >> shift) - kFirst);
}

uint64_t Histogram::UpperBound(size_t bucket) {
  constexpr uint64_t kFirst = uint64_t{1} << kSubBits;
  if (bucket < kFirst) return bucket;
  const auto shift = static_cast<uint32_t>(bucket >> kSubBits) - 1;
  const uint64_t step = bucket & (kFirst - 1);
  return ((kFirst + step) << shift) + ((uint64_t{1} << shift) - 1);
}

void Histogram::Add(uint64_t value) {
  ++buckets_[BucketOf(value)];
  ++count_;
  max_ = std::max(max_, value);
  sum_ += std::min(value, std::numeric_limits<uint64_t>::max() - sum_);
}

void Histogram::ForEachBucket(
    const std::function<void(const Bucket&)>& visit) const {
  for (size_t i = 0; i < kBuckets; ++i)
    if (buckets_[i] > 0)
      visit({i == 0 ? 0 : UpperBound(i - 1) + 1, UpperBound(i), buckets_[i]});
}

uint64_t Histogram::Percentile(double percent) const {
  if (count_ == 0) return 0;
  const double share = percent / 100.0 * static_cast<double>(count_);
  const uint64_t wanted =
      std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share)));
  uint64_t passed = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    passed += buckets_[i];
    if (passed >= wanted) return std::min(UpperBound(i), max_);
  }
  return max_;
}

}  // namespace keyport
