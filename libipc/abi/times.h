// How long messages of a lane waited, were worked on, and took: counted always,
// in buckets, by the side that knows it, in the control page of its half. Of a
// sample of the messages only, since looking at a clock costs as much as a
// message; each sample counts for the messages that it stands for.
//
// Every word is its writer's claim. A reader reads it once and bounds it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ipc::abi {

// Four buckets to a power of two, from 64 ns to 17 s; the first has what took
// less, the last what took longer.
inline constexpr uint32_t kTimeSubBits = 2;
inline constexpr uint32_t kTimeFirstPower = 6;
inline constexpr uint32_t kTimeLastPower = 34;
inline constexpr size_t kTimeBuckets =
    2 + ((kTimeLastPower - kTimeFirstPower) << kTimeSubBits);

struct TimeBuckets {
  uint64_t samples;                 // times that were measured
  uint64_t sum_ns;                  // over all messages that they stand for
  uint64_t most_ns;                 // the longest that was measured
  uint64_t messages[kTimeBuckets];  // that they stand for
};
static_assert(sizeof(TimeBuckets) == (3 + kTimeBuckets) * sizeof(uint64_t));

struct LaneTimes {
  TimeBuckets queue;  // from sent to taken; the receiver's half
  TimeBuckets work;   // from taken to answered; the receiver's half
  TimeBuckets call;   // from sent to the outcome; the sender's half
};
inline constexpr size_t kLaneTimeWords = sizeof(LaneTimes) / sizeof(uint64_t);

// The word behind kRecordSampled: when the message was sent, in nanoseconds of
// CLOCK_MONOTONIC modulo 2^54, above how many messages it stands for.
inline constexpr uint32_t kSampleWeightBits = 10;
inline constexpr uint32_t kSampleWeightMax = (1u << kSampleWeightBits) - 1;

}  // namespace ipc::abi
