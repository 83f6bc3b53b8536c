#include "kernel/object/lock.h"

#include <atomic>
#include <climits>

#include "libipc/base/futex.h"

namespace kernel {

Result<std::unique_ptr<Lock>> Lock::Create(Region& region, uint64_t offset) {
  KP_ASSIGN(UniqueFd memory,
            base::CreateMemory("keyport-roster", abi::kLockBytes));
  KP_ASSIGN(base::Mapping mapping,
            base::Mapping::Map(memory.get(), 0, abi::kLockBytes,
                               base::Access::kReadWrite));
  KP_TRY(base::SealMemory(memory.get(), base::Seal::kSingleWriter));
  return std::unique_ptr<Lock>(
      new Lock(region, offset, std::move(memory), std::move(mapping)));
}

LockMember& Lock::Add(Session& session, Capability& capability,
                      uint32_t number) {
  uint32_t slot = 0;
  while (slots_[slot] != nullptr) ++slot;
  slots_[slot] = std::make_unique<LockMember>(
      LockMember{&session, &capability, this, slot, number});
  ++members_;
  std::atomic_ref<uint32_t>(roster().members[slot]).store(number);
  const std::atomic_ref<uint32_t> used(roster().slots);
  if (used.load() <= slot) used.store(slot + 1);
  return *slots_[slot];
}

void Lock::Remove(LockMember& member) {
  const uint32_t slot = member.slot;
  std::atomic_ref<uint32_t>(roster().members[slot]).store(0);
  std::atomic_ref<uint32_t>(roster().deaths).fetch_add(1);
  base::WakeWord(&roster().deaths, INT_MAX);
  --members_;
  slots_[slot].reset();
}

}  // namespace kernel
