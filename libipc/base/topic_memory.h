// The memories of a topic as seen by one process: the publisher's, with its
// ring, and a subscriber's page. Mappings and their words, nothing else.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "libipc/abi/limits.h"
#include "libipc/abi/topic.h"
#include "libipc/base/half.h"
#include "libipc/base/memory.h"

namespace base {

// Shared, because who reads and who sleeps on it look into the same.
class TopicMemory {
 public:
  static Result<UniqueFd> Create(uint32_t ring_bytes);
  // Errors: those of Mapping; invalid_args if the descriptor is no memory of
  // this size that cannot shrink.
  static Result<std::shared_ptr<TopicMemory>> Map(int fd, uint32_t ring_bytes,
                                                  uint64_t key, Access access);

  uint8_t* ring() const { return mapping_.data() + abi::kControlBytes; }
  uint32_t ring_bytes() const { return ring_bytes_; }
  uint64_t key() const { return key_; }

  // The control words; only the publisher stores.
  std::atomic_ref<uint64_t> tail() const { return Word(control()->tail); }
  std::atomic_ref<uint64_t> next_sequence() const {
    return Word(control()->next_sequence);
  }
  std::atomic_ref<uint64_t> oldest() const { return Word(control()->oldest); }
  std::atomic_ref<uint64_t> room_at() const { return Word(control()->room_at); }
  std::atomic_ref<uint64_t> blocks_from() const {
    return Word(control()->blocks_from);
  }
  std::atomic_ref<uint64_t> blocks_at() const {
    return Word(control()->blocks_at);
  }
  std::atomic_ref<uint32_t> barrier() const { return Word(control()->barrier); }
  std::atomic_ref<uint32_t> unfenced() const {
    return Word(control()->unfenced);
  }
  // For tools.
  abi::BlockClaims& lent() const { return control()->lent; }
  uint64_t& lent_from() const { return control()->lent_from; }
  // The tail's low half, as a futex word.
  const uint32_t* tail_word() const {
    return reinterpret_cast<const uint32_t*>(&control()->tail);
  }

 private:
  TopicMemory(Mapping mapping, uint32_t ring_bytes, uint64_t key)
      : mapping_(std::move(mapping)), ring_bytes_(ring_bytes), key_(key) {}
  template <typename T>
  static std::atomic_ref<T> Word(T& word) {
    return std::atomic_ref<T>(word);
  }
  abi::TopicControl* control() const {
    return reinterpret_cast<abi::TopicControl*>(mapping_.data());
  }

  Mapping mapping_;
  const uint32_t ring_bytes_;
  const uint64_t key_;
};

class SubscriberMemory {
 public:
  static Result<UniqueFd> Create();
  // Errors: as TopicMemory::Map.
  static Result<SubscriberMemory> Map(int fd, uint32_t seat, Access access);
  SubscriberMemory() = default;

  bool valid() const { return mapping_.valid(); }
  // Only the subscriber stores.
  std::atomic_ref<uint32_t> armed() const {
    return std::atomic_ref<uint32_t>(sleep().armed);
  }
  const uint32_t& armed_word() const { return sleep().armed; }
  std::atomic_ref<uint32_t> barrier() const {
    return std::atomic_ref<uint32_t>(sleep().barrier);
  }
  std::atomic_ref<uint64_t> head() const {
    return std::atomic_ref<uint64_t>(cursor().head);
  }
  std::atomic_ref<uint64_t> held() const {
    return std::atomic_ref<uint64_t>(cursor().held);
  }
  uint64_t& taken() const { return cursor().taken; }
  uint64_t& lost() const { return cursor().lost; }
  abi::BlockClaims& holding() const { return cursor().holding; }
  // The head's low half, as a futex word.
  const uint32_t* head_word() const {
    return reinterpret_cast<const uint32_t*>(&cursor().head);
  }
  const uint32_t* held_word() const {
    return reinterpret_cast<const uint32_t*>(&cursor().held);
  }

 private:
  SubscriberMemory(Mapping mapping, uint32_t seat)
      : mapping_(std::move(mapping)), place_(abi::SubscriberPlace(seat)) {}
  abi::SubscriberPage* page() const {
    return reinterpret_cast<abi::SubscriberPage*>(mapping_.data());
  }
  abi::SubscriberSleep& sleep() const { return page()->sleep[place_]; }
  abi::SubscriberCursor& cursor() const { return page()->cursor[place_]; }

  Mapping mapping_;
  uint32_t place_ = 0;
};

// By who makes the claim.
inline void Claim(abi::BlockClaims& claims, const abi::BlockClaims& now) {
  SetCount(claims.blocks, now.blocks);
  SetCount(claims.bytes, now.bytes);
  SetCount(claims.since_ns, now.since_ns);
}
// Of somebody else's: nothing is in it that cannot be.
abi::BlockClaims ReadClaim(const abi::BlockClaims& claims);

// What a subscriber says of itself, read without a mapping; zeros where Linux
// does not give them.
struct SubscriberClaims {
  uint64_t taken = 0;
  uint64_t lost = 0;
  uint64_t head = 0;
  uint64_t held = 0;
  abi::BlockClaims holding = {};
};
SubscriberClaims ReadClaims(int fd, uint32_t seat);

}  // namespace base
