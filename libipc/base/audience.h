// Audience: a topic's subscribers as its publisher sees them. Looks at their
// words, of which it believes none; makes no system call but to ring a bell.
//
// Who sleeps is asked of each, because a word that several could write would
// let one of them keep the others asleep. They are loads of lines that rarely
// change, with nothing waiting for any of them.
#pragma once

#include <cstdint>
#include <vector>

#include "libipc/base/topic_memory.h"
#include "libipc/base/unique_fd.h"
#include "libipc/base/woken.h"

namespace base {

class Audience {
 public:
  enum class Kind { kReliable, kLossy };
  static constexpr uint64_t kNobody = ~uint64_t{0};
  // What a reliable one has done up to a position: read records, or given back
  // the blocks that came with them.
  enum class Progress { kRead, kReleased };

  // `from`: what it has read is at least this, and what it has given back, if
  // it does not say less. `bell`: of one that may sleep on it.
  struct From {
    uint64_t read = 0;
    uint64_t released = 0;
  };
  void Add(uint64_t id, SubscriberMemory page, Kind kind, From from,
           UniqueFd bell = {});
  // False: it is not there.
  bool Remove(uint64_t id);

  bool AnyArmed() const {
    uint32_t any = 0;
    for (const uint32_t* word : armed_)
      any |= std::atomic_ref<uint32_t>(*const_cast<uint32_t*>(word))
                 .load(std::memory_order_relaxed);
    return any != 0;
  }
  // Who sleeps and was not woken yet for what ends at `position`. From then on
  // all of them count as woken: those on bells are, those on the word are to
  // be.
  struct Sleepers {
    bool on_word = false;
    uint32_t rung = 0;  // bells
  };
  Sleepers TakeSleepers(uint64_t position);

  // Where the slowest reliable one is, of a ring that ends at `position`;
  // kNobody if there are none.
  uint64_t LowestHead(uint64_t position);
  // Below this nobody holds a block. Lossy ones are taken to have passed what
  // lies below `overtaken`, which it is if there is nobody.
  uint64_t LowestHeld(uint64_t position, uint64_t overtaken);
  // A reliable one that has not done what lies below: its word, and the value
  // that it had.
  struct Slow {
    uint64_t id = 0;  // 0: nobody is
    const uint32_t* word = nullptr;
    uint32_t value = 0;
  };
  Slow FirstBelow(uint64_t needed, uint64_t position,
                  Progress progress = Progress::kRead);

  // Whether all mind that the publisher makes no fences.
  bool AllMind() const;
  size_t size() const { return members_.size(); }
  size_t reliable() const { return reliable_; }

 private:
  struct Member {
    uint64_t id;
    SubscriberMemory page;
    Kind kind;
    uint64_t head;  // believed: never falls
    uint64_t held;  // as head
    Woken woken;
    UniqueFd bell;
  };
  static uint64_t Look(Member& member, uint64_t position, Progress progress);

  std::vector<const uint32_t*> armed_;  // of members_, in their order
  std::vector<Member> members_;
  size_t reliable_ = 0;
};

}  // namespace base
