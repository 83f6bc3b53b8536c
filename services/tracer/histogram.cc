#include "services/tracer/histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "libipc/base/log_buckets.h"

namespace keyport {

void Histogram::Add(uint64_t value, uint64_t times) {
  if (times == 0) return;
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  buckets_[base::LogBucketOf(value, sub_bits_)] += times;
  count_ += std::min(times, kMost - count_);
  max_ = std::max(max_, value);
  uint64_t more = 0;
  if (__builtin_mul_overflow(value, times, &more)) more = kMost;
  sum_ += std::min(more, kMost - sum_);
}

uint64_t Histogram::UpperBound(size_t bucket) const {
  return base::LogBucketLast(bucket, sub_bits_);
}

void Histogram::ForEachBucket(
    const std::function<void(const Bucket&)>& visit) const {
  for (size_t i = 0; i < buckets_.size(); ++i)
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
