#include "kernel/object/topics.h"

#include <fcntl.h>

#include "kernel/object/kernel.h"
#include "kernel/object/reserve.h"

namespace kernel {
namespace {

UniqueFd Copy(const UniqueFd& fd) {
  return UniqueFd(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
}

Charges SubscriptionCharges() {
  return Charges::Of(AccountItem::lanes)
      .Add(AccountItem::bytes, sizeof(abi::SubscriberPage));
}

Answer WithBell(Answer answer, UniqueFd bell) {
  return bell.valid() ? std::move(answer).With(std::move(bell))
                      : std::move(answer);
}

uint32_t TakeSeat(Topic& topic) {
  if (topic.free_seats.empty()) return topic.seats_used++;
  const uint32_t seat = *topic.free_seats.begin();
  topic.free_seats.erase(topic.free_seats.begin());
  return seat;
}

}  // namespace

Answer Topics::Publish(Session& session, Capability& topic_capability) {
  Topic& topic = As<Topic>(*topic_capability.object);
  if (topic.publication.active()) return Error::bad_state;
  const Charges charges = Topic::MemoryCharges(topic.ring_bytes);
  KP_ANSWER(Kernel::RoomIn(*session.account, charges));
  KP_ASSIGN(UniqueFd memory, base::TopicMemory::Create(topic.ring_bytes));
  UniqueFd copy = Copy(memory);
  if (!copy.valid()) return Error::quota_exceeded;

  DropMemory(topic);
  Topic::Publication& publication = topic.publication;
  ++publication.number;
  publication.readers = 0;
  publication.session = &session;
  publication.capability = &topic_capability;
  publication.process = session.id();
  publication.key = RandomKey();
  publication.start = topic.end;
  publication.memory = std::move(memory);
  publication.charged = session.account;
  kernel_->Charge(*session.account, charges);
  topic_capability.Use().publishing = true;
  Answer answer = Answer::Of(publication.key, topic.ring_bytes,
                             topic.end.position, topic.end.sequence);
  answer.Append(abi::PublisherGranted{.topic_id = topic.id,
                                      .patience_ns = topic.patience_ns,
                                      .topic_options = topic.options,
                                      .reserved = 0});
  return std::move(answer).With(std::move(copy));
}

Answer Topics::Ready(Capability& topic_capability) {
  Topic& topic = As<Topic>(*topic_capability.object);
  Topic::Publication& publication = topic.publication;
  if (publication.capability != &topic_capability || publication.ready())
    return Error::bad_state;
  auto ring = base::TopicMemory::Map(publication.memory.get(), topic.ring_bytes,
                                     publication.key, base::Access::kRead);
  if (!ring.ok()) return Error::quota_exceeded;
  KP_TRY(base::SealMemory(publication.memory.get(), base::Seal::kSingleWriter));
  publication.ring = *std::move(ring);
  uint64_t waiting = 0;
  for (const auto& [id, subscription] : topic.subscriptions) {
    if (subscription->cut || !subscription->ready) continue;
    subscription->whole = publication.number;
    StartReading(*subscription);
    Enqueue(*subscription);
    ++waiting;
  }
  return Answer::Of(waiting);
}

Answer Topics::Subscribe(Session& session, Capability& topic_capability,
                         uint32_t options) {
  Topic& topic = As<Topic>(*topic_capability.object);
  if (topic.subscriptions.size() >= abi::kTopicSubscribersMax)
    return Answer::Failed(Error::quota_exceeded, topic.subscriptions.size(),
                          abi::kTopicSubscribersMax);
  // Each takes one of the publisher's descriptors.
  const bool has_bell = (options & abi::kSubscribeBell) != 0;
  if (has_bell && topic.bells >= abi::kTopicBellsMax)
    return Answer::Failed(Error::quota_exceeded, topic.bells,
                          abi::kTopicBellsMax);
  KP_ANSWER(kernel_->RoomFor(session, 1));
  const Charges charges = SubscriptionCharges();
  KP_ANSWER(Kernel::RoomIn(*session.account, charges));
  KP_ASSIGN(UniqueFd memory, base::SubscriberMemory::Create());
  UniqueFd copy = Copy(memory);
  if (!copy.valid()) return Error::quota_exceeded;

  auto& subscription = kernel_->Add<Subscription>(&topic, options);
  kernel_->Use(topic);
  subscription.seat = TakeSeat(topic);
  subscription.process = session.id();
  subscription.session = &session;
  subscription.memory = std::move(memory);
  subscription.charged = session.account;
  kernel_->Charge(*session.account, charges);
  subscription.topic_capability = &topic_capability;
  topic_capability.Use().subscriptions.push_back(&subscription);
  subscription.handle = kernel_->NewCapability(
      {.object = &subscription, .rights = 0, .made_by = session.id()});
  const Handle handle = kernel_->Place(session, *subscription.handle);
  topic.subscriptions.emplace(subscription.id, &subscription);
  if (subscription.reliable()) ++topic.reliable;
  if (has_bell) ++topic.bells;
  return Answer::Of(handle, subscription.id, subscription.seat)
      .With(std::move(copy));
}

Answer Topics::SubscriptionReady(Subscription& subscription) {
  if (subscription.ready) return Error::bad_state;
  Copies copies;
  if (Unmet(subscription)) {
    KP_ASSIGN(copies, CopiesOf(subscription));
  }
  KP_TRY(
      base::SealMemory(subscription.memory.get(), base::Seal::kSingleWriter));
  subscription.ready = true;
  StartReading(subscription);
  // At once: when this is answered, both sides know of each other.
  if (copies.page.valid()) Introduce(subscription, std::move(copies));
  Settle(subscription);
  return {};
}

Answer Topics::Cut(Capability& topic_capability, uint64_t id) {
  Topic& topic = As<Topic>(*topic_capability.object);
  if (topic.publication.capability != &topic_capability ||
      (topic.options & abi::kTopicCutsSlow) == 0)
    return Error::bad_state;
  const auto found = topic.subscriptions.find(id);
  if (found == topic.subscriptions.end() || !found->second->reliable() ||
      found->second->cut)
    return Error::not_found;
  ++topic.cuts;
  CutOff(*found->second, Error::policy_denied);
  return {};
}

void Topics::EndPublishing(Capability& topic_capability) {
  Topic& topic = As<Topic>(*topic_capability.object);
  Topic::Publication& publication = topic.publication;
  topic.end = topic.Measure();
  topic_capability.Use().publishing = false;
  publication.session->Post(abi::Event::publisher_left, topic_capability.handle,
                            Answer::Of(topic.end.position, topic.end.sequence));
  publication.session = nullptr;
  publication.capability = nullptr;
  if (!publication.ready()) DropMemory(topic);
  DropAttachmentsIfUnread(topic);
  for (const auto& [id, subscription] : topic.subscriptions)
    if (subscription->told == publication.number)
      TellSubscriber(*subscription, abi::Event::publisher_left,
                     Answer::Of(topic.end.position, topic.end.sequence));
}

void Topics::DropMemory(Topic& topic) {
  Topic::Publication& publication = topic.publication;
  topic.attachments.Clear(*kernel_);
  if (publication.charged == nullptr) return;
  publication.memory.Reset();
  publication.ring = nullptr;
  kernel_->Refund(*publication.charged, Topic::MemoryCharges(topic.ring_bytes));
  publication.charged = nullptr;
}

void Topics::Drop(Topic& topic) {
  DropMemory(topic);
  kernel_->Refund(*topic.charged, Charges::Of(AccountItem::ports));
}

void Topics::LoseCapability(Subscription& subscription, Ending ending) {
  subscription.topic_capability = nullptr;
  if (!subscription.cut) CutOff(subscription, ErrorOf(ending));
}

void Topics::HandleGone(Subscription& subscription) {
  Topic& topic = *subscription.topic;
  if (!subscription.cut) TellLeft(subscription);
  StopReading(subscription);
  subscription.handle = nullptr;
  subscription.memory.Reset();
  if (subscription.queued) std::erase(queue_, &subscription);
  if (subscription.topic_capability != nullptr)
    std::erase(subscription.topic_capability->Use().subscriptions,
               &subscription);
  topic.subscriptions.erase(subscription.id);
  topic.free_seats.insert(subscription.seat);
  if (subscription.reliable()) --topic.reliable;
  if (subscription.has_bell()) --topic.bells;
  kernel_->Refund(*subscription.charged, SubscriptionCharges());
  kernel_->Unuse(topic);
}

void Topics::CutOff(Subscription& subscription, Error why) {
  TellLeft(subscription);
  StopReading(subscription);
  subscription.cut = true;
  TellSubscriber(subscription, abi::Event::subscription_cut,
                 Answer::Of(static_cast<uint64_t>(why)));
}

// To the publisher, which may not have heard of it yet.
void Topics::TellLeft(const Subscription& subscription) {
  const Topic::Publication& publication = subscription.topic->publication;
  if (!publication.active() || !publication.ready() || !subscription.ready)
    return;
  publication.session->Post(abi::Event::subscriber_left,
                            publication.capability->handle,
                            Answer::Of(subscription.id));
}

void Topics::TellSubscriber(const Subscription& subscription, abi::Event event,
                            Answer values) {
  if (subscription.handle == nullptr) return;
  subscription.session->Post(event, subscription.handle->handle,
                             std::move(values));
}

void Topics::CountPublishers(Topic& topic, Rights before, Rights after) {
  const bool had = (before & abi::kRightSend) != 0;
  const bool has = (after & abi::kRightSend) != 0;
  topic.publishers += has ? 1u : 0u;
  topic.publishers -= had ? 1u : 0u;
  if (!had || topic.publishers != 0) return;
  topic.closed = true;
  EnqueueAll(topic);
}

void Topics::Enqueue(Subscription& subscription) {
  if (subscription.queued) return;
  subscription.queued = true;
  queue_.push_back(&subscription);
}

void Topics::EnqueueAll(Topic& topic) {
  for (const auto& [id, subscription] : topic.subscriptions)
    Enqueue(*subscription);
}

void Topics::SettleSome() {
  for (uint32_t done = 0; done < kSettledPerTurn && !queue_.empty(); ++done) {
    Subscription& subscription = *queue_.front();
    queue_.pop_front();
    subscription.queued = false;
    Settle(subscription);
  }
}

// Whether somebody publishes whom it was not told of.
bool Topics::Unmet(const Subscription& subscription) {
  const Topic::Publication& publication = subscription.topic->publication;
  return !subscription.cut && publication.ready() &&
         subscription.told != publication.number;
}

void Topics::Settle(Subscription& subscription) {
  Topic& topic = *subscription.topic;
  if (subscription.cut || !subscription.ready) return;
  if (Unmet(subscription)) {
    auto copies = CopiesOf(subscription);
    if (!copies.ok()) {
      starved_.insert(subscription.id);
      return;
    }
    Introduce(subscription, *std::move(copies));
  }
  if (!topic.closed || subscription.closed_told) return;
  subscription.closed_told = true;
  TellSubscriber(subscription, abi::Event::subscription_cut,
                 Answer::Of(static_cast<uint64_t>(Error::peer_closed)));
}

Result<Topics::Copies> Topics::CopiesOf(const Subscription& subscription) {
  if (!Reserve::Held()) return Error::quota_exceeded;
  Copies copies = {.page = Copy(subscription.memory),
                   .ring = Copy(subscription.topic->publication.memory)};
  if (!copies.page.valid() || !copies.ring.valid())
    return Error::quota_exceeded;
  // Of this publisher alone: one that shuts it harms nobody who follows.
  if (subscription.has_bell() && subscription.topic->publication.active()) {
    KP_ASSIGN(copies.bell, base::CreateSocketPair());
  }
  return copies;
}

// The publisher first, so that it knows of a subscriber that begins to read.
void Topics::Introduce(Subscription& subscription, Copies copies) {
  Topic& topic = *subscription.topic;
  const Topic::Publication& publication = topic.publication;
  const bool whole = subscription.whole == publication.number;
  subscription.told = publication.number;
  if (publication.active()) {
    publication.session->Post(
        abi::Event::subscriber_joined, publication.capability->handle,
        WithBell(Answer::Of(subscription.id,
                            subscription.seat |
                                uint64_t{subscription.options} << 32 |
                                (whole ? abi::kSubscriberWaited : 0),
                            subscription.process)
                     .With(std::move(copies.page)),
                 std::move(copies.bell.second)));
    kernel_->Deliver(*publication.session);
  }
  TellSubscriber(
      subscription, abi::Event::publisher_joined,
      WithBell(
          Answer::Of(publication.key,
                     topic.ring_bytes | (whole ? abi::kSubscriberWaited : 0),
                     publication.start.position, publication.start.sequence)
              .With(std::move(copies.ring)),
          std::move(copies.bell.first)));
  if (!publication.active())
    TellSubscriber(subscription, abi::Event::publisher_left,
                   Answer::Of(topic.end.position, topic.end.sequence));
}

void Topics::TryStarved() {
  if (starved_.empty()) return;
  const uint64_t id = *starved_.begin();
  starved_.erase(starved_.begin());
  const auto& all = kernel_->objects(ObjectKind::subscription);
  const auto found = all.find(id);
  if (found == all.end()) return;
  auto& subscription = As<Subscription>(*found->second);
  if (subscription.handle != nullptr) Enqueue(subscription);
}

}  // namespace kernel
