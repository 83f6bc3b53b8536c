// What cannot be written stays, in order, and is written once there is room.
#include "services/tracer/recording_outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace keyport {
namespace {

class RecordingOutboxTest : public testing::Test {
 protected:
  RecordingOutboxTest() {
    char folder[] = "/tmp/keyport-outbox.XXXXXX";
    folder_ = mkdtemp(folder);
    before_ = signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit_);
  }
  ~RecordingOutboxTest() override {
    SetLimit(limit_.rlim_cur);
    signal(SIGXFSZ, before_);
    std::filesystem::remove_all(folder_);
  }
  // A file at its limit is like a disk that is full.
  void SetLimit(rlim_t bytes) const {
    rlimit limit = limit_;
    limit.rlim_cur = bytes;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  RecordingOutbox Outbox() const {
    auto series = RecordingSeries::Create({path(), 100});
    EXPECT_TRUE(series.ok()) << series.status();
    return RecordingOutbox(*std::move(series));
  }
  std::string path() const { return folder_ + "/out"; }
  std::string Written(uint64_t number) const {
    std::ifstream file(SeriesPath(path(), number));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string folder_;
  sighandler_t before_;
  rlimit limit_ = {};
};

TEST_F(RecordingOutboxTest, WritesTheRestOfWhatWasCut) {
  RecordingOutbox outbox = Outbox();
  SetLimit(4);
  outbox.Add("abcdef");
  EXPECT_FALSE(outbox.Flush().ok());
  outbox.Add("gh");
  EXPECT_FALSE(outbox.Flush().ok());
  EXPECT_EQ(Written(1), "abcd");
  EXPECT_FALSE(outbox.empty());
  SetLimit(limit_.rlim_cur);
  EXPECT_TRUE(outbox.Flush().ok());
  EXPECT_EQ(Written(1), "abcdefgh");
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.series().bytes(), 8u);
}

TEST_F(RecordingOutboxTest, TurnsToTheNextFileWhenTheLastIsWritten) {
  RecordingOutbox outbox = Outbox();
  SetLimit(2);
  outbox.Add(Recorder::Turn{"end", "begin"});
  outbox.Add("more");
  EXPECT_FALSE(outbox.Flush().ok());
  EXPECT_FALSE(std::filesystem::exists(SeriesPath(path(), 2)));
  SetLimit(4);
  EXPECT_FALSE(outbox.Flush().ok());
  EXPECT_EQ(Written(1), "end");
  EXPECT_EQ(Written(2), "begi");
  SetLimit(limit_.rlim_cur);
  EXPECT_TRUE(outbox.Flush().ok());
  EXPECT_EQ(Written(2), "beginmore");
}

TEST_F(RecordingOutboxTest, TriesANewFileAgain) {
  RecordingOutbox outbox = Outbox();
  const std::filesystem::path folder =
      std::filesystem::path(path()).parent_path();
  const std::string away = folder.string() + ".away";
  std::filesystem::rename(folder, away);
  outbox.Add(Recorder::Turn{"end", "begin"});
  EXPECT_FALSE(outbox.Flush().ok());
  EXPECT_FALSE(outbox.Flush().ok());
  std::filesystem::rename(away, folder);
  EXPECT_EQ(Written(1), "end");
  EXPECT_TRUE(outbox.Flush().ok());
  EXPECT_EQ(Written(2), "begin");
}

}  // namespace
}  // namespace keyport
