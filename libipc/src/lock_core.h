// LockCore: a RegionLock's part that does not move. Lets the threads of this
// process share one member's slot of the lock: one of them at a time takes or
// waits for the slot, the others wait here, in the order they came.
//
//   kFree --a thread--> kTaking --got it--> kShared or kExclusive
//     ^                    |                     |
//     +---- deadline ------+---- the last one ---+
//
// A slot that was given back is taken anew for the next thread, so that other
// processes get their turn.
#pragma once

#include <atomic>
#include <deque>
#include <memory>

#include "absl/container/inlined_vector.h"
#include "ipc/region_lock.h"
#include "libipc/base/biased_mutex.h"
#include "libipc/base/slot_lock.h"
#include "region_watch.h"
#include "session_core.h"

namespace ipc {

class LockCore : private base::SlotLock::Watch {
 public:
  enum class Mode { kShared, kExclusive };

  // Where a member's words are.
  struct Place {
    Handle region;
    uint64_t offset;
    uint32_t slot;
    uint32_t member;
  };
  LockCore(std::shared_ptr<SessionCore> session, const Place& place,
           std::unique_ptr<RegionWatch> watch, base::Mapping page,
           base::Mapping roster);
  ~LockCore() override;

  absl::StatusOr<LockGuard> Lock(Mode mode, Deadline deadline);
  void Unlock(uint32_t thread);
  void Repaired();

 private:
  using Got = base::SlotLock::Got;
  enum class Use { kFree, kTaking, kShared, kExclusive };
  enum Turn : uint32_t { kWaits, kTakes, kJoined };
  struct Waiter {
    Mode mode;
    uint32_t thread;
    std::atomic<uint32_t> turn{kWaits};
  };

  bool IsOver() const override { return session_->over() != Error::ok; }
  // With the mutex.
  bool Holds(uint32_t thread) const;
  bool TakeAtOnce(Mode mode, uint32_t thread);
  void PassOn();
  void JoinReaders();
  static void Tell(Waiter& waiter, Turn turn);

  absl::StatusOr<LockGuard> WaitHere(Mode mode, uint32_t thread,
                                     Deadline deadline);
  absl::StatusOr<LockGuard> TakeSlot(Mode mode, uint32_t thread,
                                     Deadline deadline);
  absl::Status StatusOf(Got got, Deadline deadline) const;
  absl::Status WhyLost() const;

  const std::shared_ptr<SessionCore> session_;
  const Place place_;
  const std::unique_ptr<RegionWatch> watch_;  // of the page
  const base::Mapping page_;
  const base::Mapping roster_;
  base::BiasedMutex mutex_;
  // Used by whoever holds the mutex, or takes the slot (kTaking).
  base::SlotLock slot_;
  // Guarded by the mutex.
  Use use_ = Use::kFree;
  absl::InlinedVector<uint32_t, 4> holders_;  // threads
  std::deque<Waiter*> queue_;
};

}  // namespace ipc
