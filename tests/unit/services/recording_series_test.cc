// The files of a recording that goes on in new ones.
#include "services/tracer/recording_series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace keyport {
namespace {

using testing::ElementsAre;

class RecordingSeriesTest : public testing::Test {
 protected:
  RecordingSeriesTest() {
    char folder[] = "/tmp/keyport-series.XXXXXX";
    folder_ = mkdtemp(folder);
  }
  ~RecordingSeriesTest() override { std::filesystem::remove_all(folder_); }

  absl::StatusOr<RecordingSeries> Series(uint64_t keep) const {
    return RecordingSeries::Create({folder_ + "/out.pcapng", 10, keep});
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

  std::string folder_;
};

TEST(SeriesPath, PutsTheNumberBeforeTheEnding) {
  EXPECT_EQ(SeriesPath("/a.b/out.pcapng", 3), "/a.b/out.00003.pcapng");
  EXPECT_EQ(SeriesPath("out", 123'456), "out.123456");
}

TEST_F(RecordingSeriesTest, IsFullAfterSoManyBytes) {
  auto series = Series(0);
  ASSERT_TRUE(series.ok());
  EXPECT_TRUE(series->Write("123456789").ok());
  EXPECT_FALSE(series->IsFull());
  EXPECT_TRUE(series->Write("0").ok());
  EXPECT_TRUE(series->IsFull());
  EXPECT_TRUE(series->Next().ok());
  EXPECT_FALSE(series->IsFull());
  EXPECT_EQ(series->bytes(), 10u);
  EXPECT_EQ(series->files(), 2u);
}

TEST_F(RecordingSeriesTest, KeepsTheNewestFiles) {
  auto series = Series(2);
  ASSERT_TRUE(series.ok());
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(series->Next().ok());
  EXPECT_THAT(Names(), ElementsAre("out.00004.pcapng", "out.00005.pcapng"));
}

TEST_F(RecordingSeriesTest, GoesOnBehindTheFilesOfAnEarlierRun) {
  { auto before = Series(0); }
  { auto before = Series(0); }
  auto series = Series(0);
  EXPECT_THAT(Names(), ElementsAre("out.00001.pcapng", "out.00002.pcapng",
                                   "out.00003.pcapng"));
}

TEST_F(RecordingSeriesTest, KeepsWhatAnEarlierRunMade) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Series(0).ok());
  auto series = Series(1);
  ASSERT_TRUE(series.ok());
  ASSERT_TRUE(series->Next().ok());
  EXPECT_THAT(Names(), ElementsAre("out.00001.pcapng", "out.00002.pcapng",
                                   "out.00003.pcapng", "out.00005.pcapng"));
}

TEST_F(RecordingSeriesTest, KeepsTheNewestOfAllRunsIfTold) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Series(0).ok());
  auto series = RecordingSeries::Create(
      {folder_ + "/out.pcapng", 10, 2, RecordingSeries::Keeps::kAllOfTheName});
  ASSERT_TRUE(series.ok());
  EXPECT_THAT(Names(), ElementsAre("out.00003.pcapng", "out.00004.pcapng"));
  ASSERT_TRUE(series->Next().ok());
  EXPECT_THAT(Names(), ElementsAre("out.00004.pcapng", "out.00005.pcapng"));
}

TEST_F(RecordingSeriesTest, TriesTheSameFileAgain) {
  auto series = Series(0);
  ASSERT_TRUE(series.ok());
  const std::string away = folder_ + ".away";
  std::filesystem::rename(folder_, away);
  EXPECT_FALSE(series->Next().ok());
  EXPECT_FALSE(series->Next().ok());
  EXPECT_EQ(series->files(), 1u);
  std::filesystem::rename(away, folder_);
  EXPECT_TRUE(series->Next().ok());
  EXPECT_THAT(Names(), ElementsAre("out.00001.pcapng", "out.00002.pcapng"));
}

// Of another recorder, or of somebody who would have something overwritten.
TEST_F(RecordingSeriesTest, ANumberThatIsTakenIsPassed) {
  auto series = Series(1);
  ASSERT_TRUE(series.ok());
  std::ofstream(folder_ + "/out.00002.pcapng") << "another's";
  std::ofstream(folder_ + "/precious") << "kept";
  std::filesystem::create_symlink(folder_ + "/precious",
                                  folder_ + "/out.00003.pcapng");
  EXPECT_TRUE(series->Next().ok());
  EXPECT_THAT(Names(), ElementsAre("out.00002.pcapng", "out.00003.pcapng",
                                   "out.00004.pcapng", "precious"));
  EXPECT_EQ(std::filesystem::file_size(folder_ + "/out.00002.pcapng"), 9u);
  EXPECT_EQ(std::filesystem::file_size(folder_ + "/precious"), 4u);
}

TEST_F(RecordingSeriesTest, KeepsSoManyFilesWhateverTheirNumbers) {
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Series(0).ok());
  std::ofstream(folder_ + "/out.00900.pcapng") << "copied here";
  const auto series = RecordingSeries::Create(
      {folder_ + "/out.pcapng", 10, 3, RecordingSeries::Keeps::kAllOfTheName});
  ASSERT_TRUE(series.ok());
  EXPECT_THAT(Names(), ElementsAre("out.00002.pcapng", "out.00900.pcapng",
                                   "out.00901.pcapng"));
}

TEST_F(RecordingSeriesTest, SaysThatItsNumbersAreUsedUp) {
  std::ofstream(folder_ + "/out.1000000000.pcapng") << "planted";
  const auto series = Series(0);
  EXPECT_THAT(std::string(series.status().message()),
              testing::HasSubstr("are used up; remove "));
}

TEST_F(RecordingSeriesTest, OneFileHasThePathAsItIs) {
  ASSERT_TRUE(RecordingSeries::Create({folder_ + "/out.pcapng"}).ok());
  EXPECT_THAT(Names(), ElementsAre("out.pcapng"));
}

}  // namespace
}  // namespace keyport
