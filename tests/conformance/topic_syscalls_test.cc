// The calls about topics, and the events that tell of them.
#include <sys/socket.h>

#include "libipc/base/socket.h"
#include "libipc/base/topic_ring.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

class TopicCalls : public Syscalls {
 protected:
  Handle MakeTopic(uint32_t options = 0, uint64_t patience_ns = 0) {
    return static_cast<Handle>(
        Call(Syscall::topic_create, account(),
             {.options = options, .args = {4096, patience_ns}})
            .value(0));
  }
  struct End {
    explicit End(SessionCore& core) : inbox(core) {}
    Handle handle = abi::kNoHandle;
    Answer answer;
    Inbox inbox;
    std::shared_ptr<base::TopicMemory> ring;
    base::SubscriberMemory page;
  };
  std::unique_ptr<End> Publish(Handle topic) {
    auto end = std::make_unique<End>(root());
    end->handle = topic;
    end->answer = Call(Syscall::topic_publish, topic);
    EXPECT_EQ(end->answer.error(), Error::ok);
    end->ring =
        *base::TopicMemory::Map(end->answer.descriptors.at(0).get(), 4096,
                                end->answer.value(0), base::Access::kReadWrite);
    root().AddLane(topic, end->inbox.mailbox());
    EXPECT_EQ(ErrorOf(Syscall::topic_ready, topic), Error::ok);
    return end;
  }
  std::unique_ptr<End> SubscribeOnly(SessionCore& core, Handle topic,
                                     uint32_t options = 0) {
    auto end = std::make_unique<End>(core);
    end->answer =
        core.Call(Syscall::topic_subscribe, topic, {.options = options});
    EXPECT_EQ(end->answer.error(), Error::ok);
    end->handle = static_cast<Handle>(end->answer.value(0));
    end->page = *base::SubscriberMemory::Map(
        end->answer.descriptors.at(0).get(),
        static_cast<uint32_t>(end->answer.value(2)), base::Access::kReadWrite);
    core.AddLane(end->handle, end->inbox.mailbox());
    return end;
  }
  std::unique_ptr<End> Subscribe(SessionCore& core, Handle topic,
                                 uint32_t options = 0) {
    auto end = SubscribeOnly(core, topic, options);
    EXPECT_EQ(core.Call(Syscall::subscription_ready, end->handle).error(),
              Error::ok);
    return end;
  }
  abi::TopicEntry Info(Handle topic) {
    abi::TopicEntry entry = {};
    EXPECT_TRUE(Call(Syscall::topic_info, topic).Read(&entry));
    return entry;
  }
};

// ---- topic_create

using TopicCreate = TopicCalls;

TEST_F(TopicCreate, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::topic_create, {.known_options = abi::kTopicOptionsAll,
                                     .args = 2,
                                     .payload = true,
                                     .good = {.options = abi::kTopicCutsSlow}});
}

TEST_F(TopicCreate, ChecksRingPatienceAndName) {
  for (const uint64_t ring : {4095u, (16u << 20) + 1})
    EXPECT_EQ(ErrorOf(Syscall::topic_create, account(), {.args = {ring}}),
              Error::out_of_range);
  EXPECT_EQ(ErrorOf(Syscall::topic_create, account(), {.args = {0, 1}}),
            Error::invalid_args);
  EXPECT_EQ(ErrorOf(Syscall::topic_create, account(),
                    {.options = abi::kTopicCutsSlow,
                     .args = {0, abi::kTopicPatienceMaxNs + 1}}),
            Error::out_of_range);
  const std::string name(abi::kNameBytesMax, 'n');
  EXPECT_EQ(
      ErrorOf(Syscall::topic_create, account(), {.payload = BytesOf(name)}),
      Error::out_of_range);
  const Answer made = Call(Syscall::topic_create, account(), {.args = {5000}});
  EXPECT_EQ(made.value(2), 8192u);
  EXPECT_EQ(IdOf(static_cast<Handle>(made.value(0))), made.value(1));
}

