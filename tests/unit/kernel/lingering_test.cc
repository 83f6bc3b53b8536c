// Sessions that are polled for a while before they rest.
#include "tests/unit/kernel/raw_client.h"

namespace kernel {
namespace {

using abi::Syscall;

class LingeringTest : public KernelTest {
 protected:
  LingeringTest() { kernel_.EnableLingering(); }
  bool Served(RawClient& client) {
    return client.Call(Syscall::session_info, 0).error() == Error::ok;
  }
  static uint32_t ArmedFor(RawClient& client) {
    return client.completions()->armed().load();
  }
  // As long as the kernel is patient, and longer.
  void PollInVain() {
    for (int looks = 0; looks < 64; ++looks) {
      host_.now_ns += Patience::kMostNs / 32;
      kernel_.Poll();
    }
    EXPECT_FALSE(kernel_.HasLingering());
  }
  // How often of `calls` it lingered afterwards, in vain each time.
  int LingeredInVain(RawClient& client, int calls) {
    int lingered = 0;
    for (int i = 0; i < calls; ++i) {
      EXPECT_TRUE(Served(client));
      if (kernel_.HasLingering()) ++lingered;
      PollInVain();
    }
    return lingered;
  }
};

TEST_F(LingeringTest, WhoWasServedIsPolledAndNeedsNoBell) {
  ASSERT_TRUE(Served(*root_));
  EXPECT_TRUE(kernel_.HasLingering());
  EXPECT_EQ(ArmedFor(*root_), 0u);
  root_->Submit(Syscall::session_info, 0, {}, {.user_data = 7});
  EXPECT_FALSE(kernel_.HasWork());
  kernel_.Poll();
  EXPECT_TRUE(kernel_.HasWork());
  Settle();
  EXPECT_EQ(root_->Take().completion.user_data, 7u);
}

TEST_F(LingeringTest, WhoAsksNoMoreRestsArmed) {
  ASSERT_TRUE(Served(*root_));
  PollInVain();
  EXPECT_NE(ArmedFor(*root_), 0u);
  EXPECT_FALSE(kernel_.HasWork());
  EXPECT_TRUE(Served(*root_));
}

TEST_F(LingeringTest, PollingInVainIsGivenUpAndTriedRarely) {
  EXPECT_LE(LingeredInVain(*root_, 20), 6);
  EXPECT_LE(LingeredInVain(*root_, 640), 11);
  EXPECT_GE(LingeredInVain(*root_, 640), 9);
}

TEST_F(LingeringTest, ATrialThatPaysIsLearntFrom) {
  LingeredInVain(*root_, 20);
  int calls = 0;
  do {
    ASSERT_TRUE(Served(*root_));
    ASSERT_LT(++calls, 100);
  } while (!kernel_.HasLingering());
  root_->Submit(Syscall::session_info, 0, {}, {.user_data = 7});
  kernel_.Poll();
  Settle();
  EXPECT_TRUE(kernel_.HasLingering());
  EXPECT_EQ(root_->Take().completion.user_data, 7u);
}

TEST_F(LingeringTest, NobodyIsPolledForOnItsOwnProcessor) {
  root_->requests()->processor().store(host_.processor);
  ASSERT_TRUE(Served(*root_));
  EXPECT_FALSE(kernel_.HasLingering());
  root_->requests()->processor().store(host_.processor + 1);
  ASSERT_TRUE(Served(*root_));
  EXPECT_TRUE(kernel_.HasLingering());
}

TEST_F(LingeringTest, NobodyIsPolledForWhereSomebodyWasWoken) {
  auto client = AddPath("tool");
  ASSERT_TRUE(Served(*root_));
  ASSERT_TRUE(kernel_.HasLingering());
  client->requests()->processor().store(host_.processor);
  client->requests()->armed().store(abi::kArmGeneration |
                                    abi::kArmRecordsFutex);
  client->Submit(Syscall::session_info, 0, {}, {.user_data = 7});
  Settle();
  EXPECT_FALSE(kernel_.HasLingering());
  EXPECT_NE(ArmedFor(*root_), 0u);
  EXPECT_TRUE(Served(*root_));
}

TEST_F(LingeringTest, NoMoreThanSixteenArePolled) {
  std::vector<std::unique_ptr<RawClient>> clients;
  size_t unarmed = 0;
  for (size_t i = 0; i < 2 * Lingering::kMost; ++i) {
    clients.push_back(AddPath("tool"));
    ASSERT_TRUE(Served(*clients.back()));
  }
  for (auto& client : clients)
    if (ArmedFor(*client) == 0) ++unarmed;
  EXPECT_EQ(unarmed, Lingering::kMost);
  for (auto& client : clients) EXPECT_TRUE(Served(*client));
}

TEST_F(LingeringTest, WhoEndsIsPolledNoMore) {
  auto client = AddPath("tool");
  ASSERT_TRUE(Served(*client));
  ASSERT_TRUE(kernel_.HasLingering());
  kernel_.HangUp(*client->session());
  EXPECT_FALSE(kernel_.HasLingering());
  Settle();
  kernel_.Poll();
}

TEST_F(LingeringTest, WhoRestsWaitsForItsRingsWord) {
  root_->socket()->has_words = true;
  ASSERT_TRUE(Served(*root_));
  EXPECT_EQ(root_->socket()->word_waits, 0);
  PollInVain();
  EXPECT_EQ(root_->socket()->word_waits, 1);
  EXPECT_NE(ArmedFor(*root_) & abi::kArmRecordsFutex, 0u);
  EXPECT_NE(ArmedFor(*root_) & abi::kArmRecordsBell, 0u);
  kernel_.Rang(*root_->session());
  EXPECT_EQ(ArmedFor(*root_), 0u);
  Settle();
  EXPECT_EQ(root_->socket()->word_waits, 2);
}

}  // namespace
}  // namespace kernel
