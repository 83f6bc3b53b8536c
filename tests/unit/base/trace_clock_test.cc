#include "libipc/base/trace_clock.h"

#include <gtest/gtest.h>

#include <vector>

namespace base {
namespace {

uint64_t Now() { return static_cast<uint64_t>(NowNs()); }

TEST(TraceClockTest, NanosecondsStayWhatTheyAre) {
  const TraceClock clock;
  EXPECT_EQ(clock.NsOf(1'234'567), 1'234'567u);
  EXPECT_EQ(clock.LengthNs(1'234'567, 89), 89u);
}

TEST(TraceClockTest, AStampIsBetweenTheTimesAroundIt) {
  TraceClock clock;
  struct Taken {
    uint64_t before;
    TraceStamp stamp;
    uint64_t after;
  };
  std::vector<Taken> taken;
  for (int i = 0; i < 1'000; ++i) {
    Taken one = {};
    one.before = Now();
    one.stamp = TraceNow();
    one.after = Now();
    taken.push_back(one);
  }
  clock.Look();
  // Nothing but a move between processors' counters could make more of it.
  constexpr uint64_t kError = 1'000;
  for (const Taken& one : taken) {
    EXPECT_GE(clock.NsOf(one.stamp) + kError, one.before);
    EXPECT_LE(clock.NsOf(one.stamp), one.after + kError);
  }
}

TEST(TraceClockTest, LengthsAreInTheUnitOfTheirStamp) {
  const TraceClock clock;
  const TraceStamp begin = TraceNow();
  const uint64_t ns = Now();
  while (Now() < ns + 2'000'000) {
  }
  const TraceStamp end = TraceNow();
  const uint64_t length = clock.LengthNs(begin, StampsApart(begin, end));
  EXPECT_GE(length, 1'990'000u);
  EXPECT_LE(length, Now() - ns + 100'000);
}

// Records of one message are put together by the time it was sent, wherever
// they come from and whenever.
TEST(TraceClockTest, AStampIsTheSameTimeWhenever) {
  TraceClock clock;
  const TraceStamp sent = TraceNow();
  const uint64_t ns = clock.NsOf(sent);
  for (int looks = 0; looks < 3; ++looks) {
    const uint64_t since = Now();
    while (Now() < since + 101'000'000) {
    }
    clock.Look();
    EXPECT_EQ(clock.NsOf(sent), ns);
    const uint64_t before = Now();
    const TraceStamp received = TraceNow();
    const uint64_t after = Now();
    EXPECT_EQ(clock.NsOf(received) -
                  clock.LengthNs(received, StampsApart(sent, received)),
              ns);
    constexpr uint64_t kError = 20'000;
    EXPECT_LE(clock.NsOf(received), after + kError);
    EXPECT_GE(clock.NsOf(received) + kError, before);
  }
}

TEST(TraceClockTest, BothClocksAreLookedAtTogether) {
  const ClockPair first = LookAtClocks();
  const TraceStamp stamp = TraceNow();
  const ClockPair second = LookAtClocks();
  EXPECT_LT(first.ns, second.ns);
  if (!TracesInTicks()) {
    EXPECT_EQ(TicksIn(stamp), 0u);
    return;
  }
  EXPECT_LT(first.ticks, TicksIn(stamp));
  EXPECT_LT(TicksIn(stamp), second.ticks);
}

TEST(TraceClockTest, StampsOfTwoClocksAreNotTakenFromEachOther) {
  EXPECT_EQ(StampsApart(5, 9), 4u);
  EXPECT_EQ(StampsApart(9, 5), 0u);
  EXPECT_EQ(StampsApart(5, kTraceTicks | 9), 0u);
  EXPECT_EQ(StampsApart(kTraceTicks | 5, kTraceTicks | 9), 4u);
}

TEST(TraceClockTest, WhatSomebodyMadeUpIsSomeTime) {
  const TraceClock clock;
  for (const TraceStamp stamp :
       {kTraceTicks, ~TraceStamp{0}, kTraceTicks | 1}) {
    EXPECT_LE(clock.NsOf(stamp), uint64_t{1} << 63);
    EXPECT_LE(clock.LengthNs(stamp, ~uint64_t{0}), uint64_t{1} << 63);
  }
}

}  // namespace
}  // namespace base
