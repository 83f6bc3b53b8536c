// Walking a real temporary folder.
#include "examples/search/walk.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace search {
namespace {

namespace fs = std::filesystem;

class WalkTest : public ::testing::Test {
 protected:
  WalkTest() {
    std::string name = (fs::temp_directory_path() / "walk.XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~WalkTest() override { fs::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  std::vector<FoundFile> WalkIt() {
    skipped_.clear();
    return Walk(folder_.string(), [&](const std::string& path, Skip skip) {
      skipped_[path] = skip;
    });
  }

  fs::path folder_;
  std::map<std::string, Skip> skipped_;
};

TEST_F(WalkTest, FindsFilesInFoldersInOneOrder) {
  Write("b/deep/er/file", "1");
  Write("a\nb", "22");
  Write(".hidden", "333");
  const auto files = WalkIt();
  ASSERT_EQ(files.size(), 3u);
  const auto again = WalkIt();
  for (size_t i = 0; i < files.size(); ++i)
    EXPECT_EQ(files[i].path, again[i].path);
  EXPECT_TRUE(skipped_.empty());
}

TEST_F(WalkTest, SkipsWhatIsNoFileWithContents) {
  const std::string empty = Write("empty", "");
  const std::string file = Write("file", "text");
  const std::string link = (folder_ / "link").string();
  ASSERT_EQ(symlink(file.c_str(), link.c_str()), 0);
  const std::string loop = (folder_ / "loop").string();
  ASSERT_EQ(symlink(folder_.c_str(), loop.c_str()), 0);
  const std::string fifo = (folder_ / "fifo").string();
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(WalkIt().size(), 1u);
  EXPECT_EQ(skipped_[empty], Skip::kEmpty);
  EXPECT_EQ(skipped_[link], Skip::kSymlink);
  EXPECT_EQ(skipped_[loop], Skip::kSymlink);
  EXPECT_EQ(skipped_[fifo], Skip::kSpecial);
}

TEST_F(WalkTest, FollowsALinkThatIsTheFolderItself) {
  Write("in/file", "text");
  const fs::path link = folder_ / "link";
  fs::create_directory_symlink(folder_ / "in", link);
  const auto files = Walk(link.string(), [](const std::string&, Skip) {});
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].path, (link / "file").string());
}

TEST_F(WalkTest, TakesASingleFileAsTheFolder) {
  const std::string file = Write("file", "text");
  const auto files = Walk(file, [](const std::string&, Skip) {});
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].bytes, 4u);
}

TEST_F(WalkTest, ReportsAFolderThatIsNotThere) {
  Skip reported = Skip::kNone;
  EXPECT_TRUE(
      Walk((folder_ / "none").string(), [&](const std::string&, Skip skip) {
        reported = skip;
      }).empty());
  EXPECT_EQ(reported, Skip::kUnreadable);
}

TEST_F(WalkTest, ReadsWholeFiles) {
  const std::string file = Write("file", "text");
  std::vector<std::byte> place(4);
  EXPECT_EQ(ReadWhole(file, place), Skip::kNone);
  EXPECT_EQ(static_cast<char>(place[3]), 't');
}

TEST_F(WalkTest, ReportsFilesThatShrankGrewOrWent) {
  const std::string file = Write("file", "text");
  std::vector<std::byte> longer(5), shorter(3);
  EXPECT_EQ(ReadWhole(file, longer), Skip::kChanged);
  EXPECT_EQ(ReadWhole(file, shorter), Skip::kChanged);
  fs::remove(file);
  EXPECT_EQ(ReadWhole(file, longer), Skip::kUnreadable);
}

TEST_F(WalkTest, ReportsUnreadableFiles) {
  if (geteuid() == 0) GTEST_SKIP() << "root can read everything";
  const std::string file = Write("file", "text");
  chmod(file.c_str(), 0);
  std::vector<std::byte> place(4);
  EXPECT_EQ(ReadWhole(file, place), Skip::kUnreadable);
}

TEST(Printable, IsOneLine) {
  EXPECT_EQ(Printable("a\nb\x1b[1m\\"), "a\\nb\\x1b[1m\\\\");
  EXPECT_EQ(Printable("na\xc3\xafve"), "na\xc3\xafve");
}

}  // namespace
}  // namespace search
