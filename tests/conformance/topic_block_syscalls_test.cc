// The calls by which a topic's publisher lends blocks, and the event that ends
// it.
#include "libipc/base/topic_memory.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

class TopicBlockCalls : public Syscalls {
 protected:
  Handle MakeTopic() {
    return static_cast<Handle>(
        Call(Syscall::topic_create, account(), {.args = {4096}}).value(0));
  }
  Handle Publishing() {
    const Handle topic = MakeTopic();
    granted_ = Call(Syscall::topic_publish, topic);
    EXPECT_EQ(ErrorOf(Syscall::topic_ready, topic), Error::ok);
    return topic;
  }
  Handle SealedRegion() {
    const Handle region = MakeRegion();
    Call(Syscall::region_seal, region);
    return region;
  }
  static Handle Subscribe(SessionCore& core, Handle topic) {
    const Answer made = core.Call(Syscall::topic_subscribe, topic);
    const auto handle = static_cast<Handle>(made.value(0));
    EXPECT_EQ(core.Call(Syscall::subscription_ready, handle).error(),
              Error::ok);
    return handle;
  }
  Answer Attach(Handle topic, Handle region) {
    return Call(Syscall::topic_attach, topic, {.args = {region}});
  }
  Answer Detach(Handle topic, uint64_t number) {
    return Call(Syscall::topic_attach, topic,
                {.options = abi::kTopicDetach, .args = {number}});
  }
  static Answer Map(SessionCore& core, Handle subscription, uint64_t number) {
    return core.Call(Syscall::topic_map, subscription, {.args = {number}});
  }
  Error MapNoMore(Handle subscription, uint64_t key) {
    return ErrorOf(Syscall::topic_map, subscription,
                   {.options = abi::kTopicMapNoMore, .args = {key}});
  }
  // One that has attached a region; it publishes by a copy of the handle.
  Handle PublishByCopy(Handle topic) {
    const Handle copy = Weaker(topic, kRightsSame);
    granted_ = Call(Syscall::topic_publish, copy);
    Call(Syscall::topic_ready, copy);
    EXPECT_EQ(Attach(copy, SealedRegion()).error(), Error::ok);
    return copy;
  }

  Answer granted_;  // keeps the publisher's memory
};

// ---- topic_attach

using TopicAttach = TopicBlockCalls;

TEST_F(TopicAttach, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::topic_attach, {.known_options = abi::kTopicDetach,
                                     .args = 1,
                                     .good = {.args = {SealedRegion()}}});
}

TEST_F(TopicAttach, ChecksTheRegionsHandleTypeAndRights) {
  const Handle topic = Publishing();
  for (const Handle handle : {abi::kNoHandle, kNeverGiven})
    EXPECT_EQ(Attach(topic, handle).error(), Error::bad_handle);
  EXPECT_EQ(Attach(topic, MakePort()).error(), Error::wrong_type);
  const Answer denied = Attach(topic, Weaker(SealedRegion(), kRightMap));
  EXPECT_EQ(denied.error(), Error::access_denied);
  EXPECT_EQ(denied.value(0), kRightRead);
}

TEST_F(TopicAttach, WantsASealedRegionAndWhoPublishes) {
  const Handle topic = Publishing();
  EXPECT_EQ(Attach(topic, MakeRegion()).error(), Error::bad_state);
  EXPECT_EQ(Attach(MakeTopic(), SealedRegion()).error(), Error::bad_state);
  const Handle copy = Weaker(topic, kRightsSame);
  EXPECT_EQ(Attach(copy, SealedRegion()).error(), Error::bad_state);
  EXPECT_EQ(Detach(copy, 0).error(), Error::bad_state);
}

