#include "ipc/region_lock.h"

#include "lock_core.h"

namespace ipc {

void LockGuard::Repaired() {
  if (core_ == nullptr || !owner_died_) return;
  core_->Repaired();
  owner_died_ = false;
}

void LockGuard::Unlock() {
  if (core_ != nullptr) std::exchange(core_, nullptr)->Unlock(thread_);
  owner_died_ = false;
}

RegionLock::RegionLock(std::unique_ptr<LockCore> core)
    : core_(std::move(core)) {}
RegionLock::RegionLock(RegionLock&&) noexcept = default;
RegionLock& RegionLock::operator=(RegionLock&&) noexcept = default;
RegionLock::~RegionLock() = default;

absl::StatusOr<RegionLock> RegionLock::Attach(const Region& region,
                                              uint64_t offset) {
  const Capability& capability = region.capability();
  if (!capability.valid())
    return MakeStatus(Error::bad_handle, "this Region is empty");
  const Handle handle = capability.handle();
  const Answer answer = capability.session()->Call(abi::Syscall::lock_attach,
                                                   handle, {.args = {offset}});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::lock_attach, handle, answer);
  if (answer.descriptors.size() != 2 || answer.value(0) >= abi::kLockSlots)
    return MakeStatus(Error::peer_closed, "the kernel process sent no lock");
  auto watch =
      std::make_unique<RegionWatch>(capability.session(), answer.value(2),
                                    capability.session()->regions_destroyed());
  auto roster = base::Mapping::Map(answer.descriptors[0].get(), 0,
                                   abi::kLockBytes, base::Access::kRead);
  auto page = base::Mapping::Map(answer.descriptors[1].get(), offset,
                                 abi::kLockBytes, base::Access::kReadWrite);
  if (!roster.ok() || !page.ok()) {
    capability.session()->Post(abi::Syscall::lock_detach, handle,
                               {.args = {offset, answer.value(0)}});
    return MakeStatus(roster.ok() ? page.error() : roster.error(),
                      "Linux refused the mapping; check the limit on address "
                      "space (ulimit -v)");
  }
  const LockCore::Place place = {handle, offset,
                                 static_cast<uint32_t>(answer.value(0)),
                                 static_cast<uint32_t>(answer.value(1))};
  return RegionLock(
      std::make_unique<LockCore>(capability.session(), place, std::move(watch),
                                 *std::move(page), *std::move(roster)));
}

namespace {

absl::Status EmptyLock() {
  return MakeStatus(Error::bad_handle, "this RegionLock was moved from");
}

}  // namespace

absl::StatusOr<LockGuard> RegionLock::LockShared(Deadline deadline) {
  if (core_ == nullptr) [[unlikely]]
    return EmptyLock();
  return core_->Lock(LockCore::Mode::kShared, deadline);
}

absl::StatusOr<LockGuard> RegionLock::LockExclusive(Deadline deadline) {
  if (core_ == nullptr) [[unlikely]]
    return EmptyLock();
  return core_->Lock(LockCore::Mode::kExclusive, deadline);
}

}  // namespace ipc
