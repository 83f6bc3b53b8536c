// Blocks published in a topic: written once, read by all where they lie, and
// back in the pool when nobody needs them any more.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <optional>

#include "ipc/inspect.h"
#include "ipc/loan.h"
#include "ipc/process.h"
#include "ipc/topic.h"
#include "libipc/base/clock.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;

constexpr uint64_t kBlock = 100'000;
constexpr uint64_t kPool = 4 * 102'400;  // whole pages

class TopicLoans : public ::testing::Test {
 protected:
  void MakeTopic(const TopicOptions& options = {}) {
    topic_ = Must(CreateTopic(world_->root(), options));
    publisher_.emplace(Must(Publisher::Create(Must(topic_.Duplicate()))));
  }
  void SetUp() override { MakeTopic(); }
  Subscriber Subscribing(SubscriberOptions options = {}) {
    return Must(
        Subscriber::Create(Must(topic_.Duplicate(kRightReceive)), options));
  }
  // A block full of the byte, from a pool of this many blocks.
  Loan Filled(uint8_t byte) {
    Loan loan = Must(publisher_->Allocate(pool_, kBlock, Soon()));
    std::memset(loan.bytes().data(), byte, loan.bytes().size());
    return loan;
  }
  void PublishBlocks(uint8_t first, uint8_t last) {
    for (int i = first; i <= last; ++i) {
      Loan loan = Filled(static_cast<uint8_t>(i));
      Must(publisher_->Publish(loan, Soon(), static_cast<uint32_t>(i)));
      EXPECT_FALSE(loan.valid());
    }
  }
  static void ExpectFilled(const TopicMessage& message, uint8_t byte) {
    ASSERT_EQ(message.payload.size(), kBlock);
    for (const std::byte one : message.payload)
      ASSERT_EQ(one, static_cast<std::byte>(byte));
    EXPECT_TRUE(message.IsWhole());
  }
  static Error ErrorOfNext(Subscriber& subscriber) {
    return ErrorOf(subscriber.Next(Deadline::Immediately()).status());
  }
  void ExpectAllComeBack() {
    const Deadline deadline = Soon();
    while (publisher_->blocks_out() > 0) ASSERT_GT(deadline.ns, base::NowNs());
    EXPECT_EQ(pool_.bytes_in_use(), 0u);
  }
  uint64_t Charged() {
    return Must(GetAccountInfo(world_->account()))
        .used[static_cast<size_t>(abi::AccountItem::bytes)];
  }
  void AwaitCharged(uint64_t bytes) {
    const Deadline deadline = Soon();
    while (Charged() != bytes)
      ASSERT_GT(deadline.ns, base::NowNs()) << Charged() << " != " << bytes;
  }
  void AwaitSubscribers(uint64_t count) {
    const Deadline deadline = Soon();
    while (publisher_->subscribers() != count) {
      (void)publisher_->blocks_out();
      ASSERT_GT(deadline.ns, base::NowNs());
    }
  }

  std::unique_ptr<testing_kit::World> world_ = testing_kit::World::Start();
  Capability topic_;
  std::optional<Publisher> publisher_;
  Pool pool_ = Must(Pool::Create(world_->root(), kPool));
};

TEST_F(TopicLoans, EachSubscriberReadsTheSameBlockAndItComesBack) {
  Subscriber reliable = Subscribing();
  Subscriber lossy = Subscribing({Delivery::kLossy});
  for (int round = 1; round <= 20; ++round) {
    PublishBlocks(static_cast<uint8_t>(round), static_cast<uint8_t>(round));
    {
      const TopicMessage one = Must(reliable.Next(Soon()));
      const TopicMessage other = Must(lossy.Next(Soon()));
      ExpectFilled(one, static_cast<uint8_t>(round));
      ExpectFilled(other, static_cast<uint8_t>(round));
      EXPECT_EQ(one.label, static_cast<uint32_t>(round));
      EXPECT_EQ(one.sequence, static_cast<uint64_t>(round));
      EXPECT_EQ(one.lost, 0u);
      EXPECT_EQ(publisher_->blocks_out(), 1u);
    }
    EXPECT_EQ(publisher_->blocks_out(), 0u);
    EXPECT_EQ(pool_.bytes_in_use(), 0u);
  }
}

