// Buckets of times, and which events have theirs measured.
#include "libipc/base/times.h"

#include <gtest/gtest.h>

#include <cstring>

#include "libipc/base/sampler.h"

namespace base {
namespace {

using ipc::abi::kTimeBuckets;
using ipc::abi::TimeBuckets;

TEST(LogBuckets, HoldEachValueBetweenTheirBounds) {
  for (const uint32_t bits : {2u, 4u})
    for (uint32_t power = 0; power < 64; ++power)
      for (const uint64_t more : {uint64_t{0}, uint64_t{1}, ~uint64_t{0}}) {
        const uint64_t value =
            (uint64_t{1} << power) + (more & ((uint64_t{1} << power) - 1));
        const size_t bucket = LogBucketOf(value, bits);
        ASSERT_LT(bucket, LogBuckets(bits));
        EXPECT_LE(value, LogBucketLast(bucket, bits));
        if (bucket > 0) {
          EXPECT_GT(value, LogBucketLast(bucket - 1, bits));
        }
      }
}

TEST(TimeBucketOf, GoesFrom64NanosecondsTo17Seconds) {
  EXPECT_EQ(TimeBucketOf(0), 0u);
  EXPECT_EQ(TimeBucketOf(63), 0u);
  EXPECT_EQ(TimeBucketOf(64), 1u);
  EXPECT_EQ(TimeBucketOf((uint64_t{1} << 34) - 1), kTimeBuckets - 2);
  EXPECT_EQ(TimeBucketOf(uint64_t{1} << 34), kTimeBuckets - 1);
  EXPECT_EQ(TimeBucketOf(~uint64_t{0}), kTimeBuckets - 1);
  for (size_t i = 0; i + 1 < kTimeBuckets; ++i) {
    EXPECT_EQ(TimeBucketOf(TimeBucketLast(i)), i);
    EXPECT_EQ(TimeBucketOf(TimeBucketLast(i) + 1), i + 1);
  }
}

TEST(SampleWords, TellTimeAndWeight) {
  const uint64_t word = SampleWord(1'000'000, 128);
  EXPECT_EQ(SampleWeight(word), 128u);
  EXPECT_EQ(SampleAge(word, 1'000'500), 500u);
  EXPECT_EQ(SampleAge(word, 999'999), 0u);  // it lies in the future
  EXPECT_EQ(SampleWeight(SampleWord(1, 5'000)), ipc::abi::kSampleWeightMax);
}

TEST(SampleWords, WorkPast54Bits) {
  const int64_t late = (int64_t{1} << 54) + 70;
  EXPECT_EQ(SampleAge(SampleWord((int64_t{1} << 54) - 30, 1), late), 100u);
}

TEST(AddTime, CountsForAsManyAsItStandsFor) {
  TimeBuckets times = {};
  AddTime(100, 3, &times);
  AddTime(5'000, 1, &times);
  EXPECT_EQ(times.samples, 2u);
  EXPECT_EQ(times.sum_ns, 5'300u);
  EXPECT_EQ(times.most_ns, 5'000u);
  EXPECT_EQ(times.messages[TimeBucketOf(100)], 3u);
  EXPECT_EQ(times.messages[TimeBucketOf(5'000)], 1u);
}

TEST(AddTimes, StaysAtTheLargestNumber) {
  TimeBuckets sum = {};
  std::memset(&sum, 0xff, sizeof(sum));
  AddTimes({.samples = 1, .sum_ns = 1, .most_ns = 1, .messages = {1}}, &sum);
  EXPECT_EQ(sum.samples, UINT64_MAX);
  EXPECT_EQ(sum.sum_ns, UINT64_MAX);
  EXPECT_EQ(sum.messages[0], UINT64_MAX);
}

TEST(ReadTimes, BelievesNoMoreMessagesThanThereCanBe) {
  TimeBuckets claims = {};
  std::memset(&claims, 0xff, sizeof(claims));
  const TimeBuckets read = ReadTimes(claims, 1'000);
  EXPECT_EQ(read.samples, 1'000u);
  for (const uint64_t count : read.messages) EXPECT_EQ(count, 1'000u);
  claims.samples = 0;
  EXPECT_EQ(ReadTimes(claims, 1'000).messages[3], 0u);
}

struct Sampled {
  uint64_t samples = 0;
  uint64_t weight = 0;
};

// Of `events`, every `sleeps`th of which follows a sleep.
Sampled SampleAll(Sampler& sampler, uint64_t events, uint64_t sleeps) {
  Sampled sampled;
  for (uint64_t i = 0; i < events; ++i) {
    if (sleeps != 0 && i % sleeps == 0) sampler.Force();
    if (!sampler.IsDue(i)) continue;
    ++sampled.samples;
    sampled.weight += sampler.Take(i);
  }
  return sampled;
}

TEST(Sampler, MeasuresTheFirstFewAll) {
  Sampler sampler(1);
  const Sampled sampled = SampleAll(sampler, Sampler::kAtEachGap, 0);
  EXPECT_EQ(sampled.samples, Sampler::kAtEachGap);
  EXPECT_EQ(sampled.weight, Sampler::kAtEachGap);
}

TEST(Sampler, MeasuresSeldomInABusyStreamAndStandsForAll) {
  Sampler sampler(2);
  constexpr uint64_t kEvents = 1'000'000;
  const Sampled sampled = SampleAll(sampler, kEvents, 0);
  EXPECT_LE(sampled.weight, kEvents);
  EXPECT_GE(sampled.weight, kEvents - 2 * Sampler::kSampleEvery);
  EXPECT_NEAR(static_cast<double>(sampled.samples),
              static_cast<double>(kEvents) / Sampler::kSampleEvery, 1'000);
}

TEST(Sampler, MeasuresAllThatFollowASleepForThemselves) {
  Sampler sampler(3);
  const Sampled sampled = SampleAll(sampler, 10'000, 1);
  EXPECT_EQ(sampled.samples, 10'000u);
  EXPECT_EQ(sampled.weight, 10'000u);
}

TEST(Sampler, StandsForAllWhereSomeFollowASleep) {
  Sampler sampler(4);
  const Sampled sampled = SampleAll(sampler, 100'000, 10);
  EXPECT_GE(sampled.samples, 10'000u);
  EXPECT_LE(sampled.weight, 100'000u);
  EXPECT_GE(sampled.weight, 100'000u - 4 * Sampler::kSampleEvery);
}

// As of a stream of which every second one has no room for being measured.
TEST(Sampler, MeasuresALaterOneWherePostponedAndStandsForAll) {
  Sampler sampler(6);
  constexpr uint64_t kEvents = 100'000;
  Sampled sampled;
  for (uint64_t i = 0; i < kEvents; ++i) {
    if (!sampler.IsDue(i)) continue;
    if (i % 2 == 0 && sampler.Postpone(i)) continue;
    ASSERT_EQ(i % 2, 1u);
    ++sampled.samples;
    sampled.weight += sampler.Take(i);
  }
  EXPECT_GT(sampled.samples, kEvents / Sampler::kSampleEvery / 2);
  EXPECT_LE(sampled.weight, kEvents);
  EXPECT_GE(sampled.weight, kEvents - 4 * Sampler::kSampleEvery);
}

// None has room.
TEST(Sampler, PostponesNotForEver) {
  Sampler sampler(7);
  constexpr uint64_t kEvents = 10'000;
  Sampled sampled;
  uint64_t first = 0;
  for (uint64_t i = 0; i < kEvents; ++i) {
    if (!sampler.IsDue(i) || sampler.Postpone(i)) continue;
    if (sampled.samples++ == 0) first = i;
    sampled.weight += sampler.Take(i);
  }
  EXPECT_GE(first, 16u);
  EXPECT_LE(first, 16u * 15);
  EXPECT_GT(sampled.samples, 20u);
  EXPECT_GE(sampled.weight, kEvents - 8 * Sampler::kSampleEvery);
}

// What comes every so often is neither seen always nor never: of 1,280,000
// events, one in 128 is slow, whatever the sampling is.
TEST(Sampler, IsNotInStepWithWhatRepeats) {
  Sampler sampler(5);
  uint64_t slow = 0;
  constexpr uint64_t kEvents = 1'280'000;
  for (uint64_t i = 0; i < kEvents; ++i)
    if (sampler.IsDue(i)) {
      const uint32_t weight = sampler.Take(i);
      if (i % Sampler::kSampleEvery == 0) slow += weight;
    }
  EXPECT_GT(slow, 5'000u);  // 10,000 are; the error is some 1,000
  EXPECT_LT(slow, 15'000u);
}

}  // namespace
}  // namespace base
