// Histogram: counts of values in buckets a sixteenth of a power of two wide,
// so that a percentile is right to about 6 %, or in wider ones. Bounded
// whatever comes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "libipc/base/log_buckets.h"

namespace keyport {

class Histogram {
 public:
  static constexpr uint32_t kSubBits = 4;
  Histogram() : Histogram(kSubBits) {}
  // Each power of two cut into 2^`sub_bits`, at most 2^kSubBits.
  explicit Histogram(uint32_t sub_bits) : sub_bits_(sub_bits) {}
  void Add(uint64_t value, uint64_t times = 1);
  // Where it is known better than by what was added.
  void SetSum(uint64_t sum) { sum_ = sum; }
  uint32_t sub_bits() const { return sub_bits_; }
  uint64_t count() const { return count_; }
  uint64_t max() const { return max_; }
  // Of all values; no more than an uint64_t holds.
  uint64_t sum() const { return sum_; }
  // The smallest bucket bound that `percent` of the values do not exceed;
  // 0 without values. `percent`: 0 to 100.
  uint64_t Percentile(double percent) const;
  // The buckets that hold any, the smallest values first.
  struct Bucket {
    uint64_t from;
    uint64_t to;  // inclusive
    uint64_t count;
  };
  void ForEachBucket(const std::function<void(const Bucket&)>& visit) const;

 private:
  uint64_t UpperBound(size_t bucket) const;

  uint32_t sub_bits_;
  std::array<uint64_t, base::LogBuckets(kSubBits)> buckets_ = {};
  uint64_t count_ = 0;
  uint64_t max_ = 0;
  uint64_t sum_ = 0;
};

}  // namespace keyport
