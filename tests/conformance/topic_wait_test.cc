// Subscribers that wait among other things: in wait sets, by descriptors.
#include <sys/resource.h>
#include <sys/socket.h>

#include <thread>

#include "ipc/notification.h"
#include "ipc/topic.h"
#include "ipc/wait_set.h"
#include "libipc/base/socket.h"
#include "libipc/base/topic_ring.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using testing_kit::Must;

constexpr SubscriberOptions kReliable = {.wait = SubscriberWait::kAmongOthers};
constexpr SubscriberOptions kLossy = {.delivery = Delivery::kLossy,
                                      .wait = SubscriberWait::kAmongOthers};

Capability NewTopic(Session& session) { return Must(CreateTopic(session, {})); }
Publisher Publishing(const Capability& topic) {
  return Must(Publisher::Create(Must(topic.Duplicate(kRightSend))));
}
Subscriber Subscribing(const Capability& topic,
                       SubscriberOptions options = kReliable) {
  return Must(
      Subscriber::Create(Must(topic.Duplicate(kRightReceive)), options));
}
Error ErrorNow(Subscriber& subscriber) {
  return ErrorOf(subscriber.Next(Deadline::Immediately()).status());
}

// Syscalls for the sake of publishers that break the rules.
class TopicWaits : public Syscalls {
 protected:
  using Syscalls::ErrorOf;
  static Error ErrorOf(const absl::Status& status) {
    return ipc::ErrorOf(status);
  }
  // Nothing is there, it knows it, and its descriptor says so. Fails if it is
  // readable for ever.
  static void Settle(Subscriber& subscriber) {
    const Deadline deadline = Soon();
    while (ErrorNow(subscriber) == Error::should_wait &&
           base::WaitReadable(subscriber.descriptor(), 0))
      ASSERT_LT(base::NowNs(), deadline.ns);
  }
  // The same of a set that has nothing else. What its session hears, such as
  // that its publisher has come, may end a wait or two for nothing.
  static void SettleIn(WaitSet& set, Subscriber& subscriber) {
    const Deadline deadline = Soon();
    do {
      Settle(subscriber);
      ASSERT_LT(base::NowNs(), deadline.ns);
    } while (ErrorOf(set.Wait(Deadline::Immediately()).status()) !=
             Error::should_wait);
  }
  // The next record, waited for in the set, where it has the key.
  static TopicMessage NextIn(WaitSet& set, uint64_t key,
                             Subscriber& subscriber) {
    while (true) {
      EXPECT_EQ(Must(set.Wait(Soon())).key, key);
      auto message = subscriber.Next(Deadline::Immediately());
      if (message.ok()) return *message;
      EXPECT_EQ(ErrorOf(message.status()), Error::should_wait);
    }
  }
  // What ends it, waited for in the set, where it has the key.
  static Error EndIn(WaitSet& set, uint64_t key, Subscriber& subscriber) {
    Error error = Error::should_wait;
    while (error == Error::should_wait) {
      EXPECT_EQ(Must(set.Wait(Soon())).key, key);
      error = ErrorNow(subscriber);
    }
    return error;
  }

  WaitSet set_ = Must(WaitSet::Create(world_->root()));
};

TEST_F(TopicWaits, APublishEndsTheWaitOfASet) {
  const Capability topic = NewTopic(world_->root());
  Publisher publisher = Publishing(topic);
  for (const SubscriberOptions& options : {kReliable, kLossy}) {
    Subscriber subscriber = Subscribing(topic, options);
    Must(set_.Add(1, subscriber));
    for (int i = 0; i < 100; ++i) {
      SettleIn(set_, subscriber);
      Must(publisher.Publish(BytesOf("news")));
      EXPECT_EQ(TextOf(NextIn(set_, 1, subscriber).payload), "news");
    }
    Must(set_.Remove(1));
  }
}

TEST_F(TopicWaits, AnothersPublishEndsTheWaitOfASet) {
  const Capability topic = NewTopic(world_->root());
  Subscriber subscriber = Subscribing(topic);
  Must(set_.Add(1, subscriber));
  Settle(subscriber);
  const InitialCapability initial[] = {{"topic", &topic, kRightSend}};
  auto peer = world_->StartPeer("publisher", initial, [](Session& session) {
    Publisher publisher = Must(Publisher::Create(Must(session.Take("topic"))));
    Must(publisher.Publish(BytesOf("news")));
  });
  EXPECT_EQ(TextOf(NextIn(set_, 1, subscriber).payload), "news");
  peer->Join();
}

