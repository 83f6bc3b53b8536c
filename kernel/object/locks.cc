#include "kernel/object/locks.h"

#include "kernel/object/kernel.h"

namespace kernel {

Charges Locks::ChargesOf() { return Region::ChargesOf(abi::kLockBytes); }

Answer Locks::RoomFor(const Session& session, const Lock* lock) const {
  if (session.locks.size() >= abi::kLocksMax)
    return Answer::Failed(Error::quota_exceeded, session.locks.size(),
                          abi::kLocksMax);
  if (lock != nullptr && lock->full())
    return Answer::Failed(Error::quota_exceeded, lock->members(),
                          abi::kLockSlots);
  return Kernel::RoomIn(*session.account, ChargesOf());
}

Answer Locks::Attach(Session& session, Capability& capability,
                     uint64_t offset) {
  auto& region = As<Region>(*capability.object);
  if (offset % abi::kLockBytes != 0) return Error::invalid_args;
  if (offset > region.bytes - abi::kLockBytes)
    return Answer::OutOfRange(0, region.bytes - abi::kLockBytes);
  if (region.guarantee != abi::kGuaranteeNone) return Error::bad_state;
  const auto found = region.locks.find(offset);
  Lock* lock = found != region.locks.end() ? found->second.get() : nullptr;
  KP_ANSWER(RoomFor(session, lock));
  std::unique_ptr<Lock> made;
  if (lock == nullptr) {
    KP_ASSIGN(made, Lock::Create(region, offset));
    lock = made.get();
  }
  KP_ASSIGN(UniqueFd roster, lock->Show());
  KP_ASSIGN(UniqueFd memory, region.Grant(abi::kMapWrite));

  if (made != nullptr) region.locks.emplace(offset, std::move(made));
  if (++last_member_ == 0) ++last_member_;
  LockMember& added = lock->Add(session, capability, last_member_);
  CapabilityUse& use = capability.Use();
  ++use.grants;
  use.locks.push_back(&added);
  session.locks.insert(&added);
  kernel_->NoteGrant(session, region);
  kernel_->Charge(*session.account, ChargesOf());
  return Answer::Of(added.slot, added.number, region.id)
      .With(std::move(roster))
      .With(std::move(memory));
}

Answer Locks::Detach(const Capability& capability, uint64_t offset,
                     uint64_t slot) {
  auto& region = As<Region>(*capability.object);
  const auto found = region.locks.find(offset);
  if (found == region.locks.end()) return Error::not_found;
  LockMember* member = found->second->At(slot);
  if (member == nullptr || member->capability != &capability)
    return Error::not_found;
  End(*member);
  return {};
}

void Locks::End(LockMember& member) {
  Session& session = *member.session;
  Lock& lock = *member.lock;
  std::erase(member.capability->use->locks, &member);
  session.locks.erase(&member);
  lock.Remove(member);
  if (lock.empty()) lock.region.locks.erase(lock.offset);
  kernel_->Refund(*session.account, ChargesOf());
}

void Locks::EndAll(Session& session) {
  while (!session.locks.empty()) End(**session.locks.begin());
}

}  // namespace kernel
