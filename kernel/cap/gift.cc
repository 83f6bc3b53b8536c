#include "kernel/cap/gift.h"

#include "kernel/object/kernel.h"

namespace kernel {

Result<Rights> AskedRights(const Capability& capability, uint64_t rights) {
  if (rights == abi::kRightsSame) return capability.rights;
  if ((rights & ~uint64_t{capability.rights}) != 0) return Error::invalid_args;
  return static_cast<Rights>(rights);
}

namespace {

Rights NeededFor(uint32_t mode) {
  return mode == abi::kTransferMove ? abi::kRightTransfer
                                    : abi::kRightDuplicate;
}

}  // namespace

Answer RefusedGift(const Session& session, Error why, Handle handle,
                   uint32_t mode) {
  if (why == Error::bad_handle)
    return Answer::BadHandle(session.handles.FateOf(handle));
  if (why == Error::access_denied) return Answer::Missing(NeededFor(mode));
  return why;
}

Result<Gift> CheckGift(Kernel& kernel, Session& session, Handle handle,
                       Rights rights, uint32_t mode) {
  Capability* capability = kernel.Find(session, handle);
  if (capability == nullptr) return Error::bad_handle;
  if ((capability->rights & NeededFor(mode)) == 0) return Error::access_denied;
  if (mode != abi::kTransferMove && mode != abi::kTransferDuplicate)
    return Error::invalid_args;
  KP_ASSIGN(const Rights asked, AskedRights(*capability, rights));
  return Gift{capability, asked, mode == abi::kTransferMove};
}

Capability* TakeGift(Kernel& kernel, const Session& giver, const Gift& gift) {
  if (!gift.move)
    return kernel.NewCapability({.object = gift.capability->object,
                                 .rights = gift.rights,
                                 .badge = gift.capability->badge,
                                 .parent = gift.capability,
                                 .made_by = giver.id()});
  kernel.TakeOut(*gift.capability);
  kernel.SetRights(*gift.capability, gift.rights);
  return gift.capability;
}

}  // namespace kernel