TEST_F(TopicCreate, IsChargedAsAPort) {
  abi::AccountLimits limits = {};
  limits.limit[static_cast<size_t>(abi::AccountItem::ports)] = 1;
  const Handle budget = MakeAccount(limits);
  const Answer made = Call(Syscall::topic_create, budget);
  ASSERT_EQ(made.error(), Error::ok);
  EXPECT_EQ(ErrorOf(Syscall::topic_create, budget), Error::quota_exceeded);
  Call(Syscall::handle_close, static_cast<Handle>(made.value(0)));
  EXPECT_EQ(ErrorOf(Syscall::topic_create, budget), Error::ok);
}

// ---- topic_publish

using TopicPublish = TopicCalls;

TEST_F(TopicPublish, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::topic_publish, {});
}

TEST_F(TopicPublish, BelongsToOneUntilItsHandleGoes) {
  const Handle topic = MakeTopic();
  const Handle copy = Weaker(topic, kRightSend);
  auto publisher = Publish(copy);
  EXPECT_EQ(ErrorOf(Syscall::topic_publish, topic), Error::bad_state);
  EXPECT_EQ(Info(topic).publisher_process, root().process_id());
  Call(Syscall::handle_close, copy);
  EXPECT_EQ(Info(topic).publisher_process, 0u);
  Publish(topic);
}

TEST_F(TopicPublish, MemoryIsChargedToThePublisherWhileSomebodyMayReadIt) {
  abi::AccountLimits limits = {};
  limits.limit[static_cast<size_t>(abi::AccountItem::bytes)] = 8192;
  const Handle budget = MakeAccount(limits);
  const Handle topic = MakeTopic();
  const Handle other_topic = MakeTopic();
  Other poor = MakePoor(budget, topic);
  EXPECT_EQ(poor.core().Call(Syscall::topic_publish, poor.handle).error(),
            Error::ok);
  EXPECT_EQ(poor.core().Call(Syscall::handle_close, poor.handle).error(),
            Error::ok);
  Other second = MakePoor(budget, other_topic);
  const Answer answer =
      second.core().Call(Syscall::topic_publish, second.handle);
  EXPECT_EQ(answer.error(), Error::ok);
}

// ---- topic_ready

using TopicReady = TopicCalls;

TEST_F(TopicReady, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::topic_ready, {});
}

TEST_F(TopicReady, IsThePublishersOnceAndSealsItsRing) {
  const Handle topic = MakeTopic();
  EXPECT_EQ(ErrorOf(Syscall::topic_ready, topic), Error::bad_state);
  auto publisher = Publish(topic);
  EXPECT_EQ(ErrorOf(Syscall::topic_ready, topic), Error::bad_state);
  EXPECT_FALSE(base::TopicMemory::Map(publisher->answer.descriptors[0].get(),
                                      4096, 0, base::Access::kReadWrite)
                   .ok());
}

TEST_F(TopicReady, TellsBothSidesOfThoseWhoWereThere) {
  const Handle topic = MakeTopic();
  auto subscriber = Subscribe(root(), topic, abi::kSubscribeReliable);
  EXPECT_FALSE(subscriber->inbox.Has(abi::Event::publisher_joined));
  auto publisher = Publish(topic);
  const Answer joined = publisher->inbox.Await(abi::Event::subscriber_joined);
  EXPECT_EQ(joined.value(0), subscriber->answer.value(1));
  EXPECT_EQ(joined.value(1), subscriber->answer.value(2) |
                                 uint64_t{abi::kSubscribeReliable} << 32 |
                                 abi::kSubscriberWaited);
  EXPECT_EQ(joined.descriptors.size(), 1u);
  const Answer told = subscriber->inbox.Await(abi::Event::publisher_joined);
  EXPECT_EQ(told.value(0), publisher->answer.value(0));
  EXPECT_EQ(told.value(1), 4096 | abi::kSubscriberWaited);
  EXPECT_FALSE(base::TopicMemory::Map(told.descriptors.at(0).get(), 4096, 0,
                                      base::Access::kReadWrite)
                   .ok());
}

// ---- topic_subscribe

using TopicSubscribe = TopicCalls;