TEST_F(TopicWaits, ItIsReportedUntilAllIsTaken) {
  const Capability topic = NewTopic(world_->root());
  Publisher publisher = Publishing(topic);
  Subscriber subscriber = Subscribing(topic);
  Must(set_.Add(1, subscriber));
  Settle(subscriber);
  for (int i = 0; i < 3; ++i) Must(publisher.Publish(BytesOf("news")));
  for (uint64_t i = 1; i <= 3; ++i)
    EXPECT_EQ(NextIn(set_, 1, subscriber).sequence, i);
  Settle(subscriber);
}

TEST_F(TopicWaits, SubscribersWaitBesideAReceiverANotificationAndATimer) {
  const Capability topics[] = {NewTopic(world_->root()),
                               NewTopic(world_->root())};
  Publisher publishers[] = {Publishing(topics[0]), Publishing(topics[1])};
  Subscriber subscribers[] = {Subscribing(topics[0]), Subscribing(topics[1])};
  Capability port = world_->NewPort();
  Sender sender = Must(Sender::Create(Must(port.Mint(kRightSend, 7))));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  Notification notification =
      Must(Notification::Create(world_->root(), NotificationKind::bits));
  for (const uint64_t i : {0u, 1u}) Must(set_.Add(i, subscribers[i]));
  Must(set_.Add(2, receiver));
  Must(set_.Add(3, notification.capability(), kSignalNotified));
  Must(set_.AddTimer(4, Deadline::After(absl::Milliseconds(1)),
                     absl::Milliseconds(1)));
  std::vector<int> got(5, 0);
  const Deadline deadline = Soon();
  while (*std::min_element(got.begin(), got.end()) < 20) {
    ASSERT_LT(base::NowNs(), deadline.ns);
    const Ready ready = Must(set_.Wait(deadline));
    const uint64_t key = ready.key;
    if (key < 2 && subscribers[key].Next(Deadline::Immediately()).ok())
      ++got[key];
    if (key == 2 && receiver.Receive(Deadline::Immediately()).ok()) ++got[key];
    if (key == 3 && notification.Wait(Deadline::Immediately()).ok()) ++got[key];
    if (key != 4) continue;
    ++got[key];
    for (Publisher& publisher : publishers)
      Must(publisher.Publish(BytesOf("news")));
    Must(sender.Send("news"));
    Must(notification.Signal(1));
  }
}

TEST_F(TopicWaits, WhoIsNotAsleepCostsItsPublisherNoSystemCall) {
  const Capability topic = NewTopic(world_->root());
  Publisher publisher = Publishing(topic);
  Subscriber subscriber = Subscribing(topic);
  for (int i = 0; i < 100; ++i) {
    Must(publisher.Publish(BytesOf("news")));
    if (i % 2 == 0) Must(subscriber.Next(Soon()));
  }
  EXPECT_EQ(publisher.counts().wakes, 0u);
}

TEST_F(TopicWaits, WhoSleepsAndDoesNotLookIsRungTwiceAtMost) {
  const Capability topic = NewTopic(world_->root());
  Publisher publisher = Publishing(topic);
  Subscriber subscriber = Subscribing(topic);
  Must(publisher.Publish(BytesOf("first")));
  Must(subscriber.Next(Soon()));  // it knows of its publisher
  const uint64_t before = publisher.counts().wakes;
  Settle(subscriber);
  for (int i = 0; i < 100; ++i) Must(publisher.Publish(BytesOf("news")));
  EXPECT_GE(publisher.counts().wakes, before + 1);
  EXPECT_LE(publisher.counts().wakes, before + 2);
}

TEST_F(TopicWaits, TheNextPublisherWakesItToo) {
  const Capability topic = NewTopic(world_->root());
  Subscriber subscriber = Subscribing(topic);
  Must(set_.Add(1, subscriber));
  for (uint64_t i = 1; i <= 3; ++i) {
    Settle(subscriber);
    Publisher publisher = Publishing(topic);
    Settle(subscriber);
    Must(publisher.Publish(BytesOf("news")));
    EXPECT_EQ(NextIn(set_, 1, subscriber).sequence, i);
  }
}

TEST_F(TopicWaits, TheEndOfTheTopicShowsAndStays) {
  Capability topic = NewTopic(world_->root());
  Subscriber subscriber = Subscribing(topic);
  Must(set_.Add(1, subscriber));
  {
    Publisher publisher = Must(Publisher::Create(std::move(topic)));
    Must(publisher.Publish(BytesOf("last")));
    EXPECT_EQ(TextOf(NextIn(set_, 1, subscriber).payload), "last");
    Settle(subscriber);
  }
  EXPECT_EQ(EndIn(set_, 1, subscriber), Error::peer_closed);
  EXPECT_EQ(Must(set_.Wait(Soon())).key, 1u);
}

