// Histograms of durations as a person and a program read them.
#include "services/tracer/histogram_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <vector>

namespace keyport {
namespace {

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<uint64_t> CountsIn(const std::vector<std::string>& lines) {
  std::vector<uint64_t> counts;
  for (size_t i = 1; i < lines.size(); ++i)
    counts.push_back(std::stoull(lines[i].substr(lines[i].rfind(' '))));
  return counts;
}

TEST(HistogramText, BeginsWithPercentiles) {
  Histogram histogram;
  for (uint64_t i = 1; i <= 1'000; ++i) histogram.Add(i * 1'000);
  EXPECT_EQ(LinesOf(HistogramText(histogram))[0],
            "p50 508us  p90 918us  p99 1.00ms  p99.9 1.00ms  max 1.00ms");
}

TEST(HistogramText, EachSampleIsInOneRow) {
  Histogram histogram;
  uint64_t value = 3;
  for (int i = 0; i < 1'000; ++i) {
    histogram.Add(value % 50'000'000);
    value = value * 6'364'136'223'846'793'005u + 1;
  }
  const auto lines = LinesOf(HistogramText(histogram));
  EXPECT_LE(lines.size(), 1 + kHistogramRows);
  uint64_t all = 0;
  for (const uint64_t count : CountsIn(lines)) all += count;
  EXPECT_EQ(all, 1'000u);
}

TEST(HistogramText, RowsAreAsNarrowAsFits) {
  Histogram narrow;
  narrow.Add(16'000);
  narrow.Add(17'500);
  EXPECT_EQ(LinesOf(HistogramText(narrow)).size(), 1u + 3);
  Histogram wide;
  wide.Add(1);
  wide.Add(UINT64_MAX);
  EXPECT_EQ(
      CountsIn(LinesOf(HistogramText(wide))),
      (std::vector<uint64_t>{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
}

TEST(HistogramText, FitsEightyColumnsAndShowsTheRarest) {
  Histogram histogram;
  for (int i = 0; i < 1'000'000; ++i) histogram.Add(20'000);
  histogram.Add(999'000'000'000);
  const auto lines = LinesOf(HistogramText(histogram));
  for (const std::string& line : lines) EXPECT_LE(line.size(), 80u);
  EXPECT_THAT(lines.back(), testing::HasSubstr("|# "));
  EXPECT_THAT(lines[1], testing::HasSubstr("1000000"));
}

TEST(HistogramText, NothingIsNoSamples) {
  EXPECT_EQ(HistogramText({}), "no samples\n");
}

TEST(HistogramJson, HoldsEveryBucketAndTheSum) {
  Histogram histogram;
  histogram.Add(5);
  histogram.Add(5);
  histogram.Add(100);
  const auto json = HistogramJson(histogram);
  EXPECT_EQ(json["count"], 3);
  EXPECT_EQ(json["sum_ns"], 110);
  EXPECT_EQ(json["max_ns"], 100);
  EXPECT_EQ(json["buckets"].dump(), "[[5,5,2],[100,103,1]]");
}

}  // namespace
}  // namespace keyport
