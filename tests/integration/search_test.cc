// The search graph on a folder of difficult files: its counts are grep's.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <random>
#include <string>
#include <vector>

#include "tests/integration/search_graph.h"

namespace search_test {
namespace {

const std::vector<std::string> kWords = {"int",  "struct", "w_1", "caf",
                                         "tail", "absent", "X"};

class SearchTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) {
    const fs::path path = files() / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
  }
  fs::path files() const { return folder_.path() / "files"; }

  std::string RandomText(size_t bytes) {
    static const char* const kPieces[] = {"int",  "struct", "w_1", "X", "Xint",
                                          "tail", "(",      ";",   "-", "\n"};
    std::string text;
    while (text.size() < bytes)
      text += std::string(kPieces[random_() % std::size(kPieces)]) +
              (random_() % 3 != 0 ? " " : "");
    return text + "\n";
  }
  void WriteHostileFiles() {
    Write("plain/a.c", "int x;\nstruct int w_1;\n");
    Write("plain/no_line_end", "int tail");
    Write("binary", std::string("int\0struct\n", 11));
    Write("invalid_utf8", "caf\xe9 int \xff\xfe struct\n");
    Write("valid_utf8", "caf\xc3\xa9 int\n");
    Write("empty", "");
    Write("huge_line", RandomText(100) + std::string(3'000'000, 'x') + " int");
    Write("many_words_line", [&] {
      std::string text;
      for (int i = 0; i < 400'000; ++i) text += i % 3 ? "int " : "X-";
      return text;
    }());
    Write("name with\na line end", "int int int\n");
    Write("carriage", "int\r\nstruct\r\n");
    Write("large", RandomText(20'000'000));
    for (int i = 0; i < 300; ++i)
      Write("many/" + std::to_string(i), RandomText(random_() % 5'000));
    fs::create_symlink("plain/a.c", files() / "link");
    fs::create_directory_symlink(".", files() / "loop");
    mkfifo((files() / "fifo").c_str(), 0600);
    Write("unreadable", "int int\n");
    chmod((files() / "unreadable").c_str(), 0);
  }
  std::vector<std::string> Command(const std::string& folder,
                                   const std::vector<std::string>& words) {
    std::vector<std::string> command = {
        Program("keyport"), "run",
        "--socket",         (folder_.path() / "k.sock").string(),
        SearchManifest(),   "FOLDER=" + folder};
    command.insert(command.end(), words.begin(), words.end());
    return command;
  }

  TempFolder folder_;
  std::mt19937 random_{7};
};

TEST_F(SearchTest, CountsWhatGrepCounts) {
  WriteHostileFiles();
  Child graph(Command(files(), kWords));
  ASSERT_EQ(graph.Wait(seconds(120)), 0) << graph.output();
  for (const std::string& word : kWords) {
    const auto counts = CountsOf(graph.output(), word);
    ASSERT_EQ(counts.size(), 1u) << word << "\n" << graph.output();
    EXPECT_EQ(counts[0], GrepCount(word, files())) << word;
  }
  EXPECT_NE(graph.output().find("binary: binary"), std::string::npos);
  EXPECT_NE(graph.output().find("empty: empty"), std::string::npos);
  EXPECT_NE(graph.output().find("symbolic link"), std::string::npos);
  EXPECT_NE(graph.output().find("1 with invalid UTF-8"), std::string::npos)
      << graph.output();
}

// In a folder without long lines: those change the size of grep's blocks, also
// for the files that it reads after them.
TEST_F(SearchTest, CountsUpToTheBlockWithALateNulByte) {
  for (int i = 0; i < 5; ++i)
    Write("late" + std::to_string(i), RandomText(1 + i * 90'000) +
                                          std::string(1, '\0') + "int\n" +
                                          RandomText(1'000));
  Write("text", RandomText(10'000));
  Child graph(Command(files(), kWords));
  ASSERT_EQ(graph.Wait(seconds(60)), 0) << graph.output();
  for (const std::string& word : kWords)
    EXPECT_EQ(CountsOf(graph.output(), word),
              std::vector<long>{GrepCount(word, files())})
        << word;
}

TEST_F(SearchTest, AFolderThatIsNotThereEndsTheGraphWithAnError) {
  Child graph(Command((folder_.path() / "none").string(), {"int"}));
  EXPECT_NE(graph.Wait(seconds(60)), 0);
  EXPECT_NE(graph.output().find("No such file"), std::string::npos)
      << graph.output();
}

TEST_F(SearchTest, AnEmptyFolderHasNoWords) {
  fs::create_directories(files());
  Child graph(Command(files(), {"int"}));
  EXPECT_EQ(graph.Wait(seconds(60)), 0) << graph.output();
  EXPECT_EQ(CountsOf(graph.output(), "int"), std::vector<long>{0});
}

TEST_F(SearchTest, WhatIsNoWordIsRefused) {
  fs::create_directories(files());
  Child graph(Command(files(), {"two-words"}));
  EXPECT_NE(graph.Wait(seconds(60)), 0);
  EXPECT_NE(graph.output().find("is no word"), std::string::npos);
}

}  // namespace
}  // namespace search_test