TEST_F(TopicWaits, RevocationShows) {
  const Capability topic = NewTopic(world_->root());
  Publisher publisher = Publishing(topic);
  Subscriber subscriber = Subscribing(topic);
  Must(set_.Add(1, subscriber));
  Settle(subscriber);
  Must(topic.Revoke());
  EXPECT_EQ(EndIn(set_, 1, subscriber), Error::revoked);
}

TEST_F(TopicWaits, APublisherThatIsKilledShowsWhenItWasTheLast) {
  Capability topic = NewTopic(world_->root());
  Subscriber subscriber = Subscribing(topic);
  Must(set_.Add(1, subscriber));
  const InitialCapability initial[] = {{"topic", &topic, kRightSend}};
  auto peer = world_->StartPeer("publisher", initial, [](Session& session) {
    auto publisher = Publisher::Create(Must(session.Take("topic")));
    publisher->Publish(BytesOf("news")).IgnoreError();
    while (session.connected()) (void)session.core();  // until it is killed
  });
  Capability right = Must(topic.Duplicate(kRightReceive));
  Must(topic.Close());
  EXPECT_EQ(TextOf(NextIn(set_, 1, subscriber).payload), "news");
  Settle(subscriber);
  peer->Kill();
  EXPECT_EQ(EndIn(set_, 1, subscriber), Error::peer_closed);
}

TEST_F(TopicWaits, OneThatWaitsAloneIsRefused) {
  const Capability topic = NewTopic(world_->root());
  Subscriber alone = Subscribing(topic, {});
  EXPECT_EQ(alone.descriptor(), -1);
  EXPECT_EQ(ErrorOf(set_.Add(1, alone)), Error::bad_state);
  Subscriber subscriber = Subscribing(topic);
  Must(set_.Add(1, subscriber));
  EXPECT_EQ(ErrorOf(set_.Add(1, subscriber)), Error::already_exists);
  EXPECT_EQ(ErrorOf(set_.Add(2, subscriber)), Error::already_exists);
}