TEST_F(TopicSubscribe, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::topic_subscribe,
             {.known_options = abi::kSubscribeOptionsAll});
}

TEST_F(TopicSubscribe, GivesSeatsThatAreUsedAgain) {
  const Handle topic = MakeTopic();
  auto first = SubscribeOnly(root(), topic);
  auto second = SubscribeOnly(root(), topic);
  EXPECT_NE(first->answer.value(2), second->answer.value(2));
  EXPECT_EQ(Info(topic).subscribers, 2u);
  Call(Syscall::handle_close, first->handle);
  auto third = SubscribeOnly(root(), topic, abi::kSubscribeReliable);
  EXPECT_EQ(third->answer.value(2), first->answer.value(2));
  EXPECT_EQ(Info(topic).subscribers, 2u);
  EXPECT_EQ(Info(topic).reliable, 1u);
}

TEST_F(TopicSubscribe, IsChargedToTheSubscriber) {
  abi::AccountLimits limits = {};
  limits.limit[static_cast<size_t>(abi::AccountItem::lanes)] = 1;
  const Handle topic = MakeTopic();
  Other poor = MakePoor(MakeAccount(limits), topic);
  auto one = SubscribeOnly(poor.core(), poor.handle);
  EXPECT_EQ(poor.core().Call(Syscall::topic_subscribe, poor.handle).error(),
            Error::quota_exceeded);
  poor.core().Call(Syscall::handle_close, one->handle);
  SubscribeOnly(poor.core(), poor.handle);
}

TEST_F(TopicSubscribe, GivesNoMoreBellsThanAPublisherShallKeep) {
  const Handle topic = MakeTopic();
  const auto with_bell = [&] {
    return Call(Syscall::topic_subscribe, topic,
                {.options = abi::kSubscribeBell});
  };
  const Answer first = with_bell();
  for (uint32_t i = 1; i < abi::kTopicBellsMax; ++i)
    ASSERT_EQ(with_bell().error(), Error::ok) << i;
  const Answer refused = with_bell();
  EXPECT_EQ(refused.error(), Error::quota_exceeded);
  EXPECT_EQ(refused.value(1), abi::kTopicBellsMax);
  EXPECT_EQ(ErrorOf(Syscall::topic_subscribe, topic), Error::ok);
  Call(Syscall::handle_close, static_cast<Handle>(first.value(0)));
  EXPECT_EQ(with_bell().error(), Error::ok);
}

// ---- subscription_ready

using SubscriptionReady = TopicCalls;

TEST_F(SubscriptionReady, ChecksHandleAndFields) {
  ExpectDoor(Syscall::subscription_ready, {});
}

TEST_F(SubscriptionReady, IntroducesBothBeforeItIsAnswered) {
  const Handle topic = MakeTopic();
  auto publisher = Publish(topic);
  auto subscriber = SubscribeOnly(root(), topic);
  EXPECT_FALSE(publisher->inbox.Has(abi::Event::subscriber_joined));
  EXPECT_EQ(ErrorOf(Syscall::subscription_ready, subscriber->handle),
            Error::ok);
  EXPECT_EQ(ErrorOf(Syscall::subscription_ready, subscriber->handle),
            Error::bad_state);
  EXPECT_TRUE(subscriber->inbox.Has(abi::Event::publisher_joined));
  EXPECT_TRUE(publisher->inbox.Has(abi::Event::subscriber_joined));
  EXPECT_FALSE(
      base::SubscriberMemory::Map(subscriber->answer.descriptors[0].get(), 0,
                                  base::Access::kReadWrite)
          .ok());
}

TEST_F(SubscriptionReady, EachPublisherGetsABellOfItsOwn) {
  const Handle topic = MakeTopic();
  auto subscriber = Subscribe(root(), topic, abi::kSubscribeBell);
  for (int i = 0; i < 2; ++i) {
    const Handle copy = Weaker(topic, kRightSend);
    auto publisher = Publish(copy);
    const Answer theirs = publisher->inbox.Await(abi::Event::subscriber_joined);
    const Answer told = subscriber->inbox.Await(abi::Event::publisher_joined);
    ASSERT_EQ(theirs.descriptors.size(), 2u);
    ASSERT_EQ(told.descriptors.size(), 2u);
    const int bell = told.descriptors[1].get();
    EXPECT_FALSE(base::WaitReadable(bell, 0));
    base::RingBell(theirs.descriptors[1].get());
    EXPECT_TRUE(base::WaitReadable(bell, 0));
    // What one does to its bell is nothing to the next.
    shutdown(theirs.descriptors[1].get(), SHUT_RDWR);
    Call(Syscall::handle_close, copy);
  }
}

