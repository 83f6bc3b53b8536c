// Topic: one ring with one publisher, read by many subscribers. Holds who
// publishes and who subscribed; the records are in the publisher's memory.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "kernel/cap/account.h"
#include "kernel/object/attachments.h"
#include "libipc/base/topic_ring.h"

namespace kernel {

class Topic;

class Subscription : public Object {
 public:
  Subscription(uint64_t object_id, Topic* of, uint32_t subscribe_options)
      : Object(ObjectKind::subscription, object_id),
        topic(of),
        options(subscribe_options) {}

  bool reliable() const { return (options & abi::kSubscribeReliable) != 0; }
  bool has_bell() const { return (options & abi::kSubscribeBell) != 0; }

  // Constant after construction.
  Topic* const topic;
  const uint32_t options;
  uint32_t seat = 0;
  uint64_t process = 0;
  Account* charged = nullptr;

  Session* session = nullptr;
  Capability* handle = nullptr;            // null: left
  Capability* topic_capability = nullptr;  // null once it is gone
  UniqueFd memory;                         // its page
  bool ready = false;                      // the page is mapped and sealed
  bool cut = false;
  bool closed_told = false;  // that nobody can publish any more
  bool queued = false;       // to be settled
  uint64_t told = 0;         // number of the publication that it knows
  uint64_t whole = 0;        // of the one that it was there before
  // Of the one whose blocks it may map; 0: none. And which it was given.
  uint64_t reads = 0;
  std::vector<uint32_t> mapped;
};

class Topic : public Object {
 public:
  // Somebody's publishing, and its memory, which stays for those who come
  // later until somebody else publishes.
  struct Publication {
    uint64_t number = 0;
    Session* session = nullptr;        // null: it is over
    Capability* capability = nullptr;  // null: it is over
    uint64_t process = 0;
    uint64_t key = 0;
    base::TopicEnd start = {0, 1};
    UniqueFd memory;
    std::shared_ptr<base::TopicMemory> ring;  // once it is ready
    Account* charged = nullptr;               // for the memory
    uint32_t readers = 0;  // subscriptions that may map its blocks
    bool ready() const { return ring != nullptr; }
    bool active() const { return capability != nullptr; }
  };
  struct Making {
    std::string name;
    uint32_t options;
    uint32_t ring_bytes;
    uint64_t patience_ns;
  };

  Topic(uint64_t object_id, Making making)
      : Object(ObjectKind::topic, object_id),
        name(std::move(making.name)),
        options(making.options),
        ring_bytes(making.ring_bytes),
        patience_ns(making.patience_ns) {}

  static Charges MemoryCharges(uint32_t ring_bytes) {
    return Charges::Of(AccountItem::bytes, abi::kControlBytes + ring_bytes);
  }
  // How far it has come.
  base::TopicEnd Measure() const {
    return publication.active() && publication.ready()
               ? base::MeasureTopic(publication.ring, end)
               : end;
  }

  // Constant after construction.
  const std::string name;
  const uint32_t options;
  const uint32_t ring_bytes;
  const uint64_t patience_ns;
  uint64_t owner_process = 0;
  Account* charged = nullptr;

  Publication publication;
  base::TopicEnd end = {0, 1};  // of the publications that are over
  std::map<uint64_t, Subscription*> subscriptions;  // by id
  std::set<uint32_t> free_seats;                    // below seats_used
  uint32_t seats_used = 0;
  uint32_t reliable = 0;  // subscriptions
  uint32_t bells = 0;     // subscriptions that have one
  uint64_t cuts = 0;
  Attachments attachments;  // of the publication
  uint32_t publishers = 0;  // capabilities with Send
  bool closed = false;      // there were some, and there are none any more
};

}  // namespace kernel
