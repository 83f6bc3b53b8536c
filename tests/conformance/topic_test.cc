// Topics as a user sees them.
#include "ipc/topic.h"

#include <gtest/gtest.h>

#include <cstring>

#include "libipc/base/clock.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;

Bytes AsBytes(const uint64_t& number) {
  return std::as_bytes(std::span(&number, 1));
}
uint64_t NumberIn(const TopicMessage& message) {
  uint64_t number = 0;
  std::memcpy(&number, message.payload.data(),
              std::min(sizeof(number), message.payload.size()));
  return number;
}

class Topics : public ::testing::Test {
 protected:
  Capability MakeTopic(const TopicOptions& options = {}) {
    return Must(CreateTopic(world_->root(), options));
  }
  static Publisher Publishing(const Capability& topic) {
    return Must(Publisher::Create(Must(topic.Duplicate())));
  }
  static Subscriber Subscribing(const Capability& topic,
                                SubscriberOptions options = {}) {
    return Must(
        Subscriber::Create(Must(topic.Duplicate(kRightReceive)), options));
  }
  static void PublishAll(Publisher& publisher, uint64_t from, uint64_t to) {
    for (uint64_t i = from; i <= to; ++i)
      Must(publisher.Publish(AsBytes(i), Soon()));
  }
  // Takes the records from..to and nothing else.
  static void ExpectAll(Subscriber& subscriber, uint64_t from, uint64_t to) {
    for (uint64_t i = from; i <= to; ++i) {
      const TopicMessage message = Must(subscriber.Next(Soon()));
      ASSERT_EQ(NumberIn(message), i);
      ASSERT_EQ(message.sequence, i);
      ASSERT_EQ(message.lost, 0u);
    }
  }
  static Error ErrorOfNext(Subscriber& subscriber) {
    return ErrorOf(subscriber.Next(Deadline::Immediately()).status());
  }
  static Error ErrorSoon(Subscriber& subscriber) {
    return ErrorOf(subscriber.Next(Soon()).status());
  }

  std::unique_ptr<testing_kit::World> world_ = testing_kit::World::Start();
};

TEST_F(Topics, EverySubscriberGetsEveryRecord) {
  const Capability topic = MakeTopic();
  Publisher publisher = Publishing(topic);
  Subscriber one = Subscribing(topic);
  Subscriber two = Subscribing(topic, {Delivery::kLossy});
  PublishAll(publisher, 1, 100);
  EXPECT_EQ(publisher.subscribers(), 2u);
  ExpectAll(one, 1, 100);
  ExpectAll(two, 1, 100);
  EXPECT_EQ(ErrorOfNext(one), Error::should_wait);
  EXPECT_EQ(ErrorOfNext(two), Error::should_wait);
}

