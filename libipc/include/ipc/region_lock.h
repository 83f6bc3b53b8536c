// RegionLock: a lock for readers and writers that lies in a region, for the
// processes that map it writable. A process that dies while it holds the lock,
// or waits, or at any point in between, leaves the others working.
//
//   auto lock = ipc::RegionLock::Attach(region, 0);
//   auto held = lock->LockExclusive(ipc::Deadline::After(absl::Seconds(1)));
//   if (!held.ok()) return held.status();
//   if (held->owner_died()) {
//     ... put the data in order ...
//     held->Repaired();
//   }
//
// Free, it is taken and given back without a system call. Writers are
// preferred: readers who come while a writer waits stay behind it. Neither
// side starves: writers pass others who wait for a millisecond, or 16 of them
// if that takes longer; then the readers get it, and after them the writer who
// has waited longest.
//
// The lock is advice among those who keep to it, and its memory is theirs: a
// process that can map the region writable can spoil this lock (make others
// wait until their deadlines, or let two in), as it can spoil the data. It can
// do no more than that.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "ipc/region.h"
#include "libipc/abi/lock.h"

namespace ipc {

class LockCore;

// Holds the lock until it is destroyed or Unlock is called. Move-only; must
// end before its RegionLock. Thread: any, one at a time; it may be another
// than the one that locked.
class LockGuard {
 public:
  LockGuard() = default;
  LockGuard(LockGuard&& other) noexcept { *this = std::move(other); }
  LockGuard& operator=(LockGuard&& other) noexcept {
    std::swap(core_, other.core_);
    std::swap(thread_, other.thread_);
    std::swap(exclusive_, other.exclusive_);
    std::swap(owner_died_, other.owner_died_);
    return *this;
  }
  ~LockGuard() { Unlock(); }

  bool held() const { return core_ != nullptr; }
  // Also when it was asked for shared and owner_died.
  bool exclusive() const { return exclusive_; }
  // Somebody died while holding it exclusively, and the data may be half
  // written. It is held exclusively; without Repaired the next one gets the
  // same.
  bool owner_died() const { return owner_died_; }
  // The data are in order again.
  void Repaired();
  void Unlock();

 private:
  friend class LockCore;
  LockGuard(LockCore* core, uint32_t thread, bool exclusive, bool owner_died)
      : core_(core),
        thread_(thread),
        exclusive_(exclusive),
        owner_died_(owner_died) {}
  LockCore* core_ = nullptr;
  uint32_t thread_ = 0;
  bool exclusive_ = false;
  bool owner_died_ = false;
};

// Move-only. Thread: any; the threads of a process share one.
class RegionLock {
 public:
  // The bytes that it takes at its place. Zeros are a free lock.
  static constexpr uint64_t kBytes = abi::kLockBytes;

  // The lock at `offset`, a multiple of kBytes. It lasts as long as the
  // region's handle: closing, moving or revoking that ends it. Charged to the
  // session's account as a region of kBytes.
  // Rights: Read, Write and Map. Errors: access_denied; invalid_args or
  // out_of_range for the offset; bad_state once the region is sealed;
  // quota_exceeded (the account; abi::kLockSlots users of one lock).
  static absl::StatusOr<RegionLock> Attach(const Region& region,
                                           uint64_t offset);

  RegionLock(RegionLock&&) noexcept;
  RegionLock& operator=(RegionLock&&) noexcept;
  // No guard is left. Asks the kernel process without waiting.
  ~RegionLock();

  // Waits its turn. When a writer died both hold it exclusively and owner_died
  // is set. A lock that is free wins over a passed deadline.
  // Errors: timed_out; should_wait (deadline Immediately); bad_state when this
  // thread holds the lock already: there is no upgrade, give it back first;
  // canceled or revoked when the region's handle went; peer_closed when the
  // kernel process is gone and somebody else holds it.
  absl::StatusOr<LockGuard> LockShared(Deadline deadline = Deadline::Never());
  absl::StatusOr<LockGuard> LockExclusive(
      Deadline deadline = Deadline::Never());
  // Without waiting. Errors: should_wait, else as above.
  absl::StatusOr<LockGuard> TryLockShared() {
    return LockShared(Deadline::Immediately());
  }
  absl::StatusOr<LockGuard> TryLockExclusive() {
    return LockExclusive(Deadline::Immediately());
  }

 private:
  explicit RegionLock(std::unique_ptr<LockCore> core);
  std::unique_ptr<LockCore> core_;
};

}  // namespace ipc
