// HandleTable: one process's names for its capabilities. Generations make a
// stale handle recognisable: a slot gives 4,095 values before one comes again.
// A slot remembers how its last handle ended.
#pragma once

#include <cstdint>
#include <deque>

#include "kernel/cap/capability.h"

namespace kernel {

using abi::HandleFate;

class HandleTable {
 public:
  explicit HandleTable(const CapabilityTree* tree) : tree_(tree) {}

  // Null for what is no handle (any more).
  Capability* Find(Handle handle) const;
  // What became of a value that Find does not know.
  HandleFate FateOf(Handle handle) const;
  bool HasRoom(uint64_t count) const {
    return size_ + count <= abi::kHandleSlotsMax;
  }
  // Room was checked. The caller tells the capability where it is.
  Handle Insert(const Capability& capability);
  void Remove(Handle handle, HandleFate fate);

  uint32_t size() const { return size_; }
  uint32_t slots() const { return static_cast<uint32_t>(slots_.size()); }
  // What is in a slot, or null.
  Capability* At(uint32_t slot) const {
    return tree_->At(slots_[slot].capability);
  }

 private:
  struct Slot {
    Capability::Index capability = 0;
    uint16_t generation = 1;  // never 0, so no handle is 0
    HandleFate fate = HandleFate::never_given;
  };
  static_assert(sizeof(Slot) == 8);

  const CapabilityTree* const tree_;
  std::deque<Slot> slots_;
  std::deque<uint32_t> free_;  // reused in the order they became free
  uint32_t size_ = 0;
};

}  // namespace kernel