TEST_F(SubscriptionReady, NobodyRingsForAPublisherThatIsGone) {
  const Handle topic = MakeTopic();
  const Handle copy = Weaker(topic, kRightSend);
  Publish(copy);
  Call(Syscall::handle_close, copy);
  auto late = Subscribe(root(), topic, abi::kSubscribeBell);
  EXPECT_EQ(late->inbox.Await(abi::Event::publisher_joined).descriptors.size(),
            1u);
}

TEST_F(SubscriptionReady, WhoLeavesOrDiesIsReportedToThePublisher) {
  const Handle topic = MakeTopic();
  auto publisher = Publish(topic);
  auto subscriber = Subscribe(root(), topic);
  Call(Syscall::handle_close, subscriber->handle);
  EXPECT_EQ(publisher->inbox.Await(abi::Event::subscriber_left).value(0),
            subscriber->answer.value(1));
  Other other = MakeOther(topic);
  auto second = Subscribe(other.core(), other.handle);
  other.session.Close();
  EXPECT_EQ(publisher->inbox.Await(abi::Event::subscriber_left).value(0),
            second->answer.value(1));
}

TEST_F(SubscriptionReady, LateOneIsToldOfAPublisherThatIsGone) {
  const Handle topic = MakeTopic();
  Other other = MakeOther(topic);
  {
    const Answer granted =
        other.core().Call(Syscall::topic_publish, other.handle);
    base::TopicWriter writer(
        *base::TopicMemory::Map(granted.descriptors.at(0).get(), 4096,
                                granted.value(0), base::Access::kReadWrite),
        granted.value(2), granted.value(3));
    other.core().Call(Syscall::topic_ready, other.handle);
    auto early = Subscribe(root(), topic);
    early->inbox.Await(abi::Event::publisher_joined);
    for (int i = 0; i < 3; ++i) writer.Publish(0, "record", 6);
    other.session.Close();
    const Answer left = early->inbox.Await(abi::Event::publisher_left);
    EXPECT_EQ(left.value(0), 3u * 64);
    EXPECT_EQ(left.value(1), 4u);
  }
  auto late = Subscribe(root(), topic, abi::kSubscribeOldest);
  late->inbox.Await(abi::Event::publisher_joined);
  EXPECT_EQ(late->inbox.Await(abi::Event::publisher_left).value(0), 3u * 64);
  auto next = Publish(topic);
  EXPECT_EQ(next->answer.value(2), 3u * 64);
  EXPECT_EQ(next->answer.value(3), 4u);
  EXPECT_EQ(late->inbox.Await(abi::Event::publisher_joined).value(2), 3u * 64);
}

TEST_F(SubscriptionReady, BelievesNoImpossiblePositionOfADeadPublisher) {
  for (const uint64_t lie :
       {uint64_t{7}, uint64_t{1} << 63, ~uint64_t{0}, ~uint64_t{63}}) {
    const Handle topic = MakeTopic();
    const Handle copy = Weaker(topic, kRightSend);
    auto publisher = Publish(copy);
    auto subscriber = Subscribe(root(), topic);
    publisher->ring->tail().store(lie);
    publisher->ring->next_sequence().store(lie);
    Call(Syscall::handle_close, copy);
    const Answer left = subscriber->inbox.Await(abi::Event::publisher_left);
    EXPECT_EQ(left.value(0), 0u) << lie;
    EXPECT_EQ(left.value(1), 1u) << lie;
  }
}

// ---- topic_cut

using TopicCut = TopicCalls;

TEST_F(TopicCut, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::topic_cut, {.args = 1});
}