TEST_F(TopicAttach, NumbersUpToTheLimitAndGivesNoneAgain) {
  const Handle topic = Publishing();
  const Handle region = SealedRegion();
  for (uint32_t i = 0; i < abi::kAttachedRegionsMax; ++i)
    EXPECT_EQ(Attach(topic, region).value(0), i);
  const Answer full = Attach(topic, region);
  EXPECT_EQ(full.error(), Error::quota_exceeded);
  EXPECT_EQ(full.value(1), abi::kAttachedRegionsMax);
  EXPECT_EQ(Detach(topic, 3).error(), Error::ok);
  for (const uint64_t gone : {uint64_t{3}, uint64_t{1'000}, uint64_t{1} << 32})
    EXPECT_EQ(Detach(topic, gone).error(), Error::not_found);
  EXPECT_EQ(Attach(topic, region).value(0), abi::kAttachedRegionsMax);
}

TEST_F(TopicAttach, TellsSubscribersThatMappedItWhenItEnds) {
  const Handle topic = Publishing();
  Attach(topic, SealedRegion());
  Other other = MakeOther(topic, kRightReceive);
  const Handle subscription = Subscribe(other.core(), other.handle);
  Inbox inbox(other.core());
  other.core().AddLane(subscription, inbox.mailbox());
  EXPECT_EQ(Map(other.core(), subscription, 0).error(), Error::ok);
  EXPECT_EQ(Detach(topic, 0).error(), Error::ok);
  EXPECT_EQ(inbox.Await(abi::Event::topic_detached).value(0), 0u);
  EXPECT_EQ(Map(other.core(), subscription, 0).error(), Error::not_found);
}

TEST_F(TopicAttach, TellsNobodyElseThatItEnds) {
  const Handle topic = Publishing();
  Attach(topic, SealedRegion());
  Attach(topic, SealedRegion());
  Other other = MakeOther(topic, kRightReceive);
  Inbox inboxes[] = {Inbox(other.core()), Inbox(other.core())};
  Handle subscriptions[2];
  for (int i = 0; i < 2; ++i) {
    subscriptions[i] = Subscribe(other.core(), other.handle);
    other.core().AddLane(subscriptions[i], inboxes[i].mailbox());
  }
  EXPECT_EQ(Map(other.core(), subscriptions[0], 0).error(), Error::ok);
  EXPECT_EQ(Map(other.core(), subscriptions[1], 1).error(), Error::ok);
  EXPECT_EQ(Detach(topic, 0).error(), Error::ok);
  EXPECT_EQ(inboxes[0].Await(abi::Event::topic_detached).value(0), 0u);
  EXPECT_FALSE(inboxes[1].Has(abi::Event::topic_detached));
}

// ---- topic_map

using TopicMap = TopicBlockCalls;

TEST_F(TopicMap, ChecksHandleAndFields) {
  ExpectDoor(Syscall::topic_map,
             {.known_options = abi::kTopicMapNoMore, .args = 1});
}

TEST_F(TopicMap, GrantsReadingOnly) {
  const Handle topic = Publishing();
  const Handle region = SealedRegion();
  Attach(topic, region);
  Other other = MakeOther(topic, kRightReceive);
  const Handle subscription = Subscribe(other.core(), other.handle);
  const Answer mapped = Map(other.core(), subscription, 0);
  ASSERT_EQ(mapped.error(), Error::ok);
  EXPECT_EQ(mapped.value(0), 4096u);
  EXPECT_EQ(mapped.value(1), IdOf(region));
  ASSERT_EQ(mapped.descriptors.size(), 1u);
  const int fd = mapped.descriptors[0].get();
  EXPECT_TRUE(base::Mapping::Map(fd, 0, 4096, base::Access::kRead).ok());
  EXPECT_FALSE(base::Mapping::Map(fd, 0, 4096, base::Access::kReadWrite).ok());
  for (const uint64_t number : {uint64_t{1}, uint64_t{1} << 32})
    EXPECT_EQ(Map(other.core(), subscription, number).error(),
              Error::not_found);
}

TEST_F(TopicMap, OutlivesThePublisherUntilTheNextOne) {
  const Handle topic = MakeTopic();
  const Handle first = PublishByCopy(topic);
  const Handle subscription = Subscribe(root(), topic);
  Call(Syscall::handle_close, first);
  EXPECT_EQ(Map(root(), subscription, 0).error(), Error::ok);
  Call(Syscall::topic_publish, topic);
  EXPECT_EQ(Map(root(), subscription, 0).error(), Error::not_found);
}

TEST_F(TopicMap, EndsWithAPublisherThatNobodyReads) {
  const Handle topic = MakeTopic();
  Call(Syscall::handle_close, PublishByCopy(topic));
  EXPECT_EQ(Map(root(), Subscribe(root(), topic), 0).error(), Error::not_found);
}

TEST_F(TopicMap, EndsWhenAllWhoReadADeadPublisherHaveDoneOrLeft) {
  const Handle topic = MakeTopic();
  const Handle first = PublishByCopy(topic);
  const Handle subscriptions[] = {Subscribe(root(), topic),
                                  Subscribe(root(), topic)};
  Call(Syscall::handle_close, first);
  const Handle late = Subscribe(root(), topic);
  const uint64_t key = granted_.value(0);
  EXPECT_EQ(MapNoMore(subscriptions[0], key + 1), Error::bad_state);
  EXPECT_EQ(MapNoMore(subscriptions[0], key), Error::ok);
  EXPECT_EQ(MapNoMore(subscriptions[0], key), Error::bad_state);
  EXPECT_EQ(Map(root(), subscriptions[0], 0).error(), Error::bad_state);
  Call(Syscall::handle_close, subscriptions[1]);
  EXPECT_EQ(Map(root(), late, 0).error(), Error::ok);
  EXPECT_EQ(MapNoMore(late, key), Error::ok);
  EXPECT_EQ(Map(root(), Subscribe(root(), topic), 0).error(), Error::not_found);
}

TEST_F(TopicMap, WhoHasDoneWithOnePublisherMapsTheNextOnes) {
  const Handle topic = MakeTopic();
  const Handle first = PublishByCopy(topic);
  const Handle subscription = Subscribe(root(), topic);
  EXPECT_EQ(MapNoMore(subscription, granted_.value(0)), Error::ok);
  Call(Syscall::handle_close, first);
  PublishByCopy(topic);
  EXPECT_EQ(Map(root(), subscription, 1).error(), Error::ok);
}

TEST_F(TopicMap, EndsWithWhatItWasAttachedWith) {
  const Handle topic = Publishing();
  const Handle region = SealedRegion();
  const Handle copy = Weaker(region, kRightRead | kRightMap);
  Attach(topic, copy);
  const Handle subscription = Subscribe(root(), topic);
  Call(Syscall::handle_close, copy);
  EXPECT_EQ(Map(root(), subscription, 0).error(), Error::ok);
  Call(Syscall::handle_revoke, region);
  EXPECT_EQ(Map(root(), subscription, 0).error(), Error::revoked);
}

TEST_F(TopicMap, IsNotForWhoWasCut) {
  const Handle topic = Publishing();
  Attach(topic, SealedRegion());
  Other other = MakeOther(topic, kRightReceive);
  const Handle subscription = Subscribe(other.core(), other.handle);
  Call(Syscall::handle_revoke, topic);
  EXPECT_EQ(Map(other.core(), subscription, 0).error(), Error::bad_state);
}

}  // namespace
}  // namespace ipc
