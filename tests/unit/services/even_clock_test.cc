// A counter as a clock of one frequency.
#include "services/tracer/even_clock.h"

#include <gtest/gtest.h>

namespace keyport {
namespace {

constexpr Moment kBegin = {1'000'000'000, 40'000'000'000};
// 2 s later, at 2.5 GHz.
constexpr Moment kEnd = {3'000'000'000, 45'000'000'000};

TEST(EvenClock, RunsThroughBothMoments) {
  const auto clock = EvenClock::Through(kBegin, kEnd);
  ASSERT_TRUE(clock.has_value());
  EXPECT_EQ(clock->hertz(), 2'500'000'000u);
  for (const Moment& moment : {kBegin, kEnd}) {
    EXPECT_EQ(clock->NsOf(moment.ticks), moment.ns);
    EXPECT_EQ(clock->TicksOf(moment.ns), moment.ticks);
  }
  EXPECT_EQ(clock->NsOf(kEnd.ticks + 5'000), kEnd.ns + 2'000);
  EXPECT_EQ(clock->NsOf(kBegin.ticks - 5'000), kBegin.ns - 2'000);
  EXPECT_EQ(clock->TicksOf(kBegin.ns + 3), kBegin.ticks + 8);
  EXPECT_EQ(clock->LengthOf(2), 5u);
  EXPECT_TRUE(clock->Spans(kBegin.ns));
  EXPECT_FALSE(clock->Spans(kBegin.ns - 1));
  EXPECT_FALSE(clock->Spans(kEnd.ns + 1));
}

TEST(EvenClock, ThereIsNoneWhereNoCounterRunsLikeThat) {
  const auto none = [](const Moment& begin, const Moment& end) {
    return !EvenClock::Through(begin, end).has_value();
  };
  EXPECT_TRUE(none({kBegin.ns, 0}, kEnd));
  EXPECT_TRUE(none(kBegin, {kEnd.ns, 0}));
  EXPECT_TRUE(none(kBegin, {}));
  EXPECT_TRUE(none(kEnd, kBegin));
  EXPECT_TRUE(none(kBegin, kBegin));
  // Too near, too slow, too fast.
  EXPECT_TRUE(none({0, 1}, {999'999, 2'500'000}));
  EXPECT_TRUE(none(kBegin, {kEnd.ns, kBegin.ticks + 900'000'000}));
  EXPECT_TRUE(none(kBegin, {kEnd.ns, kBegin.ticks + 300'000'000'000}));
}

TEST(EvenClock, WhatSomebodyMadeUpIsSomeTime) {
  const auto clock = EvenClock::Through(kBegin, kEnd);
  ASSERT_TRUE(clock.has_value());
  EXPECT_EQ(clock->NsOf(0), 0u);
  EXPECT_GT(clock->NsOf(UINT64_MAX), kEnd.ns);
  EXPECT_GT(clock->TicksOf(UINT64_MAX), kEnd.ticks);
}

}  // namespace
}  // namespace keyport