TEST_F(TopicLoans, ComeInOrderWithBytes) {
  Subscriber subscriber = Subscribing();
  Must(publisher_->Publish(BytesOf("before")));
  PublishBlocks(7, 7);
  Must(publisher_->Publish(BytesOf("after")));
  EXPECT_EQ(TextOf(Must(subscriber.Next(Soon())).payload), "before");
  ExpectFilled(Must(subscriber.Next(Soon())), 7);
  const TopicMessage last = Must(subscriber.Next(Soon()));
  EXPECT_EQ(TextOf(last.payload), "after");
  EXPECT_TRUE(last.IsWhole());
  EXPECT_EQ(last.sequence, 3u);
}

TEST_F(TopicLoans, AHeldMessageKeepsItsBlockThoughTheReaderGoesOn) {
  Subscriber subscriber = Subscribing();
  PublishBlocks(1, 3);
  std::optional<TopicMessage> first = Must(subscriber.Next(Soon()));
  ExpectFilled(Must(subscriber.Next(Soon())), 2);
  ExpectFilled(Must(subscriber.Next(Soon())), 3);
  EXPECT_EQ(publisher_->blocks_out(), 3u);
  ExpectFilled(*first, 1);
  first.reset();
  ExpectAllComeBack();
}

TEST_F(TopicLoans, WhatIsHeldOfAnEarlierPublisherHoldsNothingOfTheNext) {
  Subscriber subscriber = Subscribing();
  PublishBlocks(1, 1);
  const TopicMessage held = Must(subscriber.Next(Soon()));
  publisher_.reset();
  publisher_.emplace(Must(Publisher::Create(Must(topic_.Duplicate()))));
  const Pool before = std::move(pool_);
  pool_ = Must(Pool::Create(world_->root(), kPool));
  AwaitSubscribers(1);
  PublishBlocks(2, 2);
  ExpectFilled(Must(subscriber.Next(Soon())), 2);
  ExpectAllComeBack();
  ExpectFilled(held, 1);
}

TEST_F(TopicLoans, CannotBeWrittenByASubscriber) {
  Subscriber subscriber = Subscribing();
  PublishBlocks(1, 1);
  const TopicMessage message = Must(subscriber.Next(Soon()));
  const auto address = reinterpret_cast<uintptr_t>(message.payload.data());
  void* const page = reinterpret_cast<void*>(address & ~uintptr_t{4095});
  EXPECT_NE(mprotect(page, 4096, PROT_READ | PROT_WRITE), 0);
  ExpectFilled(message, 1);
}

TEST_F(TopicLoans, WaitForAReliableOneThatHoldsThemAllUntilTheDeadline) {
  Subscriber subscriber = Subscribing();
  PublishBlocks(1, 4);
  EXPECT_EQ(ErrorOf(publisher_->Allocate(pool_, kBlock, Deadline::Immediately())
                        .status()),
            Error::should_wait);
  EXPECT_EQ(ErrorOf(publisher_
                        ->Allocate(pool_, kBlock,
                                   Deadline::After(absl::Milliseconds(5)))
                        .status()),
            Error::timed_out);
  EXPECT_EQ(publisher_->counts().waits, 2u);
  ExpectFilled(Must(subscriber.Next(Soon())), 1);
  PublishBlocks(5, 5);
  for (uint8_t i = 2; i <= 5; ++i)
    ExpectFilled(Must(subscriber.Next(Soon())), i);
  ExpectAllComeBack();
}

TEST_F(TopicLoans, ALossyOneThatIsSlowHoldsNothingAndIsToldWhatItLost) {
  Subscriber subscriber = Subscribing({Delivery::kLossy});
  PublishBlocks(1, 10);
  const TopicMessage next = Must(subscriber.Next(Soon()));
  EXPECT_GT(next.lost, 0u);
  EXPECT_EQ(next.sequence, next.lost + 1);
  ExpectFilled(next, static_cast<uint8_t>(next.sequence));
}

TEST_F(TopicLoans, ALossyOneThatIsOvertakenWhileItReadsCanTell) {
  Subscriber subscriber = Subscribing({Delivery::kLossy});
  PublishBlocks(1, 1);
  const TopicMessage held = Must(subscriber.Next(Soon()));
  ExpectFilled(held, 1);
  PublishBlocks(2, 6);
  EXPECT_FALSE(held.IsWhole());
  EXPECT_EQ(held.payload.size(), kBlock);  // it can be read all the same
}

