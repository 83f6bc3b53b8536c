// Histogram: counts of values in buckets a sixteenth of a power of two wide,
// so that a percentile is right to about 6 %. Bounded whatever comes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace keyport {

class Histogram {
 public:
  void Add(uint64_t value);
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
  static constexpr uint32_t kSubBits = 4;
  static constexpr size_t kBuckets = (64 - kSubBits + 1) << kSubBits;
  static size_t BucketOf(uint64_t value);
  static uint64_t UpperBound(size_t bucket);

  std::array<uint64_t, kBuckets> buckets_ = {};
  uint64_t count_ = 0;
  uint64_t max_ = 0;
  uint64_t sum_ = 0;
};

}  // namespace keyport
