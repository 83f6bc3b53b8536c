// Priority bands: whose messages a receiver takes first, and that none starves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "ipc/inspect.h"
#include "libipc/base/clock.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

constexpr int kPasses = 16;  // docs/ports.md

class Bands : public ::testing::Test {
 protected:
  // The badge is the band's number and 100.
  Sender SenderIn(uint32_t band) {
    return Must(Sender::Create(
        Must(port_.Mint({.rights = kRightSend | kRightTransfer | kRightManage,
                         .badge = 100 + band,
                         .band = band}))));
  }
  static void SendMany(Sender& sender, int count) {
    for (int i = 0; i < count; ++i) Must(sender.Send(std::to_string(i)));
  }
  // Until all lanes there are were opened here: they come one by one.
  void Listen() {
    receiver_.emplace(Must(Receiver::Create(Must(port_.Duplicate()))));
    const auto waits = [](const LaneEntry& lane) {
      return lane.receiver_process == 0;
    };
    const Deadline deadline = Soon();
    for (auto lanes = Must(inspector_.Lanes());
         std::any_of(lanes.begin(), lanes.end(), waits);
         lanes = Must(inspector_.Lanes()))
      ASSERT_LT(base::NowNs(), deadline.ns);
  }
  uint32_t TakeBand() {
    return static_cast<uint32_t>(Must(receiver_->Receive(Soon())).badge() -
                                 100);
  }
  std::vector<uint32_t> TakeBands(size_t count) {
    std::vector<uint32_t> bands;
    while (bands.size() < count) bands.push_back(TakeBand());
    return bands;
  }

  std::unique_ptr<World> world_ = World::Start();
  Inspector inspector_ =
      Must(Inspector::Create(Must(world_->root().Take("kernel"))));
  Capability port_ = world_->NewPort();
  std::optional<Receiver> receiver_;
};

TEST_F(Bands, HigherOnesComeFirst) {
  Sender low = SenderIn(0);
  Sender high = SenderIn(3);
  Sender middle = SenderIn(1);
  for (Sender* sender : {&low, &high, &middle}) SendMany(*sender, 2);
  Listen();
  EXPECT_THAT(TakeBands(6), ElementsAre(3, 3, 1, 1, 0, 0));
}

TEST_F(Bands, AnUrgentMessageOvertakesWhatWaits) {
  Sender low = SenderIn(0);
  Sender high = SenderIn(2);
  SendMany(low, 100);
  SendMany(high, 1);
  Listen();
  EXPECT_EQ(TakeBand(), 2u);
  EXPECT_THAT(TakeBands(50), Each(0u));
  // Both lanes are known by now: also on the short path.
  SendMany(high, 2);
  EXPECT_THAT(TakeBands(3), ElementsAre(2, 2, 0));
}

TEST_F(Bands, NoFloodShutsALowerOneOut) {
  Sender low = SenderIn(0);
  Sender middle = SenderIn(1);
  Sender high = SenderIn(3);
  for (Sender* sender : {&low, &middle, &high}) SendMany(*sender, 200);
  Listen();
  std::vector<int> passed(4, 0);
  for (const uint32_t band : TakeBands(220)) {
    for (uint32_t lower = 0; lower < band; ++lower) ++passed[lower];
    passed[band] = 0;
    EXPECT_LE(passed[0], kPasses + 1);
    EXPECT_LE(passed[1], kPasses);
  }
}

TEST_F(Bands, LanesOfOneTakeTurns) {
  Sender one = SenderIn(2);
  Sender other = Must(Sender::Create(
      Must(port_.Mint({.rights = kRightSend, .badge = 7, .band = 2}))));
  SendMany(one, 40);
  SendMany(other, 40);
  Listen();
  int of_other = 0;
  for (int i = 0; i < 40; ++i)
    if (Must(receiver_->Receive(Soon())).badge() == 7) ++of_other;
  EXPECT_GE(of_other, 8);
  EXPECT_LE(of_other, 32);
}

TEST_F(Bands, HoldForBatches) {
  Sender low = SenderIn(0);
  Sender high = SenderIn(1);
  SendMany(low, 8);
  SendMany(high, 8);
  Listen();
  std::vector<Message> batch(4);
  std::vector<uint64_t> badges;
  while (badges.size() < 16) {
    const size_t count = Must(receiver_->ReceiveBatch(batch, Soon()));
    for (size_t i = 0; i < count; ++i) badges.push_back(batch[i].badge());
  }
  std::vector<uint64_t> expected(8, 101);
  expected.insert(expected.end(), 8, 100);
  EXPECT_EQ(badges, expected);
}

TEST_F(Bands, HoldForMessagesInPlace) {
  Sender low = SenderIn(0);
  Sender high = SenderIn(1);
  SendMany(low, 8);
  SendMany(high, 8);
  Listen();
  std::vector<uint64_t> badges;
  while (badges.size() < 16)
    Must(receiver_->ReceiveInPlace(
        [&](const MessageInPlace& message) { badges.push_back(message.badge); },
        Soon()));
  std::vector<uint64_t> expected(8, 101);
  expected.insert(expected.end(), 8, 100);
  EXPECT_EQ(badges, expected);
}

// A caller who polls the descriptor leaves idle lanes to their bells.
TEST_F(Bands, HoldWhereLanesSleepOnBells) {
  std::vector<Sender> idle;
  for (int i = 0; i < 10; ++i) {
    idle.push_back(SenderIn(0));
    Must(idle.back().Send("once"));
  }
  Sender low = SenderIn(0);
  Sender high = SenderIn(2);
  SendMany(high, 1);
  Listen();
  ASSERT_GE(receiver_->descriptor(), 0);
  TakeBands(11);
  ASSERT_EQ(ErrorOf(receiver_->Receive(Deadline::Immediately()).status()),
            Error::should_wait);
  SendMany(low, 200);
  ASSERT_EQ(TakeBand(), 0u);
  SendMany(high, 1);
  // It rings its bell: within so many messages it is looked for.
  EXPECT_THAT(TakeBands(kPasses + 1), ::testing::Contains(2u));
}

TEST_F(Bands, StayWithWhatIsDerivedAndMoved) {
  const Capability minted = Must(port_.Mint({.badge = 5, .band = 3}));
  EXPECT_EQ(Must(minted.Info()).band, 3u);
  EXPECT_EQ(Must(minted.Info()).kind, ObjectKind::port);
  const Capability copy = Must(minted.Duplicate(kRightSend | kRightDuplicate));
  EXPECT_EQ(Must(copy.Info()).band, 3u);
  const Capability brief =
      Must(copy.Mint({.end = Deadline::After(absl::Hours(1))}));
  EXPECT_EQ(Must(brief.Info()).band, 3u);
  Capability sent = Must(minted.Duplicate(kRightSend | kRightTransfer));
  Sender sender = SenderIn(0);
  Must(sender.Send("take", {.capabilities = {&sent, 1}}));
  Listen();
  Message message = Must(receiver_->Receive(Soon()));
  auto taken = Must(message.TakeCapabilities());
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(Must(taken[0].capability.Info()).band, 3u);
}

// Who listens next learns the bands as the first did.
TEST_F(Bands, HoldForTheNextListener) {
  Sender low = SenderIn(0);
  Sender high = SenderIn(1);
  SendMany(low, 3);
  SendMany(high, 3);
  Listen();
  EXPECT_EQ(TakeBand(), 1u);
  receiver_.reset();
  Listen();
  EXPECT_THAT(TakeBands(5), ElementsAre(1, 1, 0, 0, 0));
}

}  // namespace
}  // namespace ipc
