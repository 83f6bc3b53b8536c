// Locks: becoming a member of a region's lock, and what ends that.
#pragma once

#include "kernel/object/answer.h"
#include "kernel/object/lock.h"

namespace kernel {

class Kernel;

class Locks {
 public:
  explicit Locks(Kernel* kernel) : kernel_(kernel) {}

  // ---- Syscalls.
  Answer Attach(Session& session, Capability& capability, uint64_t offset);
  Answer Detach(const Capability& capability, uint64_t offset, uint64_t slot);

  // The next who takes the lock hears of it.
  void End(LockMember& member);
  void EndAll(Session& session);

  // A member counts as a small region: its roster.
  static Charges ChargesOf();

 private:
  Answer RoomFor(const Session& session, const Lock* lock) const;

  Kernel* const kernel_;
  uint32_t last_member_ = 0;
};

}  // namespace kernel
