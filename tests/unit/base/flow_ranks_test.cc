// Ranks of flows, and what a rate keeps.
#include "libipc/base/flow_ranks.h"

#include <gtest/gtest.h>

#include <set>

#include "libipc/base/trace_filter.h"

namespace base {
namespace {

using ipc::abi::kTraceRateAny;
using ipc::abi::kTraceRateMax;

constexpr uint64_t kOrdinary = uint64_t{9} << 40 | 123;

TEST(FlowRanks, StandInTheFlowsNumber) {
  EXPECT_FALSE(HasRank(kOrdinary));
  for (const uint32_t rank : {1u, 2u, kTraceRateMax}) {
    const uint64_t flow = RankedFlow(kOrdinary, 7, rank);
    EXPECT_TRUE(HasRank(flow));
    EXPECT_EQ(RankOf(flow), rank);
    EXPECT_EQ(flow >> 40, 9u);
  }
  const uint64_t beyond = RankedFlow(kOrdinary, 7, kTraceRateMax + 5);
  EXPECT_TRUE(HasRank(beyond));
  EXPECT_GT(RankOf(beyond), kTraceRateMax);
}

TEST(FlowRanks, OfSecondsAndBeyondAreOneFlowEach) {
  std::set<uint64_t> flows;
  for (uint64_t second = 0; second < 20; ++second)
    for (uint32_t rank = 1; rank <= 20; ++rank)
      flows.insert(RankedFlow(kOrdinary, second, rank));
  for (uint64_t own = 0; own < 20; ++own)
    flows.insert(RankedFlow(kOrdinary + own, 0, kTraceRateMax + 1));
  EXPECT_EQ(flows.size(), 420u);
}

TEST(FlowPlaces, CountTheFlowsOfASecondAndKnowThemAgain) {
  FlowPlaces places;
  uint64_t second = 5;
  const auto now = [&] { return second; };
  EXPECT_EQ(places.Of(11, now), 1u);
  EXPECT_EQ(places.Of(12, now), 2u);
  EXPECT_EQ(places.Of(11, now), 1u);
  second = 6;
  EXPECT_EQ(places.Of(12, now), 2u);
  EXPECT_EQ(places.Of(13, now), 1u);
}

TEST(TraceRates, KeepRanksUpToTheirOwn) {
  FlowPlaces places;
  const auto kept = [&](uint64_t flow, uint32_t rate) {
    return IsWithinRate(flow, rate, places, [] { return 0; });
  };
  EXPECT_TRUE(kept(RankedFlow(kOrdinary, 1, 3), 3));
  EXPECT_FALSE(kept(RankedFlow(kOrdinary, 1, 4), 3));
  EXPECT_FALSE(
      kept(RankedFlow(kOrdinary, 1, kTraceRateMax + 1), kTraceRateMax));
  for (const uint32_t all : {0u, kTraceRateAny})
    EXPECT_TRUE(kept(RankedFlow(kOrdinary, 1, kTraceRateMax + 1), all));
  EXPECT_TRUE(kept(21, 1));
  EXPECT_FALSE(kept(22, 1));
  EXPECT_TRUE(kept(21, 1));
}

TEST(TraceRates, OfSeveralTracersLetThroughWhatAnyWants) {
  EXPECT_EQ(UnionOfRates(0, 0), 0u);
  EXPECT_EQ(UnionOfRates(3, 3), 3u);
  EXPECT_EQ(UnionOfRates(3, 9), 9u);
  EXPECT_EQ(UnionOfRates(3, 0), kTraceRateAny);
  EXPECT_EQ(UnionOfRates(kTraceRateAny, 3), kTraceRateAny);
  EXPECT_EQ(UnionOfRates(0, kTraceRateAny), kTraceRateAny);
}

}  // namespace
}  // namespace base