TEST_F(TopicLoans, ASlowOneIsCutByPolicyAndItsBlocksComeBack) {
  MakeTopic({.slow = SlowSubscriber::kCut, .patience = absl::Milliseconds(2)});
  Subscriber slow = Subscribing();
  Subscriber quick = Subscribing();
  PublishBlocks(1, 4);
  const TopicMessage held = Must(slow.Next(Soon()));
  for (uint8_t i = 1; i <= 4; ++i) ExpectFilled(Must(quick.Next(Soon())), i);
  PublishBlocks(5, 8);
  EXPECT_EQ(publisher_->counts().cuts, 1u);
  Error error = Error::ok;
  while (error == Error::ok) error = ErrorOf(slow.Next(Soon()).status());
  EXPECT_EQ(error, Error::policy_denied);
  for (uint8_t i = 5; i <= 8; ++i) ExpectFilled(Must(quick.Next(Soon())), i);
  ExpectAllComeBack();
}

TEST_F(TopicLoans, WhoIsRevokedOrLeavesHoldsNothing) {
  const Capability readers = Must(topic_.Duplicate());
  Subscriber revoked =
      Must(Subscriber::Create(Must(readers.Duplicate(kRightReceive))));
  std::optional<Subscriber> leaves = Subscribing();
  PublishBlocks(1, 4);
  const TopicMessage one = Must(revoked.Next(Soon()));
  const TopicMessage other = Must(leaves->Next(Soon()));
  EXPECT_EQ(publisher_->blocks_out(), 4u);
  Must(readers.Revoke());
  leaves.reset();
  PublishBlocks(5, 8);
  EXPECT_EQ(publisher_->counts().cuts, 0u);
  EXPECT_EQ(one.payload.size(), kBlock);  // what it says may be another's
  EXPECT_EQ(other.payload.size(), kBlock);
}

TEST_F(TopicLoans, LateOnesReadWhatIsThereWithoutAnybodyElse) {
  PublishBlocks(1, 3);
  EXPECT_EQ(publisher_->blocks_out(), 3u);
  Subscriber late = Subscribing({.beginning = Beginning::kOldest});
  for (uint8_t i = 1; i <= 3; ++i) ExpectFilled(Must(late.Next(Soon())), i);
  ExpectAllComeBack();
  // What came back is gone for who comes later.
  Subscriber later = Subscribing({.beginning = Beginning::kOldest});
  Must(publisher_->Publish(BytesOf("x")));
  const TopicMessage message = Must(later.Next(Soon()));
  EXPECT_EQ(TextOf(message.payload), "x");
  EXPECT_EQ(message.lost, 3u);
}

TEST_F(TopicLoans, AFailedPublishingLeavesTheBlockWithItsOwner) {
  MakeTopic({.ring_bytes = 4096});
  Subscriber subscriber = Subscribing();
  while (publisher_->Publish(BytesOf("x"), Deadline::Immediately()).ok()) {
  }
  Loan loan = Must(pool_.Allocate(kBlock));
  EXPECT_EQ(ErrorOf(publisher_->Publish(loan, Deadline::Immediately())),
            Error::should_wait);
  EXPECT_TRUE(loan.valid());
  EXPECT_EQ(publisher_->blocks_out(), 0u);
  Loan empty;
  EXPECT_EQ(ErrorOf(publisher_->Publish(empty)), Error::invalid_args);
}

TEST_F(TopicLoans, PublishersEndLeavesUnreadBlocksReadable) {
  Subscriber subscriber = Subscribing();
  PublishBlocks(1, 2);
  publisher_.reset();
  ExpectFilled(Must(subscriber.Next(Soon())), 1);
  ExpectFilled(Must(subscriber.Next(Soon())), 2);
  EXPECT_EQ(ErrorOfNext(subscriber), Error::should_wait);
}

TEST_F(TopicLoans, WhatADeadPublisherHadIsGivenBackWhenAllHaveReadIt) {
  Subscriber reliable = Subscribing();
  Subscriber lossy = Subscribing({Delivery::kLossy});
  PublishBlocks(1, 2);
  publisher_.reset();
  pool_ = Must(Pool::Create(world_->root()));
  const uint64_t before = Charged();
  ExpectFilled(Must(lossy.Next(Soon())), 1);
  ExpectFilled(Must(lossy.Next(Soon())), 2);
  EXPECT_EQ(ErrorOfNext(lossy), Error::should_wait);
  ExpectFilled(Must(reliable.Next(Soon())), 1);
  {
    const TopicMessage held = Must(reliable.Next(Soon()));
    EXPECT_EQ(ErrorOfNext(reliable), Error::should_wait);
    ExpectFilled(held, 2);
    EXPECT_EQ(Charged(), before);
  }
  AwaitCharged(before - kPool);
  Subscriber late = Subscribing({.beginning = Beginning::kOldest});
  EXPECT_EQ(ErrorOfNext(late), Error::should_wait);
}

