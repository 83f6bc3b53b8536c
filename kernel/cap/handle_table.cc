#include "kernel/cap/handle_table.h"

namespace kernel {
namespace {

constexpr uint32_t kSlotMask = abi::kHandleSlotsMax - 1;

uint16_t Generation(Handle handle) {
  return static_cast<uint16_t>(handle >> abi::kHandleSlotBits);
}

uint16_t After(uint16_t generation) {
  return generation + 1u == abi::kHandleGenerations
             ? uint16_t{1}
             : static_cast<uint16_t>(generation + 1);
}

}  // namespace

Capability* HandleTable::Find(Handle handle) const {
  const uint32_t slot = handle & kSlotMask;
  if (slot >= slots_.size()) return nullptr;
  if (slots_[slot].generation != Generation(handle)) return nullptr;
  return At(slot);
}

HandleFate HandleTable::FateOf(Handle handle) const {
  if (handle == abi::kNoHandle) return HandleFate::zero;
  const uint32_t number = handle & kSlotMask;
  const uint16_t generation = Generation(handle);
  if (number >= slots_.size() || generation == 0)
    return HandleFate::never_given;
  const Slot& slot = slots_[number];
  // The one before the slot's next value ended last; older ones are stale,
  // and those to come were never given as far as one can tell.
  if (After(generation) == slot.generation) return slot.fate;
  return generation < slot.generation ? HandleFate::stale
                                      : HandleFate::never_given;
}

Handle HandleTable::Insert(const Capability& capability) {
  uint32_t number;
  if (free_.empty()) {
    number = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    number = free_.front();
    free_.pop_front();
  }
  slots_[number].capability = capability.index;
  ++size_;
  return number | uint32_t{slots_[number].generation} << abi::kHandleSlotBits;
}

void HandleTable::Remove(Handle handle, HandleFate fate) {
  Slot& slot = slots_[handle & kSlotMask];
  slot.capability = 0;
  slot.generation = After(slot.generation);
  slot.fate = fate;
  free_.push_back(handle & kSlotMask);
  --size_;
}

}  // namespace kernel
