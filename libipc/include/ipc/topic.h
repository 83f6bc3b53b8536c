// Topics: one publisher, many subscribers, each record written once.
//
// A subscriber is reliable (the publisher waits for it) or lossy (it is
// overrun when it is slow, and told exactly how much it missed). It begins at
// the oldest record that is still there, or with what is published from now
// on. No system call is made while all are busy.
//
//   Capability topic = *CreateTopic(session, {.name = "prices"});
//   Publisher publisher = *Publisher::Create(std::move(topic));
//   publisher.Publish(BytesOf("4711")).IgnoreError();
//
// When the publisher dies another may follow: records are numbered on, and
// subscribers keep their place.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "ipc/capability.h"
#include "ipc/loan.h"

namespace ipc {

class PublisherCore;
class Session;
class SubscriberCore;
class TopicLent;

// What a publisher does about a reliable subscriber that is in its way: wait
// until the publishing's deadline; or wait a while and then cut it.
enum class SlowSubscriber { kWait, kCut };

struct TopicOptions {
  std::string name;  // shown by tools; at most kNameBytesMax - 1 bytes
  // Rounded up to a power of two; 0: the default. A record takes at most half.
  uint32_t ring_bytes = 0;
  SlowSubscriber slow = SlowSubscriber::kWait;
  // Of kCut: how long it is waited for; at most an hour.
  absl::Duration patience = absl::ZeroDuration();
};

// With every right, charged to the session's account (`ports`). To be
// duplicated with Receive for subscribers, with Send for a publisher.
// Errors: not_found (no account); invalid_args; out_of_range; quota_exceeded.
absl::StatusOr<Capability> CreateTopic(const Session& session,
                                       const TopicOptions& options);

// Its own counts.
struct PublisherCounts {
  uint64_t published = 0;
  uint64_t waits = 0;  // for reliable subscribers
  uint64_t cuts = 0;   // subscribers cut because they were too slow
  uint64_t wakes = 0;  // system calls made to wake subscribers
};

// Thread: one at a time.
class Publisher {
 public:
  // Its ring is charged to the session's account (`bytes`). Subscribers that
  // are there already read it from its first record.
  // Rights: Send. Owns: the capability, on success and on failure.
  // Errors: access_denied; wrong_type; bad_state (another publishes);
  // quota_exceeded.
  static absl::StatusOr<Publisher> Create(Capability topic);
  Publisher(Publisher&&) noexcept;
  Publisher& operator=(Publisher&&) noexcept;
  // The end of the publishing: subscribers read what is there.
  ~Publisher();

  // Waits only while reliable subscribers have not read what would be
  // overwritten. Units: at most max_payload() bytes.
  // Errors: out_of_range; should_wait (deadline Immediately) and timed_out
  // while a reliable subscriber is too slow; revoked, canceled; peer_closed
  // (the kernel process is gone).
  absl::Status Publish(Bytes payload, Deadline deadline = Deadline::Never(),
                       uint32_t label = 0);

  // Publishes a block: written once, read by all subscribers where it lies, of
  // any size. It comes back to its pool, which the publisher looks after in
  // Publish, Allocate and blocks_out, when each that got it has let go of it
  // (TopicMessage), died or was cut. Without subscribers it stays, for those
  // who begin at the oldest, until it is overwritten or the room is needed.
  // Owns: the loan, on success; it stays with the caller on failure.
  // Errors: as Publish, but for its size; timed_out and should_wait while a
  // reliable subscriber holds the oldest of 4,096 blocks; invalid_args (an
  // empty block); quota_exceeded (blocks of more than 32 regions).
  absl::Status Publish(Loan& loan, Deadline deadline = Deadline::Never(),
                       uint32_t label = 0);
  // A block of a pool that is used for this topic only. Where there is none,
  // takes back the oldest that is out: at once from lossy subscribers, from
  // reliable ones as Publish does: it waits until the deadline, or cuts them.
  // Errors: as Pool::Allocate.
  absl::StatusOr<Loan> Allocate(Pool& pool, uint64_t bytes,
                                Deadline deadline = Deadline::Never());
  // Blocks that were published and have not come back.
  uint64_t blocks_out();

  uint64_t max_payload() const;
  // That it knows of.
  uint64_t subscribers() const;
  PublisherCounts counts() const;

 private:
  explicit Publisher(std::unique_ptr<PublisherCore> core);
  std::unique_ptr<PublisherCore> core_;
};

enum class Delivery { kReliable, kLossy };
enum class Beginning { kLatest, kOldest };

// Whether it can be waited for among other things: in a WaitSet, or by its
// descriptor. That takes a few descriptors, and one of each publisher's; at
// most abi::kTopicBellsMax subscribers of a topic do.
enum class SubscriberWait { kAlone, kAmongOthers };

struct SubscriberOptions {
  Delivery delivery = Delivery::kReliable;
  Beginning beginning = Beginning::kLatest;
  SubscriberWait wait = SubscriberWait::kAlone;
};

struct TopicMessage {
  // Until the next call on the subscriber. Of a block: as long as a copy of
  // this message lives, which holds it, and the subscriber does.
  Bytes payload;
  uint64_t sequence = 0;  // 1, 2, 3, ... over all publishers of the topic
  uint64_t lost = 0;      // records missed right before this one
  uint32_t label = 0;
  std::shared_ptr<const TopicLent> lent;  // not null: of a block
  // Of a block, after reading: false if it was taken back meanwhile, which
  // befalls lossy subscribers that were overtaken; a reliable one's stays
  // whole. Always true otherwise.
  bool IsWhole() const;
};

struct SubscriberCounts {
  uint64_t taken = 0;
  uint64_t lost = 0;
  uint64_t sleeps = 0;
};

// Thread: one at a time; meanwhile others may wait in a WaitSet that holds it.
class Subscriber {
 public:
  // Its page is charged to the session's account (`lanes`, `bytes`). What is
  // published after this returned it gets. A reliable one that begins at the
  // oldest may lose what a publishing under way overwrites just then; that is
  // counted like any other loss.
  // Rights: Receive. Owns: the capability, on success and on failure.
  // Errors: access_denied; wrong_type; quota_exceeded.
  static absl::StatusOr<Subscriber> Create(Capability topic,
                                           SubscriberOptions options = {});
  Subscriber(Subscriber&&) noexcept;
  Subscriber& operator=(Subscriber&&) noexcept;
  ~Subscriber();

  // The next record. Errors: should_wait (deadline Immediately), timed_out;
  // policy_denied (it was too slow for the topic and is cut); revoked,
  // canceled; peer_closed (nobody can publish any more and all was read; the
  // publisher broke the format; the kernel process is gone).
  absl::StatusOr<TopicMessage> Next(Deadline deadline = Deadline::Never());

  // Of one made to wait among others; else -1. Readable while Next may have
  // something, until it answers should_wait; may be readable without need.
  // Owns: stays the subscriber's.
  int descriptor() const;
  SubscriberCounts counts() const;

 private:
  explicit Subscriber(std::unique_ptr<SubscriberCore> core);
  std::unique_ptr<SubscriberCore> core_;
};

}  // namespace ipc
