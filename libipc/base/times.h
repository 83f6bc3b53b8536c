// Writing and reading of the times that lanes count (abi/times.h).
#pragma once

#include <algorithm>
#include <cstdint>

#include "libipc/abi/times.h"
#include "libipc/base/log_buckets.h"

namespace base {

// Of the bucket that begins at 2^kTimeFirstPower, which is number 1.
inline constexpr size_t kTimeBucketsBelow =
    LogBucketOf(uint64_t{1} << ipc::abi::kTimeFirstPower,
                ipc::abi::kTimeSubBits) -
    1;

constexpr size_t TimeBucketOf(uint64_t ns) {
  if (ns < uint64_t{1} << ipc::abi::kTimeFirstPower) return 0;
  return std::min(LogBucketOf(ns, ipc::abi::kTimeSubBits) - kTimeBucketsBelow,
                  ipc::abi::kTimeBuckets - 1);
}

// The largest time in it; of the last bucket there is none.
constexpr uint64_t TimeBucketLast(size_t bucket) {
  if (bucket >= ipc::abi::kTimeBuckets - 1) return ~uint64_t{0};
  return LogBucketLast(bucket + kTimeBucketsBelow, ipc::abi::kTimeSubBits);
}

// By the one who writes these words. `weight`: messages that it stands for.
void AddTime(uint64_t ns, uint32_t weight, ipc::abi::TimeBuckets* to);

// Sums that stay at the largest number there is; the longest of most_ns.
void AddTimes(const ipc::abi::TimeBuckets& more, ipc::abi::TimeBuckets* sum);
void AddTimes(const ipc::abi::LaneTimes& more, ipc::abi::LaneTimes* sum);

// What another process claims: each word read once, and no more than `most`
// messages believed in each. Nothing if it claims no samples.
ipc::abi::TimeBuckets ReadTimes(ipc::abi::TimeBuckets& shared, uint64_t most);

// Sample words (abi/times.h).
constexpr uint64_t SampleWord(int64_t sent_ns, uint32_t weight) {
  return static_cast<uint64_t>(sent_ns) << ipc::abi::kSampleWeightBits |
         std::min(weight, ipc::abi::kSampleWeightMax);
}
constexpr uint32_t SampleWeight(uint64_t word) {
  return static_cast<uint32_t>(word) & ipc::abi::kSampleWeightMax;
}
// Since it was sent; 0 where that is yet to come.
constexpr uint64_t SampleAge(uint64_t word, int64_t now_ns) {
  constexpr uint32_t kBits = ipc::abi::kSampleWeightBits;
  const uint64_t age =
      ((static_cast<uint64_t>(now_ns) << kBits) - (word >> kBits << kBits)) >>
      kBits;
  constexpr uint64_t kHalf = uint64_t{1} << (63 - kBits);
  return age < kHalf ? age : 0;
}

}  // namespace base
