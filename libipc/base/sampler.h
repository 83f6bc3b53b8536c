// Sampler: which of a stream's events have their time measured, and for how
// many each of these stands.
//
// One in kSampleEvery on average, after few at the start more often; the gap is
// random, so that what repeats in step with it is not seen always, or never.
// An event that follows a sleep or a wake-up is measured besides, as these cost
// far more than a look at the clock: it stands for itself only, the others for
// all that were not measured since the one before. So how often events are
// measured does not change what is counted of them.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace base {

class Sampler {
 public:
  static constexpr uint32_t kSampleEvery = 128;
  // Measured before the gap doubles.
  static constexpr uint32_t kAtEachGap = 16;

  explicit Sampler(uint64_t seed) : random_(seed | 1) {}

  // Whether the event after `count` others is to be measured.
  bool IsDue(uint64_t count) const {
    return count >= due_.load(std::memory_order_relaxed);
  }
  // The next event is measured, too. Thread: any.
  void Force() { due_.store(0, std::memory_order_relaxed); }
  // It is due, but had better not be measured: a later one is. False if so many
  // were postponed already; it is due still.
  bool Postpone(uint64_t count);
  // It is measured; returns for how many it stands. `count`: as before, each
  // number at most once.
  uint32_t Take(uint64_t count);

 private:
  static constexpr uint32_t kPostponedMost = 16;
  static constexpr uint32_t kPostponedEvery = 8;

  // Uniform from 1 to 2 * every - 1.
  uint64_t Gap(uint32_t every);

  std::atomic<uint64_t> due_{0};
  uint64_t from_ = 0;       // not counted yet are those from here on
  uint64_t planned_ = 0;    // due without being forced
  uint32_t postponed_ = 0;  // since the last that was measured
  uint64_t random_;
  uint32_t every_ = 1;
  uint32_t taken_ = 0;  // with that gap
};

inline uint64_t Sampler::Gap(uint32_t every) {
  // Marsaglia, "Xorshift RNGs".
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return 1 + (random_ >> 33) % (2 * every - 1);
}

inline bool Sampler::Postpone(uint64_t count) {
  if (postponed_ == kPostponedMost) return false;
  ++postponed_;
  due_.store(count + Gap(kPostponedEvery), std::memory_order_relaxed);
  return true;
}

inline uint32_t Sampler::Take(uint64_t count) {
  postponed_ = 0;
  uint64_t stands_for = 1;
  if (count < planned_) {
    ++from_;
    ++planned_;
  } else {
    stands_for = count + 1 - from_;
    from_ = count + 1;
    planned_ = count + Gap(every_);
    if (++taken_ == kAtEachGap && every_ < kSampleEvery) {
      taken_ = 0;
      every_ *= 2;
    }
  }
  due_.store(planned_, std::memory_order_relaxed);
  return static_cast<uint32_t>(
      std::clamp<uint64_t>(stands_for, 1, 8 * kSampleEvery));
}

}  // namespace base