TEST_F(Topics, LabelAndPayloadOfAnySizeArriveWhole) {
  const Capability topic = MakeTopic();
  Publisher publisher = Publishing(topic);
  Subscriber subscriber = Subscribing(topic);
  uint32_t label = 0;
  for (const size_t bytes : {0u, 1u, 31u, 32u, 33u, 97u, 1000u, 65'536u}) {
    const std::string text(bytes, static_cast<char>('a' + label % 26));
    Must(publisher.Publish(BytesOf(text), Soon(), ++label));
    const TopicMessage message = Must(subscriber.Next(Soon()));
    EXPECT_EQ(TextOf(message.payload), text);
    EXPECT_EQ(message.label, label);
  }
  const std::string large(publisher.max_payload() + 1, 'x');
  EXPECT_EQ(ErrorOf(publisher.Publish(BytesOf(large))), Error::out_of_range);
}

TEST_F(Topics, LatestBeginsWithWhatIsPublishedAfterwards) {
  const Capability topic = MakeTopic();
  Publisher publisher = Publishing(topic);
  PublishAll(publisher, 1, 5);
  Subscriber subscriber = Subscribing(topic);
  EXPECT_EQ(ErrorOfNext(subscriber), Error::should_wait);
  PublishAll(publisher, 6, 8);
  ExpectAll(subscriber, 6, 8);
}

TEST_F(Topics, OldestBeginsWithTheOldestThatIsWhole) {
  const Capability topic = MakeTopic({.ring_bytes = 4096});
  Publisher publisher = Publishing(topic);
  PublishAll(publisher, 1, 10);
  Subscriber early = Subscribing(
      topic, {.delivery = Delivery::kLossy, .beginning = Beginning::kOldest});
  ExpectAll(early, 1, 10);
  PublishAll(publisher, 11, 1000);
  Subscriber late = Subscribing(topic, {.beginning = Beginning::kOldest});
  const TopicMessage first = Must(late.Next(Soon()));
  EXPECT_EQ(first.lost, 0u);
  EXPECT_GT(first.sequence, 900u);
  EXPECT_EQ(NumberIn(first), first.sequence);
  ExpectAll(late, first.sequence + 1, 1000);
}

TEST_F(Topics, LossyIsOverrunAndCountsExactlyWhatItMissed) {
  const Capability topic = MakeTopic({.ring_bytes = 4096});
  Publisher publisher = Publishing(topic);
  Subscriber subscriber = Subscribing(topic, {Delivery::kLossy});
  uint64_t seen = 0;
  uint64_t lost = 0;
  uint64_t last = 0;
  for (uint64_t round = 0; round < 50; ++round) {
    PublishAll(publisher, 1 + round * 100, (round + 1) * 100);
    for (int i = 0; i < 7; ++i) {
      const TopicMessage message = Must(subscriber.Next(Soon()));
      EXPECT_EQ(NumberIn(message), message.sequence);
      EXPECT_EQ(message.sequence, last + message.lost + 1);
      last = message.sequence;
      ++seen;
      lost += message.lost;
    }
  }
  while (ErrorOfNext(subscriber) == Error::ok) ++seen;
  EXPECT_GT(lost, 0u);
  EXPECT_EQ(subscriber.counts().taken + subscriber.counts().lost, 5000u);
}

TEST_F(Topics, PublisherWaitsForASlowReliableOneUntilItsDeadline) {
  const Capability topic = MakeTopic({.ring_bytes = 4096});
  Publisher publisher = Publishing(topic);
  Subscriber subscriber = Subscribing(topic);
  uint64_t published = 0;
  absl::Status status;
  while (true) {
    const uint64_t next = published + 1;
    status = publisher.Publish(AsBytes(next), Deadline::Immediately());
    if (!status.ok()) break;
    ++published;
  }
  EXPECT_EQ(ErrorOf(status), Error::should_wait);
  EXPECT_GT(published, 50u);
  EXPECT_EQ(ErrorOf(publisher.Publish(BytesOf("x"),
                                      Deadline::After(absl::Milliseconds(5)))),
            Error::timed_out);
  EXPECT_EQ(publisher.counts().waits, 2u);
  ExpectAll(subscriber, 1, published);
  PublishAll(publisher, published + 1, published + 20);
  ExpectAll(subscriber, published + 1, published + 20);
}

TEST_F(Topics, SlowReliableOneIsCutByPolicyAndOthersGoOn) {
  const Capability topic = MakeTopic({.ring_bytes = 4096,
                                      .slow = SlowSubscriber::kCut,
                                      .patience = absl::Milliseconds(2)});
  Publisher publisher = Publishing(topic);
  Subscriber slow = Subscribing(topic);
  Subscriber lossy = Subscribing(topic, {Delivery::kLossy});
  PublishAll(publisher, 1, 500);
  EXPECT_EQ(publisher.counts().cuts, 1u);
  EXPECT_EQ(publisher.subscribers(), 1u);
  // It still may take what it had begun before it hears of it.
  Error error = Error::ok;
  for (int i = 0; i < 500 && error == Error::ok; ++i) error = ErrorSoon(slow);
  EXPECT_EQ(error, Error::policy_denied);
  EXPECT_EQ(ErrorSoon(slow), Error::policy_denied);
  EXPECT_TRUE(lossy.Next(Soon()).ok());
  Subscriber anew = Subscribing(topic);
  PublishAll(publisher, 501, 501);
  ExpectAll(anew, 501, 501);
}

TEST_F(Topics, OnlyOnePublishesAtATime) {
  const Capability topic = MakeTopic();
  {
    Publisher publisher = Publishing(topic);
    const auto second = Publisher::Create(Must(topic.Duplicate()));
    EXPECT_EQ(ErrorOf(second.status()), Error::bad_state);
  }
  Publishing(topic);
}

TEST_F(Topics, NumbersAndPlacesGoOnWithTheNextPublisher) {
  const Capability topic = MakeTopic();
  Subscriber waiting = Subscribing(topic);
  EXPECT_EQ(ErrorOfNext(waiting), Error::should_wait);
  {
    Publisher first = Publishing(topic);
    PublishAll(first, 1, 10);
  }
  ExpectAll(waiting, 1, 4);
  Subscriber late = Subscribing(topic, {.beginning = Beginning::kOldest});
  {
    Publisher second = Publishing(topic);
    PublishAll(second, 11, 20);
  }
  Publisher third = Publishing(topic);
  PublishAll(third, 21, 30);
  ExpectAll(waiting, 5, 30);
  ExpectAll(late, 1, 30);
}

TEST_F(Topics, WithoutAnybodyWhoCouldPublishItIsOverOnceAllIsRead) {
  Capability topic = MakeTopic();
  Subscriber subscriber = Subscribing(topic);
  {
    Publisher publisher = Must(Publisher::Create(std::move(topic)));
    PublishAll(publisher, 1, 3);
  }
  ExpectAll(subscriber, 1, 3);
  EXPECT_EQ(ErrorSoon(subscriber), Error::peer_closed);
}

TEST_F(Topics, RevokedPublisherIsTold) {
  const Capability topic = MakeTopic();
  Publisher publisher = Publishing(topic);
  Must(publisher.Publish(BytesOf("one")));
  Must(topic.Revoke());
  EXPECT_EQ(ErrorOf(publisher.Publish(BytesOf("two"))), Error::revoked);
  Publisher next = Publishing(topic);
  Must(next.Publish(BytesOf("two")));
}

TEST_F(Topics, RevokedSubscriberIsTold) {
  const Capability topic = MakeTopic();
  Publisher publisher = Publishing(topic);
  Subscriber subscriber = Subscribing(topic);
  Must(topic.Revoke());
  EXPECT_EQ(ErrorSoon(subscriber), Error::revoked);
}

TEST_F(Topics, AnotherProcessSleepsUntilSomethingIsPublished) {
  const Capability topic = MakeTopic();
  const InitialCapability initial[] = {{"topic", &topic, kRightReceive}};
  Publisher publisher = Publishing(topic);
  std::vector<std::unique_ptr<testing_kit::Peer>> peers;
  for (int i = 0; i < 4; ++i)
    peers.push_back(
        world_->StartPeer("reader", initial, [i](ipc::Session& session) {
          Subscriber subscriber = Must(Subscriber::Create(
              Must(session.Take("topic")),
              {.delivery = i % 2 == 0 ? Delivery::kReliable : Delivery::kLossy,
               .beginning = Beginning::kOldest}));
          uint64_t last = 0;
          while (last < 20'000) {
            const TopicMessage message = Must(subscriber.Next(Soon()));
            ASSERT_EQ(NumberIn(message), message.sequence);
            if (last != 0) {
              ASSERT_EQ(message.sequence, last + message.lost + 1);
            }
            if (i % 2 == 0) {
              ASSERT_EQ(message.lost, 0u);
            }
            last = message.sequence;
          }
        }));
  // For some before all are there: who is quick may leave before that.
  uint64_t published = 0;
  while (publisher.subscribers() < 4 && published < 10'000)
    Must(publisher.Publish(AsBytes(++published), Soon()));
  PublishAll(publisher, published + 1, 20'000);
  for (auto& peer : peers) peer->Join();
}

TEST_F(Topics, KilledReliableSubscriberBlocksNobody) {
  const Capability topic = MakeTopic({.ring_bytes = 4096});
  const Capability silent = MakeTopic();
  const InitialCapability initial[] = {{"topic", &topic, kRightReceive},
                                       {"silent", &silent, kRightReceive}};
  Publisher publisher = Publishing(topic);
  auto peer = world_->StartPeer("stuck", initial, [](ipc::Session& session) {
    // Never reads. It may be killed before it is told that it subscribes.
    const auto subscriber = Subscriber::Create(Must(session.Take("topic")));
    while (session.connected()) (void)session.core();  // until it is killed
  });
  const Deadline deadline = Soon();
  uint64_t next = 0;
  while (publisher.subscribers() == 0 && deadline.ns > base::NowNs())
    Must(publisher.Publish(AsBytes(++next), deadline));
  while (publisher.Publish(AsBytes(next + 1), Deadline::Immediately()).ok())
    ++next;
  peer->Kill();
  PublishAll(publisher, next + 1, next + 1000);
  EXPECT_EQ(publisher.subscribers(), 0u);
}

}  // namespace
}  // namespace ipc
