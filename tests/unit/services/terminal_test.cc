// Terminal: what it sends and takes, and that it leaves things as they were.
#include "services/cli/terminal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "libipc/base/unique_fd.h"

namespace keyport {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(KeysIn, KnowsCharactersArrowsEnterAndEscape) {
  EXPECT_THAT(KeysIn("qs "), ElementsAre('q', 's', ' '));
  EXPECT_THAT(KeysIn("\x1b[A\x1bOBk"), ElementsAre(kKeyUp, kKeyDown, 'k'));
  EXPECT_THAT(KeysIn("\r\n"), ElementsAre(kKeyEnter, kKeyEnter));
  EXPECT_THAT(KeysIn("\x1b"), ElementsAre(kKeyEscape));
}

TEST(KeysIn, LeavesOutSequencesThatMeanNothing) {
  EXPECT_THAT(KeysIn("\x1b[15~q"), ElementsAre('q'));
  EXPECT_THAT(KeysIn("\x1b[1;5"), IsEmpty());
  EXPECT_THAT(KeysIn("\x1b["), IsEmpty());
}

TEST(DrawingOf, PlacesEachLineAndClearsTheRest) {
  const std::string text =
      DrawingOf({{"ab"}, {"cd", LineStyle::kSelected}}, {4, 3});
  EXPECT_THAT(text, HasSubstr("\x1b[1;1Hab\x1b[K"));
  EXPECT_THAT(text, HasSubstr("\x1b[2;1H\x1b[7mcd\x1b[0m\x1b[K"));
  EXPECT_THAT(text, HasSubstr("\x1b[3;1H\x1b[J"));
}

TEST(DrawingOf, StaysOnTheScreen) {
  const std::string text = DrawingOf({{"abcdef"}, {"x"}, {"y"}}, {4, 2});
  EXPECT_THAT(text, HasSubstr("\x1b[1;1Habcd\x1b[2;1Hx"));
  EXPECT_THAT(text, testing::Not(HasSubstr("y")));
}

// A pseudo-terminal: the program's side, and the side of who looks at it.
class TerminalTest : public testing::Test {
 protected:
  void SetUp() override {
    viewer_.Reset(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_EQ(grantpt(viewer_.get()), 0);
    ASSERT_EQ(unlockpt(viewer_.get()), 0);
    program_.Reset(open(ptsname(viewer_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_TRUE(program_.valid());
  }
  std::string Seen() const {
    std::string seen;
    char bytes[4096];
    for (pollfd entry = {viewer_.get(), POLLIN, 0}; poll(&entry, 1, 0) > 0;) {
      const ssize_t got = read(viewer_.get(), bytes, sizeof(bytes));
      if (got <= 0) break;
      seen.append(bytes, static_cast<size_t>(got));
    }
    return seen;
  }
  bool Echoes() const {
    termios settings = {};
    tcgetattr(program_.get(), &settings);
    return (settings.c_lflag & ECHO) != 0;
  }
  std::unique_ptr<Terminal> Open() const {
    auto terminal = Terminal::Open(program_.get(), program_.get());
    EXPECT_TRUE(terminal.ok());
    return *std::move(terminal);
  }

  base::UniqueFd viewer_;
  base::UniqueFd program_;
};

TEST_F(TerminalTest, LeavesItAsItWas) {
  auto terminal = Open();
  EXPECT_FALSE(Echoes());
  EXPECT_THAT(Seen(), StartsWith("\x1b[?1049h"));
  EXPECT_TRUE(terminal->Draw({{"hello"}}));
  EXPECT_THAT(Seen(), HasSubstr("hello"));
  terminal.reset();
  EXPECT_TRUE(Echoes());
  EXPECT_THAT(Seen(), EndsWith("\x1b[?1049l"));
  Open();  // once more
  EXPECT_TRUE(Echoes());
}

TEST_F(TerminalTest, OnlyOneAtATime) {
  auto terminal = Open();
  EXPECT_FALSE(Terminal::Open(program_.get(), program_.get()).ok());
}

TEST_F(TerminalTest, ADeadlySignalLeavesItAsItWasToo) {
  for (const int number : {SIGABRT, SIGSEGV, SIGQUIT}) {
    EXPECT_EXIT(
        {
          auto terminal = Open();
          raise(number);
        },
        testing::KilledBySignal(number), "");
    EXPECT_TRUE(Echoes()) << number;
    EXPECT_THAT(Seen(), EndsWith("\x1b[?1049l"));
  }
}

TEST_F(TerminalTest, KnowsItsSizeAndWhenItChanges) {
  const winsize size = {.ws_row = 30, .ws_col = 100};
  ASSERT_EQ(ioctl(viewer_.get(), TIOCSWINSZ, &size), 0);
  auto terminal = Open();
  EXPECT_EQ(terminal->size().columns, 100u);
  EXPECT_EQ(terminal->size().lines, 30u);
  pollfd entry = {terminal->signals(), POLLIN, 0};
  EXPECT_EQ(poll(&entry, 1, 0), 0);
  raise(SIGWINCH);
  EXPECT_EQ(poll(&entry, 1, 0), 1);
  terminal->HandleSignals();
  EXPECT_EQ(poll(&entry, 1, 0), 0);
}

TEST_F(TerminalTest, GivesTheKeysThatWerePressed) {
  auto terminal = Open();
  ASSERT_EQ(write(viewer_.get(), "q\x1b[A", 4), 4);
  std::vector<int> keys;
  EXPECT_TRUE(terminal->ReadKeys(&keys));
  EXPECT_THAT(keys, ElementsAre('q', kKeyUp));
  viewer_.Reset();
  EXPECT_FALSE(terminal->ReadKeys(&keys));
  EXPECT_FALSE(terminal->Draw({{"nobody sees this"}}));
}

TEST(Terminal, IsNotUsedWhereThereIsNone) {
  const base::UniqueFd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  EXPECT_FALSE(Terminal::Usable(nothing.get(), nothing.get()));
  EXPECT_FALSE(Terminal::Open(nothing.get(), nothing.get()).ok());
}

}  // namespace
}  // namespace keyport
