// Lock: who uses one region lock, and the roster that tells it to
// those who use the lock. The lock itself lies in the region, which the kernel
// process never maps: death is told by the roster, and what it means is worked
// out by the living (libipc/base/slot_lock.h).
//
//   Region --locks--> Lock --slots--> LockMember <--locks-- Capability
//                                                    <--locks-- Session
#pragma once

#include <array>
#include <memory>

#include "kernel/cap/account.h"
#include "libipc/abi/lock.h"
#include "libipc/base/memory.h"

namespace kernel {

class Region;
class Lock;

// Ends with its session, or with the use of its capability.
struct LockMember {
  Session* session;
  Capability* capability;
  Lock* lock;
  uint32_t slot;
  uint32_t number;  // never given again
};

class Lock {
 public:
  // With an empty roster. Errors: quota_exceeded.
  static Result<std::unique_ptr<Lock>> Create(Region& region, uint64_t offset);

  bool full() const { return members_ == abi::kLockSlots; }
  bool empty() const { return members_ == 0; }
  uint32_t members() const { return members_; }
  // A descriptor to read the roster with. Errors: quota_exceeded.
  Result<UniqueFd> Show() const;
  // Not when it is full.
  LockMember& Add(Session& session, Capability& capability, uint32_t number);
  // Tells all who use the lock.
  void Remove(LockMember& member);
  // Null if there is none.
  LockMember* At(uint64_t slot) const {
    return slot < slots_.size() ? slots_[slot].get() : nullptr;
  }

  Region& region;
  const uint64_t offset;

 private:
  Lock(Region& where, uint64_t place, UniqueFd reader, base::Mapping mapping)
      : region(where),
        offset(place),
        reader_(std::move(reader)),
        mapping_(std::move(mapping)) {}
  abi::LockRoster& roster() const {
    return *reinterpret_cast<abi::LockRoster*>(mapping_.data());
  }

  // Of the roster: opened before anybody else has it, and could forbid it.
  UniqueFd reader_;
  base::Mapping mapping_;
  uint32_t members_ = 0;
  std::array<std::unique_ptr<LockMember>, abi::kLockSlots> slots_;
};

}  // namespace kernel
