// The index's memory, the planner, the tally and the progress line.
#include "examples/search/store.h"

#include <gtest/gtest.h>

#include "examples/search/batch.h"
#include "examples/search/display.h"
#include "examples/search/plan.h"
#include "examples/search/tally.h"

namespace search {
namespace {

Additions One(uint64_t crawl, uint32_t id, uint32_t count) {
  Additions additions;
  additions.crawl = crawl;
  additions.files.push_back(
      {id, 0, 10, "file" + std::to_string(id), {{"int", count}}});
  return additions;
}

uint64_t CountOf(const IndexStore& store, const std::string& word) {
  return store.Ask({3, {word}}).words[0].count;
}

TEST(IndexStore, KnowsNoCrawlAtFirst) {
  IndexStore store;
  EXPECT_FALSE(store.Add(One(0, 1, 1)));
  EXPECT_FALSE(store.Add(One(7, 1, 1)));
  EXPECT_FALSE(store.Finish({.crawl = 0}));
}

TEST(IndexStore, AddingAFileTwiceIsNothing) {
  IndexStore store;
  store.Begin(7);
  EXPECT_TRUE(store.Add(One(7, 1, 4)));
  EXPECT_TRUE(store.Add(One(7, 1, 4)));
  EXPECT_TRUE(store.Add(One(7, 2, 3)));
  EXPECT_EQ(CountOf(store, "int"), 7u);
  EXPECT_EQ(store.files(), 2u);
}

TEST(IndexStore, RefusesAnotherCrawlsFiles) {
  IndexStore store;
  store.Begin(7);
  EXPECT_FALSE(store.Add(One(8, 1, 4)));
  EXPECT_EQ(CountOf(store, "int"), 0u);
}

TEST(IndexStore, ANewCrawlForgetsTheOld) {
  IndexStore store;
  store.Begin(7);
  store.Add(One(7, 1, 4));
  ASSERT_TRUE(store.Finish({.crawl = 7, .files = 1}));
  store.Begin(8);
  EXPECT_FALSE(store.complete());
  EXPECT_EQ(CountOf(store, "int"), 0u);
}

TEST(IndexStore, IsCompleteOnlyWithEveryFile) {
  IndexStore store;
  store.Begin(7);
  store.Add(One(7, 1, 4));
  EXPECT_FALSE(store.Finish({.crawl = 7, .files = 2}));
  EXPECT_FALSE(store.Finish({.crawl = 6, .files = 1}));
  EXPECT_FALSE(store.complete());
  EXPECT_TRUE(store.Finish({.crawl = 7, .files = 1}));
  EXPECT_TRUE(store.complete());
}

TEST(IndexStore, AFailedCrawlIsCompleteWithItsError) {
  IndexStore store;
  store.Begin(7);
  EXPECT_TRUE(store.Finish({.crawl = 7, .files = 0, .error = "no folder"}));
  EXPECT_EQ(store.Ask({}).error, "no folder");
}

TEST(IndexStore, NamesTheFilesWithMost) {
  IndexStore store;
  store.Begin(7);
  for (uint32_t id = 0; id < 10; ++id) store.Add(One(7, id, 1 + id % 4));
  const WordAnswer answer = store.Ask({3, {"int"}}).words[0];
  EXPECT_EQ(answer.files, 10u);
  ASSERT_EQ(answer.top.size(), 3u);
  EXPECT_EQ(answer.top[0].term, "file3");
  EXPECT_EQ(answer.top[1].term, "file7");
  EXPECT_EQ(answer.top[2].term, "file2");
}

TEST(PlanBatches, CutsInOrderAndLeavesLargeFilesAlone) {
  const std::vector<FoundFile> files = {
      {"a", 40}, {"b", 40}, {"c", 900}, {"d", 1}};
  const auto batches = PlanBatches(files, 200);
  ASSERT_EQ(batches.size(), 3u);
  EXPECT_EQ(batches[0].last, 2u);
  EXPECT_EQ(batches[1].first, 2u);
  EXPECT_EQ(batches[1].last, 3u);
  EXPECT_EQ(batches[1].bytes,
            BatchWriter::kHeaderBytes + BatchWriter::FileBytes(1, 900));
  EXPECT_TRUE(PlanBatches({}, 200).empty());
}

TEST(Tally, NamesTheFirstSkippedFilesAndCountsAll) {
  Tally tally;
  for (int i = 0; i < 8; ++i) tally.CountSkipped("x\ny", Skip::kSymlink);
  tally.Count("z", 5, Skip::kBinary);
  const auto lines = tally.TakeLines();
  EXPECT_EQ(lines.size(), 7u);
  EXPECT_EQ(lines[0], "skipped x\\ny: symbolic link, not followed");
  EXPECT_TRUE(tally.TakeLines().empty());
  EXPECT_EQ(tally.Summary(),
            "9 skipped: 8 symbolic link, not followed; 1 binary");
  EXPECT_EQ(tally.progress().files_done, 1u);
  EXPECT_EQ(tally.progress().skipped, 9u);
}

TEST(ProgressLine, TellsFilesBytesRateAndTimeLeft) {
  Progress progress;
  progress.files_done = 1'204;
  progress.files_total = 5'310'000;
  progress.bytes_done = 10'000'000;
  progress.bytes_total = 30'000'000;
  progress.skipped = 2;
  progress.elapsed_ns = 2'000'000'000;
  EXPECT_EQ(ProgressLine(progress),
            "1,204 of 5,310,000 files (2 skipped), 10.0 of 30.0 MB, "
            "5.0 MB/s, 4 s left");
  EXPECT_NE(ProgressLine({}).find("time left unknown"), std::string::npos);
}

}  // namespace
}  // namespace search
