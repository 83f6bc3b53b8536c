// One process's part in each of the locks that are compared: Read and Write
// call `f` while they hold it.
#pragma once

#include <pthread.h>

#include <cstdint>

#include "bench/common/must.h"
#include "ipc/region_lock.h"
#include "libipc/base/clock.h"
#include "libipc/base/slot_lock.h"

namespace bench {

// In memory that all of them share.
struct LockMemory {
  ipc::abi::LockPage page;
  ipc::abi::LockRoster roster;
  pthread_rwlock_t rwlock;
  pthread_mutex_t mutex;
};
// Free, for so many users. Slots are given as the kernel process gives them.
void Prepare(LockMemory& memory, uint32_t users);

// As a user has it, through the public interface.
class RegionLockUser {
 public:
  explicit RegionLockUser(const ipc::Region& region)
      : lock_(Must(ipc::RegionLock::Attach(region, 0))) {}
  template <typename F>
  void Read(const F& f) {
    const auto held = lock_.LockShared();
    Expect(held.ok() && !held->owner_died(), "the lock");
    f();
  }
  template <typename F>
  void Write(const F& f) {
    const auto held = lock_.LockExclusive();
    Expect(held.ok() && !held->owner_died(), "the lock");
    f();
  }

 private:
  ipc::RegionLock lock_;
};

// Without the part that the threads of a process share.
class SlotUser {
 public:
  SlotUser(LockMemory& memory, uint32_t slot)
      : lock_(&memory.page, &memory.roster, slot, slot + 1, nullptr) {}
  template <typename F>
  void Read(const F& f) {
    Expect(lock_.TryShared() ||
               lock_.Shared(base::kNoDeadline) == base::SlotLock::Got::kShared,
           "the slot");
    f();
    lock_.EndShared();
  }
  template <typename F>
  void Write(const F& f) {
    Expect(lock_.TryExclusive() || lock_.Exclusive(base::kNoDeadline) ==
                                       base::SlotLock::Got::kExclusive,
           "the slot");
    f();
    lock_.EndExclusive();
  }

 private:
  base::SlotLock lock_;
};

class RwlockUser {
 public:
  RwlockUser(LockMemory& memory, uint32_t) : lock_(&memory.rwlock) {}
  template <typename F>
  void Read(const F& f) {
    Expect(pthread_rwlock_rdlock(lock_) == 0, "pthread_rwlock_rdlock");
    f();
    pthread_rwlock_unlock(lock_);
  }
  template <typename F>
  void Write(const F& f) {
    Expect(pthread_rwlock_wrlock(lock_) == 0, "pthread_rwlock_wrlock");
    f();
    pthread_rwlock_unlock(lock_);
  }

 private:
  pthread_rwlock_t* const lock_;
};

// It knows no readers.
class RobustMutexUser {
 public:
  RobustMutexUser(LockMemory& memory, uint32_t) : lock_(&memory.mutex) {}
  template <typename F>
  void Read(const F& f) {
    Write(f);
  }
  template <typename F>
  void Write(const F& f) {
    Expect(pthread_mutex_lock(lock_) == 0, "pthread_mutex_lock");
    f();
    pthread_mutex_unlock(lock_);
  }

 private:
  pthread_mutex_t* const lock_;
};

}  // namespace bench
