// Words, tables, sizes, and where sockets lie.
#include <gtest/gtest.h>

#include "services/common/nearest.h"
#include "services/common/runtime_folder.h"
#include "services/common/text_table.h"

namespace keyport {
namespace {

TEST(Nearest, FindsTheWordThatWasMeant) {
  const std::vector<std::string> words = {"ps", "ports", "caps", "regions"};
  EXPECT_EQ(Nearest("prots", words), "ports");
  EXPECT_EQ(Nearest("region", words), "regions");
  EXPECT_EQ(Nearest("xyzzy", words), "");
  EXPECT_EQ(Nearest("", words), "");
  EXPECT_EQ(Nearest(std::string(100, 'p'), words), "");
}

TEST(TextTable, AlignsColumns) {
  TextTable table({{"NAME"}, {"N", Align::kRight}, {"REST"}});
  table.Add({"a", "100", "x"});
  table.Add({"long name", "1", "y\n"});
  EXPECT_EQ(table.Text(),
            "NAME         N  REST\n"
            "a          100  x\n"
            "long name    1  y?\n");
}

TEST(TextTable, LeavesOutColumnsThatSayNothing) {
  TextTable table({{"NAME"},
                   {"ENDS", Align::kRight, Shown::kIfSaid},
                   {"LAST", Align::kLeft, Shown::kIfSaid}});
  table.Add({"a", "-", "-"});
  EXPECT_EQ(table.Text(), "NAME\na\n");
  table.Add({"b", "now", "-"});
  EXPECT_EQ(table.Text(), "NAME  ENDS\na        -\nb      now\n");
}

TEST(Units, AreShort) {
  EXPECT_EQ(DurationText(999), "999ns");
  EXPECT_EQ(DurationText(1'234), "1.23us");
  EXPECT_EQ(DurationText(45'600'000), "45.6ms");
  EXPECT_EQ(DurationText(7'000'000'000), "7.00s");
  EXPECT_EQ(BytesText(512), "512");
  EXPECT_EQ(BytesText(65'536), "64K");
  EXPECT_EQ(BytesText(1'572'864), "1.5M");
  EXPECT_EQ(BytesText(UINT64_MAX), "16384P");
}

TEST(Names, EndAtTheirZero) {
  const char name[8] = {'a', 'b', '\x1b', 0, 'x', 'x', 'x', 'x'};
  EXPECT_EQ(NameText(name), "ab?");
  const char full[2] = {'a', 'b'};
  EXPECT_EQ(NameText(full), "ab");
}

TEST(SocketPath, FitsASocketAddress) {
  EXPECT_EQ(SocketPathFor("/run/k", "my graph", 12), "/run/k/my_graph-12.sock");
  EXPECT_LE(SocketPathFor("/run/k", std::string(300, 'g'), 12).size(), 107u);
}

TEST(FindSocket, TakesWhatItWasGiven) {
  EXPECT_EQ(FindSocket("/a/b").value(), "/a/b");
}

TEST(Printable, LeavesNothingThatATerminalObeysOrThatHides) {
  EXPECT_EQ(Printable("a\x1b[31m\x7f"), "a?[31m?");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "?31m");  // CSI
  EXPECT_EQ(Printable("x\xe2\x80\xae"
                      "evil"),
            "x?evil");  // right to left
  EXPECT_EQ(Printable("\xff\xc0\xaf\xe2\x82"), "?????");
  EXPECT_EQ(Printable("Zähler \xe2\x86\x92 \xf0\x9f\x98\x80"),
            "Zähler \xe2\x86\x92 \xf0\x9f\x98\x80");
}

}  // namespace
}  // namespace keyport