TEST_F(TopicWaits, NextSleepsOnTheDescriptorAndUsesNoTime) {
  const Capability topic = NewTopic(world_->root());
  Publisher publisher = Publishing(topic);
  Subscriber subscriber = Subscribing(topic);
  rusage before;
  getrusage(RUSAGE_THREAD, &before);
  EXPECT_EQ(
      ErrorOf(
          subscriber.Next(Deadline::After(absl::Milliseconds(300))).status()),
      Error::timed_out);
  rusage after;
  getrusage(RUSAGE_THREAD, &after);
  const long used_us =
      (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1'000'000 +
      after.ru_utime.tv_usec - before.ru_utime.tv_usec;
  EXPECT_LT(used_us, 30'000);
  std::thread publishing([&] { Must(publisher.Publish(BytesOf("news"))); });
  EXPECT_TRUE(subscriber.Next(Soon()).ok());
  publishing.join();
}

TEST_F(TopicWaits, TheKernelProcesssDeathEndsItsWait) {
  if (testing_kit::CurrentFlavour() == testing_kit::Flavour::kInProcess)
    GTEST_SKIP() << "only a process can be killed";
  const Capability topic = NewTopic(world_->root());
  Publisher publisher = Publishing(topic);
  Subscriber subscriber = Subscribing(topic);
  std::thread waiting([&] {
    EXPECT_EQ(ErrorOf(subscriber.Next(Soon()).status()), Error::peer_closed);
  });
  ASSERT_TRUE(world_->KillKernel());
  waiting.join();
}

// Takes what comes and answers each burst's last record by one of its own.
void AnswerBursts(Session& session, uint64_t bursts) {
  Subscriber subscriber = Must(Subscriber::Create(
      Must(session.Take("there")),
      {.beginning = Beginning::kOldest, .wait = SubscriberWait::kAmongOthers}));
  Publisher publisher = Must(Publisher::Create(Must(session.Take("back"))));
  WaitSet set = Must(WaitSet::Create(session));
  Must(set.Add(1, subscriber));
  for (uint64_t answered = 0; answered < bursts;) {
    Must(set.Wait(testing_kit::Soon()));
    while (true) {
      const auto message = subscriber.Next(Deadline::Immediately());
      if (!message.ok()) break;
      if (message->label == 0) continue;
      ++answered;
      Must(publisher.Publish({}, testing_kit::Soon()));
    }
  }
}

// Each side sleeps until the other publishes, so a wake-up that is lost is a
// wait that does not end.
TEST_F(TopicWaits, NoWakeUpIsLost) {
  constexpr uint64_t kBursts = 5'000;
  const Capability there = NewTopic(world_->root());
  const Capability back = NewTopic(world_->root());
  Subscriber answers = Subscribing(back);
  Must(set_.Add(1, answers));
  Publisher publisher = Publishing(there);
  const InitialCapability initial[] = {{"there", &there, kRightReceive},
                                       {"back", &back, kRightSend}};
  auto peer = world_->StartPeer("answering", initial, [](Session& session) {
    AnswerBursts(session, kBursts);
  });
  for (uint64_t burst = 1; burst <= kBursts; ++burst) {
    for (uint64_t i = burst % 4; i != 0; --i)
      Must(publisher.Publish(BytesOf("news"), Soon()));
    Must(publisher.Publish(BytesOf("last"), Soon(), 1));
    ASSERT_EQ(NextIn(set_, 1, answers).sequence, burst);
  }
  peer->Join();
}

// ---- publishers by hand, and such that break the rules

class HostileRingers : public TopicWaits {
 protected:
  // The publisher's end of the only subscriber's bell.
  base::UniqueFd PublishRaw(const Capability& topic) {
    const Answer granted = Call(Syscall::topic_publish, topic.handle());
    ring_ = *base::TopicMemory::Map(granted.descriptors.at(0).get(),
                                    static_cast<uint32_t>(granted.value(1)),
                                    granted.value(0), base::Access::kReadWrite);
    root().AddLane(topic.handle(), inbox_.mailbox());
    EXPECT_EQ(ErrorOf(Syscall::topic_ready, topic.handle()), Error::ok);
    Answer joined = inbox_.Await(abi::Event::subscriber_joined);
    return std::move(joined.descriptors.at(1));
  }
  base::TopicWriter Writer() const { return {ring_, 0, 1}; }

  Inbox inbox_{root()};
  std::shared_ptr<base::TopicMemory> ring_;
};

// As when its publisher is between publishing and looking who sleeps, and then
// finds it awake.
TEST_F(HostileRingers, WhatWasTakenBeforeAnybodyRangShowsThatMoreIsThere) {
  const Capability topic = NewTopic(world_->root());
  Subscriber subscriber = Subscribing(topic);
  const base::UniqueFd bell = PublishRaw(topic);
  base::TopicWriter writer = Writer();
  writer.Publish(0, "first", 5);
  Must(subscriber.Next(Soon()));  // it knows of its publisher
  Settle(subscriber);
  for (int i = 0; i < 2; ++i) writer.Publish(0, "news", 4);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(subscriber.Next(Deadline::Immediately()).ok());
    EXPECT_TRUE(base::WaitReadable(subscriber.descriptor(), 0));
  }
  Settle(subscriber);
}

TEST_F(HostileRingers, RingingForNothingCostsALook) {
  const Capability topic = NewTopic(world_->root());
  Subscriber subscriber = Subscribing(topic);
  Must(set_.Add(1, subscriber));
  const base::UniqueFd bell = PublishRaw(topic);
  Writer().Publish(0, "first", 5);
  Must(subscriber.Next(Soon()));  // it knows of its publisher
  for (int i = 0; i < 1'000; ++i) base::RingBell(bell.get());
  EXPECT_EQ(Must(set_.Wait(Soon())).key, 1u);
  SettleIn(set_, subscriber);
}

TEST_F(HostileRingers, ABellThatIsShutIsNotHeardForEver) {
  for (const int how : {SHUT_WR, SHUT_RDWR}) {
    const Capability topic = NewTopic(world_->root());
    Subscriber subscriber = Subscribing(topic);
    {
      const base::UniqueFd bell = PublishRaw(topic);
      Settle(subscriber);
      shutdown(bell.get(), how);
      Settle(subscriber);
    }
    Settle(subscriber);
  }
}

TEST_F(HostileRingers, TheNextPublisherIsHeardAllTheSame) {
  const Capability topic = NewTopic(world_->root());
  Subscriber subscriber = Subscribing(topic);
  Must(set_.Add(1, subscriber));
  Capability theirs = Must(topic.Duplicate(kRightSend));
  const base::UniqueFd bell = PublishRaw(theirs);
  shutdown(bell.get(), SHUT_RDWR);
  Must(theirs.Close());
  Publisher publisher = Publishing(topic);
  Settle(subscriber);
  Must(publisher.Publish(BytesOf("news")));
  EXPECT_EQ(TextOf(NextIn(set_, 1, subscriber).payload), "news");
}

}  // namespace
}  // namespace ipc
