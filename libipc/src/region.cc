#include "ipc/region.h"

#include "ipc/session.h"
#include "session_core.h"

namespace ipc {

const char* GuaranteeName(Guarantee guarantee) {
  switch (guarantee) {
    case Guarantee::kNone:
      return "advisory";
    case Guarantee::kSingleWriter:
      return "single-writer";
    case Guarantee::kImmutable:
      return "immutable";
  }
  return "unknown";
}

absl::StatusOr<Region> Region::Create(const Session& session, uint64_t bytes) {
  return Create(session.core(), bytes);
}

absl::StatusOr<Region> Region::Create(const std::shared_ptr<SessionCore>& core,
                                      uint64_t bytes) {
  if (core->account() == abi::kNoHandle)
    return MakeStatus(Error::not_found,
                      "this session has no account to charge memory to; it "
                      "needs an initial capability named 'account'");
  const Answer answer = core->Call(abi::Syscall::region_create, core->account(),
                                   {.args = {bytes}});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::region_create, core->account(), answer);
  return Region(Capability(core, static_cast<Handle>(answer.value(0))),
                answer.value(1));
}

absl::StatusOr<Region> Region::Adopt(Capability capability) {
  Region region(std::move(capability), 0);
  absl::StatusOr<RegionInfo> info = region.Info();
  if (!info.ok()) return info.status();
  region.bytes_ = info->bytes;
  return region;
}

absl::StatusOr<RegionInfo> Region::Info() const {
  if (!capability_.valid())
    return MakeStatus(Error::bad_handle, "this Region is empty");
  const Answer answer = capability_.session()->Call(abi::Syscall::region_info,
                                                    capability_.handle());
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::region_info, capability_.handle(),
                          answer);
  return RegionInfo{answer.value(0), static_cast<Guarantee>(answer.value(1)),
                    answer.value(2), answer.value(3)};
}

namespace {

absl::StatusOr<Mapping> MapRegion(const Capability& capability,
                                  abi::MapAccess access) {
  if (!capability.valid())
    return MakeStatus(Error::bad_handle, "this Region is empty");
  const Answer answer = capability.session()->Call(
      abi::Syscall::region_map, capability.handle(), {.options = access});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::region_map, capability.handle(),
                          answer);
  if (answer.descriptors.size() != 1)
    return MakeStatus(Error::peer_closed, "the kernel process sent no memory");
  auto mapping =
      base::Mapping::Map(answer.descriptors[0].get(), 0, answer.value(0),
                         access == abi::kMapWrite ? base::Access::kReadWrite
                                                  : base::Access::kRead);
  if (!mapping.ok())
    return MakeStatus(mapping.error(),
                      "Linux refused the mapping; check the limit on address "
                      "space (ulimit -v)");
  return Mapping(*std::move(mapping), static_cast<Guarantee>(answer.value(1)));
}

absl::Status SealRegion(const Capability& capability, abi::SealMode mode) {
  if (!capability.valid())
    return MakeStatus(Error::bad_handle, "this Region is empty");
  const Answer answer = capability.session()->Call(
      abi::Syscall::region_seal, capability.handle(), {.options = mode});
  if (answer.error() == Error::ok) return absl::OkStatus();
  return StatusOfAnswer(abi::Syscall::region_seal, capability.handle(), answer);
}

}  // namespace

absl::StatusOr<Mapping> Region::MapRead() const {
  return MapRegion(capability_, abi::kMapRead);
}
absl::StatusOr<Mapping> Region::MapWrite() const {
  return MapRegion(capability_, abi::kMapWrite);
}
absl::Status Region::SealSingleWriter() const {
  return SealRegion(capability_, abi::kSealSingleWriter);
}
absl::Status Region::SealImmutable() const {
  return SealRegion(capability_, abi::kSealImmutable);
}

}  // namespace ipc
