// The supervisor's pure parts: restart decisions, back-off, lines.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <vector>

#include "services/supervisor/line_splitter.h"
#include "services/supervisor/restart.h"

namespace keyport {
namespace {

ServiceSpec Spec(Restart restart, Role role) {
  ServiceSpec spec;
  spec.restart = restart;
  spec.role = role;
  return spec;
}

constexpr Ending kGood = {Ending::How::kExit, 0};
constexpr Ending kBad = {Ending::How::kExit, 3};
constexpr Ending kKilled = {Ending::How::kSignal, 9};

TEST(AfterEnd, FollowsThePolicy) {
  EXPECT_EQ(AfterEnd(Spec(Restart::kNever, Role::kHelper), kKilled),
            NextStep::kStayDead);
  EXPECT_EQ(AfterEnd(Spec(Restart::kOnFailure, Role::kHelper), kGood),
            NextStep::kStayDead);
  EXPECT_EQ(AfterEnd(Spec(Restart::kOnFailure, Role::kHelper), kBad),
            NextStep::kStart);
  EXPECT_EQ(AfterEnd(Spec(Restart::kOnFailure, Role::kHelper), kKilled),
            NextStep::kStart);
  EXPECT_EQ(AfterEnd(Spec(Restart::kAlways, Role::kHelper), kGood),
            NextStep::kStart);
}

TEST(AfterEnd, AJobIsDoneWhenItExits) {
  for (const Restart restart :
       {Restart::kNever, Restart::kOnFailure, Restart::kAlways}) {
    EXPECT_EQ(AfterEnd(Spec(restart, Role::kJob), kGood), NextStep::kEndGraph);
    EXPECT_EQ(AfterEnd(Spec(restart, Role::kJob), kBad), NextStep::kEndGraph);
  }
}

TEST(AfterEnd, AKilledJobIsStartedAgainIfItsPolicySaysSo) {
  EXPECT_EQ(AfterEnd(Spec(Restart::kNever, Role::kJob), kKilled),
            NextStep::kEndGraph);
  EXPECT_EQ(AfterEnd(Spec(Restart::kOnFailure, Role::kJob), kKilled),
            NextStep::kStart);
}

TEST(Ending, ReadsWaitStatuses) {
  EXPECT_EQ(Ending::FromWaitStatus(W_EXITCODE(7, 0)).ExitCode(), 7);
  EXPECT_EQ(Ending::FromWaitStatus(W_EXITCODE(0, 11)).ExitCode(), 139);
  EXPECT_EQ(Ending::FromWaitStatus(W_EXITCODE(0, 9)).Text(),
            "was killed by signal 9 (Killed)");
}

TEST(BackOff, DoublesToASecondAndForgetsAfterAGoodLife) {
  BackOff back_off;
  back_off.Started(0);
  EXPECT_EQ(back_off.NextDelay(0), 10'000'000);
  EXPECT_EQ(back_off.NextDelay(0), 20'000'000);
  for (int i = 0; i < 10; ++i) back_off.NextDelay(0);
  EXPECT_EQ(back_off.NextDelay(0), 1'000'000'000);
  EXPECT_EQ(back_off.NextDelay(5'000'000'000), 10'000'000);
}

class LineSplitterTest : public testing::Test {
 protected:
  LineSplitter::Sink Sink() {
    return [this](std::string_view line) { lines_.emplace_back(line); };
  }
  LineSplitter splitter_;
  std::vector<std::string> lines_;
};

TEST_F(LineSplitterTest, JoinsPiecesToLines) {
  splitter_.Add("a", Sink());
  splitter_.Add("b\n\nc\nd", Sink());
  EXPECT_EQ(lines_, (std::vector<std::string>{"ab", "", "c"}));
  splitter_.Flush(Sink());
  splitter_.Flush(Sink());
  EXPECT_EQ(lines_.size(), 4u);
  EXPECT_EQ(lines_.back(), "d");
}

TEST_F(LineSplitterTest, HandsOutLongLinesInParts) {
  const std::string line(LineSplitter::kLineBytesMax * 2 + 5, 'x');
  splitter_.Add(line + "\n", Sink());
  ASSERT_EQ(lines_.size(), 3u);
  EXPECT_EQ(lines_[0].size(), LineSplitter::kLineBytesMax);
  EXPECT_EQ(lines_[2], "xxxxx");
}

TEST_F(LineSplitterTest, ALineOfExactlyTheBoundIsOneLine) {
  const std::string line(LineSplitter::kLineBytesMax, 'x');
  splitter_.Add(line + "\ny\n", Sink());
  EXPECT_EQ(lines_, (std::vector<std::string>{line, "y"}));
}

}  // namespace
}  // namespace keyport