TEST_F(TopicLoans, WhatADeadPublisherHadIsGivenBackAtOnceWithoutSubscribers) {
  PublishBlocks(1, 2);
  const uint64_t before = Charged();
  pool_ = Must(Pool::Create(world_->root()));
  EXPECT_EQ(Charged(), before);
  publisher_.reset();
  AwaitCharged(before - kPool);
}

TEST_F(TopicLoans, ToolsSeeWhoHoldsBlocksSinceWhen) {
  const Inspector inspector =
      Must(Inspector::Create(Must(world_->root().Take("kernel"))));
  const auto topic = [&] { return Must(inspector.Topics()).at(0); };
  const auto subscription = [&] {
    return Must(inspector.Subscriptions()).at(0);
  };
  Subscriber subscriber = Subscribing();
  PublishBlocks(1, 3);
  EXPECT_EQ(topic().lent.blocks, 3u);
  EXPECT_EQ(topic().lent.bytes, 3 * kBlock);
  EXPECT_GT(topic().lent.since_ns, 0u);
  // It has read none of them.
  EXPECT_EQ(subscription().holding.blocks, 0u);
  EXPECT_LE(subscription().held, topic().lent_from);
  std::vector<TopicMessage> held;
  for (int i = 0; i < 2; ++i) held.push_back(Must(subscriber.Next(Soon())));
  const uint64_t since = subscription().holding.since_ns;
  EXPECT_EQ(subscription().holding.blocks, 2u);
  EXPECT_EQ(subscription().holding.bytes, 2 * kBlock);
  EXPECT_GE(since, topic().lent.since_ns);
  held.erase(held.begin());
  EXPECT_EQ(subscription().holding.blocks, 1u);
  EXPECT_GE(subscription().holding.since_ns, since);
  EXPECT_EQ(publisher_->blocks_out(), 2u);
  EXPECT_EQ(topic().lent.blocks, 2u);
  EXPECT_GT(subscription().held, 0u);
  held.clear();
  (void)Must(subscriber.Next(Soon()));
  EXPECT_EQ(subscription().holding.blocks, 0u);
  EXPECT_EQ(subscription().holding.since_ns, 0u);
  ExpectAllComeBack();
  EXPECT_EQ(topic().lent.blocks, 0u);
  EXPECT_EQ(topic().lent.since_ns, 0u);
}

TEST_F(TopicLoans, PoolsThatAreGoneMakeRoomForOthers) {
  Subscriber subscriber = Subscribing();
  for (uint32_t i = 0; i < 2 * abi::kAttachedRegionsMax; ++i) {
    pool_ = Must(Pool::Create(world_->root(), kBlock));
    PublishBlocks(9, 9);
    ExpectFilled(Must(subscriber.Next(Soon())), 9);
    ExpectAllComeBack();
  }
}

TEST_F(TopicLoans, KilledSubscribersHoldNothing) {
  const InitialCapability initial[] = {{"topic", &topic_, kRightReceive}};
  for (int round = 0; round < 5; ++round) {
    auto peer = world_->StartPeer("stuck", initial, [](Session& session) {
      auto subscriber = Subscriber::Create(Must(session.Take("topic")));
      if (!subscriber.ok()) return;
      std::vector<TopicMessage> held;
      while (session.connected()) {
        auto message = subscriber->Next(Soon());
        if (!message.ok()) return;
        held.push_back(*std::move(message));
      }
    });
    AwaitSubscribers(1);
    PublishBlocks(1, 4);
    peer->Kill();
    PublishBlocks(5, 8);
    AwaitSubscribers(0);
    // Without anybody they stay for who comes; not for ever.
    Subscriber last = Subscribing({.beginning = Beginning::kOldest});
    while (publisher_->blocks_out() > 0) (void)last.Next(Soon());
    EXPECT_EQ(pool_.bytes_in_use(), 0u);
  }
}

}  // namespace
}  // namespace ipc