TEST_F(TopicCut, IsThePublishersOfATopicThatCutsAndHitsReliableOnes) {
  const Handle topic = MakeTopic(abi::kTopicCutsSlow);
  const Handle patient = MakeTopic();
  const Handle copy = Weaker(topic, kRightsSame);
  auto publisher = Publish(topic);
  Publish(patient);
  auto reliable = Subscribe(root(), topic, abi::kSubscribeReliable);
  auto lossy = Subscribe(root(), topic);
  const uint64_t id = reliable->answer.value(1);
  EXPECT_EQ(ErrorOf(Syscall::topic_cut, copy, {.args = {id}}),
            Error::bad_state);
  EXPECT_EQ(ErrorOf(Syscall::topic_cut, patient, {.args = {id}}),
            Error::bad_state);
  EXPECT_EQ(
      ErrorOf(Syscall::topic_cut, topic, {.args = {lossy->answer.value(1)}}),
      Error::not_found);
  EXPECT_EQ(ErrorOf(Syscall::topic_cut, topic, {.args = {id}}), Error::ok);
  EXPECT_EQ(ErrorOf(Syscall::topic_cut, topic, {.args = {id}}),
            Error::not_found);
  EXPECT_EQ(reliable->inbox.Await(abi::Event::subscription_cut).value(0),
            static_cast<uint64_t>(Error::policy_denied));
  EXPECT_EQ(Info(topic).cuts, 1u);
}

// ---- topic_info

using TopicInfo = TopicCalls;

TEST_F(TopicInfo, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::topic_info, {});
}

TEST_F(TopicInfo, TellsWhatTheListTells) {
  const Answer made = Call(Syscall::topic_create, account(),
                           {.options = abi::kTopicCutsSlow,
                            .args = {4096, 5},
                            .payload = BytesOf("prices")});
  const auto topic = static_cast<Handle>(made.value(0));
  auto publisher = Publish(topic);
  base::TopicWriter(publisher->ring, 0, 1).Publish(0, "one", 3);
  const abi::TopicEntry entry = Info(topic);
  EXPECT_STREQ(entry.name, "prices");
  EXPECT_EQ(entry.published, 1u);
  EXPECT_EQ(entry.published_bytes, 64u);
  EXPECT_EQ(entry.patience_ns, 5u);
  EXPECT_EQ(entry.owner_process, root().process_id());
  const Answer listed =
      Call(Syscall::object_list, kernel_object(),
           {.args = {static_cast<uint64_t>(ObjectKind::topic)}});
  abi::TopicEntry first = {};
  ASSERT_TRUE(listed.Read(&first));
  EXPECT_EQ(std::memcmp(&first, &entry, sizeof(entry)), 0);
}

TEST_F(TopicInfo, SubscriptionsAreListedWithWhatTheyClaim) {
  const Handle topic = MakeTopic();
  const Answer subscribed = Call(Syscall::topic_subscribe, topic,
                                 {.options = abi::kSubscribeReliable});
  auto page = base::SubscriberMemory::Map(
      subscribed.descriptors.at(0).get(),
      static_cast<uint32_t>(subscribed.value(2)), base::Access::kReadWrite);
  base::Count(page->taken(), 3);
  base::Count(page->lost(), 2);
  page->head().store(64);
  const Answer listed =
      Call(Syscall::object_list, kernel_object(),
           {.args = {static_cast<uint64_t>(ObjectKind::subscription)}});
  abi::SubscriptionEntry entry = {};
  ASSERT_TRUE(listed.Read(&entry));
  EXPECT_EQ(entry.id, subscribed.value(1));
  EXPECT_EQ(entry.topic, IdOf(topic));
  EXPECT_EQ(entry.process, root().process_id());
  EXPECT_EQ(entry.options, abi::kSubscribeReliable);
  EXPECT_EQ(entry.taken, 3u);
  EXPECT_EQ(entry.lost, 2u);
  EXPECT_EQ(entry.head, 64u);
  EXPECT_EQ(entry.cut, 0u);
}

}  // namespace
}  // namespace ipc
