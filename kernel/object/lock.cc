#include "kernel/object/lock.h"

#include <fcntl.h>

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
  KP_ASSIGN(UniqueFd reader, base::ReopenReadOnly(memory.get()));
  return std::unique_ptr<Lock>(
      new Lock(region, offset, std::move(reader), std::move(mapping)));
}

Result<UniqueFd> Lock::Show() const {
  UniqueFd copy(fcntl(reader_.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return Error::quota_exceeded;
  return copy;
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
