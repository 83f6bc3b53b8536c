#include "kernel/cap/handle_table.h"

namespace kernel {
namespace {

constexpr uint32_t kSlotMask = abi::kHandleSlotsMax - 1;

}  // namespace

Capability* HandleTable::Find(Handle handle) const {
  const uint32_t slot = handle & kSlotMask;
  if (slot >= slots_.size()) return nullptr;
  if (slots_[slot].generation != handle >> abi::kHandleSlotBits) return nullptr;
  return slots_[slot].capability;
}

Handle HandleTable::Insert(Capability* capability) {
  uint32_t slot;
  if (free_.empty()) {
    slot = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_.front();
    free_.pop_front();
  }
  slots_[slot].capability = capability;
  ++size_;
  return slot | slots_[slot].generation << abi::kHandleSlotBits;
}

void HandleTable::Remove(Handle handle) {
  Slot& slot = slots_[handle & kSlotMask];
  slot.capability = nullptr;
  slot.generation =
      slot.generation + 1 == abi::kHandleGenerations ? 1 : slot.generation + 1;
  free_.push_back(handle & kSlotMask);
  --size_;
}

}  // namespace kernel
