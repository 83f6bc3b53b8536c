// The judge of histories: what it must accept, and above all what it must not.
#include "tests/testing/history.h"

#include <gtest/gtest.h>

#include "tests/testing/models.h"

namespace testing_kit {
namespace {

using History = std::vector<Operation>;
constexpr int64_t kNever = Operation::kNever;

TEST(Histories, AnEmptyOneIsLinearizable) {
  EXPECT_EQ(Judge(register_model::Make(), {}), Verdict::kLinearizable);
}

TEST(Histories, AReadBesideAWriteMayGetEitherValue) {
  using namespace register_model;
  for (const uint64_t read : {1, 2})
    EXPECT_EQ(Judge(Make(), {{0, 1, kWrite, 0, 1},
                             {2, 9, kWrite, 0, 2},
                             {3, 4, kRead, 1, read}}),
              Verdict::kLinearizable);
}

TEST(Histories, AReadOfWhatWasOverwrittenBeforeItBeganIsNot) {
  using namespace register_model;
  EXPECT_EQ(
      Judge(Make(),
            {{0, 1, kWrite, 0, 1}, {2, 3, kWrite, 0, 2}, {4, 5, kRead, 1, 1}}),
      Verdict::kNot);
}

TEST(Histories, AReadOfWhatIsWrittenOnlyLaterIsNot) {
  using namespace register_model;
  EXPECT_EQ(Judge(Make(), {{0, 1, kRead, 1, 1}, {2, 3, kWrite, 0, 1}}),
            Verdict::kNot);
}

TEST(Histories, TwoReadersThatSeeTwoWritesInDifferentOrdersAreNot) {
  using namespace register_model;
  EXPECT_EQ(Judge(Make(), {{0, 9, kWrite, 0, 1},
                           {0, 9, kWrite, 1, 2},
                           {1, 2, kRead, 2, 1},
                           {3, 4, kRead, 2, 2},
                           {1, 2, kRead, 3, 2},
                           {3, 4, kRead, 3, 1}}),
            Verdict::kNot);
}

TEST(Histories, WhatDidNotReturnMayHaveBeenDoneOrNot) {
  using namespace register_model;
  for (const uint64_t read : {0, 1})
    EXPECT_EQ(
        Judge(Make(), {{0, kNever, kWrite, 0, 1}, {5, 6, kRead, 1, read}}),
        Verdict::kLinearizable);
  EXPECT_EQ(Judge(Make(), {{0, kNever, kWrite, 0, 1},
                           {5, 6, kRead, 1, 1},
                           {7, 8, kRead, 1, 0}}),
            Verdict::kNot);
}

TEST(Histories, AnEndAndABeginAtTheSameTimeMayBeEitherWay) {
  using namespace register_model;
  EXPECT_EQ(Judge(Make(), {{1, 2, kRead, 1, 1}, {2, 3, kWrite, 0, 1}}),
            Verdict::kLinearizable);
}

TEST(Histories, AWriterBesideAReaderIsNoLock) {
  using namespace lock_model;
  EXPECT_EQ(Judge(Make(), {{0, 1, kShared},
                           {0, 2, kShared},
                           {3, 4, kEndShared},
                           {4, 6, kEndShared},
                           {5, 7, kExclusive},
                           {8, 9, kEndExclusive}}),
            Verdict::kLinearizable);
  EXPECT_EQ(Judge(Make(), {{0, 1, kShared},
                           {2, 3, kExclusive},
                           {4, 5, kEndShared},
                           {6, 7, kEndExclusive}}),
            Verdict::kNot);
  EXPECT_EQ(Judge(Make(), {{0, 1, kExclusive},
                           {2, 3, kExclusive},
                           {4, 5, kEndExclusive},
                           {6, 7, kEndExclusive}}),
            Verdict::kNot);
}

TEST(Histories, AMessageThatTwoGotIsNot) {
  using namespace port_model;
  EXPECT_EQ(Judge(Make(1, 1), {{0, 1, kSend, 0, 1},
                               {0, 3, kReceive, 0, 1},
                               {0, 3, kReceive, 0, 1}}),
            Verdict::kNot);
}

TEST(Histories, AMessageOvertakenByAnotherOfItsSenderIsNot) {
  using namespace port_model;
  const History sent = {
      {0, 1, kSend, 0, 1}, {2, 3, kSend, 0, 2}, {0, 3, kSend, 1, 1}};
  History good = sent;
  good.insert(
      good.end(),
      {{4, 5, kReceive, 1, 1}, {4, 6, kReceive, 0, 2}, {4, 6, kReceive, 0, 1}});
  EXPECT_EQ(Judge(Make(2, 1), good), Verdict::kLinearizable);
  History bad = sent;
  bad.insert(bad.end(), {{4, 5, kReceive, 0, 2}, {6, 7, kReceive, 0, 1}});
  EXPECT_EQ(Judge(Make(2, 1), bad), Verdict::kNot);
}

// The first message of each of two queues was received.
History Heard(const History& more) {
  using namespace port_model;
  History history = {{0, 1, kSend, 0, 1, 0},
                     {2, 3, kReceive, 0, 1, 0},
                     {4, 5, kSend, 0, 1, 1},
                     {6, 7, kReceive, 0, 1, 1}};
  history.insert(history.end(), more.begin(), more.end());
  return history;
}

TEST(Histories, AnEmptyPortWithAMessageInItIsNot) {
  using namespace port_model;
  const auto empty_at = [](int64_t begin) {
    return Judge(Make(1, 2), Heard({{10, 15, kSend, 0, 2, 0},
                                    {begin, begin + 1, kEmpty, 0, 0, 0}}));
  };
  EXPECT_EQ(empty_at(12), Verdict::kLinearizable);
  EXPECT_EQ(empty_at(20), Verdict::kNot);
}

TEST(Histories, AMessageForAnotherReceiverIsNoneForThisOne) {
  using namespace port_model;
  EXPECT_EQ(Judge(Make(1, 2),
                  Heard({{10, 15, kSend, 0, 2, 0}, {20, 21, kEmpty, 0, 0, 1}})),
            Verdict::kLinearizable);
}

TEST(Histories, AReceiverMayNotHaveHeardOfASenderYet) {
  using namespace port_model;
  EXPECT_EQ(Judge(Make(1, 1), {{0, 1, kSend, 0, 1}, {3, 4, kEmpty}}),
            Verdict::kLinearizable);
}

TEST(Histories, AReaderIsToldExactlyWhatItMissed) {
  using namespace log_model;
  const auto read = [](uint64_t value, uint64_t lost) {
    return Judge(Make(1, 2, 0), {{0, 1, kPublish, 0, 1},
                                 {2, 3, kPublish, 0, 2},
                                 {4, 5, kPublish, 0, 3},
                                 {6, 7, kNext, 0, value, lost}});
  };
  EXPECT_EQ(read(2, 1), Verdict::kLinearizable);
  EXPECT_EQ(read(2, 0), Verdict::kNot);
  EXPECT_EQ(read(3, 1), Verdict::kNot);
  EXPECT_EQ(read(3, 2), Verdict::kNot) << "the second was still there";
  EXPECT_EQ(read(1, 0), Verdict::kNot) << "it was gone";
}

TEST(Histories, AReliableReaderLosesNothing) {
  using namespace log_model;
  const auto read = [](uint32_t reader) {
    return Judge(Make(2, kAll, 1), {{0, 1, kPublish, 0, 1},
                                    {2, 3, kPublish, 0, 2},
                                    {6, 7, kNext, reader, 2, 1}});
  };
  EXPECT_EQ(read(0), Verdict::kNot);
  EXPECT_EQ(read(1), Verdict::kLinearizable);
}

TEST(Histories, NothingIsSaidWhereThereAreTooManyStates) {
  using namespace port_model;
  History history;
  for (uint32_t sender = 0; sender < 12; ++sender)
    history.push_back({0, 9, kSend, sender, 1});
  history.push_back({10, 11, kReceive, 0, 2});
  EXPECT_EQ(Judge(Make(12, 1), history, 1'000), Verdict::kTooLong);
  EXPECT_EQ(Judge(Make(12, 1), history), Verdict::kNot);
}

TEST(Histories, ALongOneIsJudgedSoon) {
  using namespace register_model;
  History history;
  for (int64_t i = 0; i < 5'000; ++i) {
    history.push_back({10 * i, 10 * i + 15, kWrite, 0, uint64_t(i + 1)});
    history.push_back({10 * i + 5, 10 * i + 22, kRead, 1, uint64_t(i + 1)});
  }
  EXPECT_EQ(Judge(Make(), history), Verdict::kLinearizable);
}

}  // namespace
}  // namespace testing_kit
