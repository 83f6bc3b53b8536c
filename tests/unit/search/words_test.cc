// Counting words as grep -owI does.
#include "examples/search/words.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace search {
namespace {

std::map<std::string, uint32_t> Count(const std::string& text) {
  std::map<std::string, uint32_t> counts;
  for (const TermCount& each : CountWords(ipc::BytesOf(text)).terms)
    counts[each.term] = each.count;
  return counts;
}

uint32_t FlagsOf(const std::string& text) {
  return CountWords(ipc::BytesOf(text)).flags;
}

TEST(Words, AreRunsOfLettersDigitsAndUnderscores) {
  const std::map<std::string, uint32_t> expected = {
      {"int", 2}, {"x_1", 1}, {"Int", 1}, {"printf", 1}};
  EXPECT_EQ(Count("int x_1;\nInt\tint-printf"), expected);
}

TEST(Words, BytesAbove127EndAWord) {
  const std::map<std::string, uint32_t> expected = {
      {"int", 1}, {"r", 2}, {"t", 1}};
  EXPECT_EQ(Count("int\xc3\xa9r\xff\xfet r"), expected);
}

TEST(Words, LongerThanTheLimitAreNotCounted) {
  const std::string longest(kWordBytesMax, 'a');
  const std::map<std::string, uint32_t> expected = {{longest, 1}};
  EXPECT_EQ(Count(longest + " " + longest + "b"), expected);
}

TEST(Words, OfAnEmptyFileAreNone) {
  EXPECT_TRUE(Count("").empty());
  EXPECT_EQ(FlagsOf(""), 0u);
}

TEST(Words, OfAFileThatBeginsBinaryAreNone) {
  const std::string text("foo\0bar", 7);
  EXPECT_TRUE(Count(text).empty());
  EXPECT_EQ(FlagsOf(text), uint32_t{kFileBinary});
}

TEST(Words, BeforeTheBlockWithTheFirstNulAreCountedLineByLine) {
  std::string text;
  while (text.size() < 100'000) text += "foo\n";  // 96 KiB is a line's end
  text += '\0';
  EXPECT_EQ(Count(text)["foo"], 96u * 1024 / 4);
  EXPECT_EQ(FlagsOf(text), uint32_t{kFileCut});
}

TEST(Words, OfALineThatRunsIntoTheBlockWithANulAreNotCounted) {
  std::string text = "foo\n";
  while (text.size() < 100'000) text += "foo ";
  text += '\0';
  EXPECT_EQ(Count(text)["foo"], 1u);
}

TEST(Words, OfFilesWithInvalidUtf8AreCounted) {
  EXPECT_EQ(FlagsOf("foo \xff"), uint32_t{kFileInvalidUtf8});
  EXPECT_EQ(Count("foo \xff")["foo"], 1u);
}

TEST(Utf8, AcceptsExactlyWhatTheStandardDoes) {
  for (const char* valid : {"a", "\xc2\x80", "\xe0\xa0\x80", "\xef\xbf\xbf",
                            "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(IsValidUtf8(ipc::BytesOf(valid))) << valid;
  for (const char* invalid :
       {"\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82",
        "\xf0\x9f\x98"})
    EXPECT_FALSE(IsValidUtf8(ipc::BytesOf(invalid))) << invalid;
}

TEST(IsWord, TakesOnlyWhatIsIndexed) {
  EXPECT_TRUE(IsWord("x_1"));
  EXPECT_FALSE(IsWord(""));
  EXPECT_FALSE(IsWord("a b"));
  EXPECT_FALSE(IsWord("na\xc3\xafve"));
  EXPECT_FALSE(IsWord(std::string(kWordBytesMax + 1, 'a')));
}

}  // namespace
}  // namespace search
