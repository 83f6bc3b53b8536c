// Topics: brings publishers and subscribers together, and tells each of the
// other's end.
//
// Whoever comes only marks subscriptions; Settle tells each marked one, in its
// turn, of the publication, and the publisher of it, once both have mapped
// what they write. What ends is told at once.
#pragma once

#include <deque>
#include <set>

#include "kernel/object/answer.h"
#include "kernel/object/topic.h"
#include "libipc/base/socket.h"

namespace kernel {

class Kernel;
enum class Ending;

class Topics {
 public:
  // Subscriptions settled a turn: each takes up to four descriptors.
  static constexpr uint32_t kSettledPerTurn = 64;

  explicit Topics(Kernel* kernel) : kernel_(kernel) {}

  // ---- Syscalls.
  Answer Publish(Session& session, Capability& topic_capability);
  Answer Ready(Capability& topic_capability);
  Answer Subscribe(Session& session, Capability& topic_capability,
                   uint32_t options);
  Answer SubscriptionReady(Subscription& subscription);
  Answer Cut(Capability& topic_capability, uint64_t subscription);
  // topic_blocks.cc.
  Answer Attach(Capability& topic_capability, Capability& region_capability);
  Answer Detach(Capability& topic_capability, uint64_t number);
  Answer MapAttached(Session& session, Subscription& subscription,
                     uint64_t number);
  Answer MapNoMore(Subscription& subscription, uint64_t key);

  // ---- What happened around topics.
  void EndPublishing(Capability& topic_capability);
  void LoseCapability(Subscription& subscription, Ending ending);
  void HandleGone(Subscription& subscription);
  void CountPublishers(Topic& topic, Rights before, Rights after);
  // It is reaped.
  void Drop(Topic& topic);

  bool HasWork() const { return !queue_.empty(); }
  void SettleSome();
  // Some wait for descriptors, which come back untold: to be tried again from
  // time to time.
  bool starves() const { return !starved_.empty(); }
  void TryStarved();

 private:
  void Enqueue(Subscription& subscription);
  void EnqueueAll(Topic& topic);
  void Settle(Subscription& subscription);
  struct Copies {
    UniqueFd page;
    UniqueFd ring;
    base::SocketPair bell;  // with kSubscribeBell: first the subscriber's
  };
  static Result<Copies> CopiesOf(const Subscription& subscription);
  static bool Unmet(const Subscription& subscription);
  void Introduce(Subscription& subscription, Copies copies);
  void DropMemory(Topic& topic);
  static void StartReading(Subscription& subscription);
  void StopReading(Subscription& subscription);
  void DropAttachmentsIfUnread(Topic& topic);
  void CutOff(Subscription& subscription, Error why);
  void TellLeft(const Subscription& subscription);
  void TellSubscriber(const Subscription& subscription, abi::Event event,
                      Answer values);

  Kernel* const kernel_;
  std::deque<Subscription*> queue_;
  std::set<uint64_t> starved_;  // ids: they may be gone by then
};

}  // namespace kernel
