// HandleTable: one process's names for its capabilities. Generations make a
// stale handle recognisable: a slot gives 4,095 values before one comes again.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "kernel/cap/capability.h"

namespace kernel {

class HandleTable {
 public:
  // Null for what is no handle (any more).
  Capability* Find(Handle handle) const;
  bool HasRoom(uint64_t count) const {
    return size_ + count <= abi::kHandleSlotsMax;
  }
  // Room was checked.
  Handle Insert(Capability* capability);
  void Remove(Handle handle);

  uint32_t size() const { return size_; }
  uint32_t slots() const { return static_cast<uint32_t>(slots_.size()); }
  // What is in a slot, or null.
  Capability* At(uint32_t slot) const { return slots_[slot].capability; }

 private:
  struct Slot {
    Capability* capability = nullptr;
    uint32_t generation = 1;  // never 0, so no handle is 0
  };

  std::vector<Slot> slots_;
  std::deque<uint32_t> free_;  // reused in the order they became free
  uint32_t size_ = 0;
};

}  // namespace kernel
