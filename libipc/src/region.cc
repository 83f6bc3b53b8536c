#include "ipc/region.h"

#include "absl/strings/str_cat.h"
#include "ipc/session.h"
#include "region_watch.h"
#include "session_core.h"

namespace ipc {

const char* PagesName(RegionPages pages) {
  switch (pages) {
    case RegionPages::kNormal:
      return "normal pages";
    case RegionPages::kAdvised:
      return "huge pages where there are some when it is touched";
    case RegionPages::kReserved:
      return "huge pages, set aside";
  }
  return "unknown";
}

const char* StateName(RegionState state) {
  switch (state) {
    case RegionState::kWhole:
      return "whole";
    case RegionState::kDestroying:
      return "destroying";
    case RegionState::kErased:
      return "erased";
    case RegionState::kKept:
      return "kept";
  }
  return "unknown";
}

namespace {

uint32_t OptionBits(const RegionOptions& options) {
  uint32_t bits = 0;
  if (options.bytes_most != 0) bits |= abi::kRegionGrowable;
  if (options.huge_pages == HugePages::kIfThereAre)
    bits |= abi::kRegionHugePages;
  if (options.erasable == Erasable::kAlways) bits |= abi::kRegionErasable;
  return bits;
}

RegionInfo InfoOf(const abi::RegionFacts& facts) {
  return {.bytes = facts.bytes,
          .guarantee = static_cast<Guarantee>(facts.guarantee),
          .grants = facts.grants,
          .object_id = facts.id,
          .bytes_most = facts.bytes_most,
          .growable = (facts.options & abi::kRegionGrowable) != 0,
          .writers = facts.writers,
          .sessions = facts.sessions,
          .pages = static_cast<RegionPages>(facts.pages),
          .state = static_cast<RegionState>(facts.state)};
}

// A call on a region's capability, or why there was none.
absl::StatusOr<Answer> CallOn(const Capability& capability, abi::Syscall call,
                              const CallArguments& arguments = {}) {
  if (!capability.valid())
    return MakeStatus(Error::bad_handle, "this Region is empty");
  Answer answer =
      capability.session()->Call(call, capability.handle(), arguments);
  if (answer.error() != Error::ok)
    return StatusOfAnswer(call, capability.handle(), answer);
  return answer;
}

absl::Status SealRegion(const Capability& capability, abi::SealMode mode) {
  return CallOn(capability, abi::Syscall::region_seal, {.options = mode})
      .status();
}

}  // namespace

absl::StatusOr<Region> Region::Create(const Session& session, uint64_t bytes) {
  return Create(session.core(), {.bytes = bytes});
}

absl::StatusOr<Region> Region::Create(const Session& session,
                                      const RegionOptions& options) {
  return Create(session.core(), options);
}

absl::StatusOr<Region> Region::Create(const std::shared_ptr<SessionCore>& core,
                                      uint64_t bytes) {
  return Create(core, {.bytes = bytes});
}

absl::StatusOr<Region> Region::Create(const std::shared_ptr<SessionCore>& core,
                                      const RegionOptions& options) {
  if (core->account() == abi::kNoHandle)
    return MakeStatus(Error::not_found,
                      "this session has no account to charge memory to; it "
                      "needs an initial capability named 'account'");
  const Answer answer =
      core->Call(abi::Syscall::region_create, core->account(),
                 {.options = OptionBits(options),
                  .args = {options.bytes, options.bytes_most}});
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
  const absl::StatusOr<Answer> answer =
      CallOn(capability_, abi::Syscall::region_info);
  if (!answer.ok()) return answer.status();
  const absl::StatusOr<abi::RegionFacts> facts = FactsOf(*answer);
  if (!facts.ok()) return facts.status();
  return InfoOf(*facts);
}

absl::Status Region::SealSingleWriter() const {
  return SealRegion(capability_, abi::kSealSingleWriter);
}

absl::Status Region::SealImmutable() const {
  return SealRegion(capability_, abi::kSealImmutable);
}

absl::StatusOr<ReadGrant> Region::GrantRead(Enforcement enforcement) const {
  const absl::StatusOr<RegionInfo> info = Info();
  if (!info.ok()) return info.status();
  if (info->guarantee == Guarantee::kNone &&
      enforcement == Enforcement::kRequired)
    return MakeStatus(
        Error::bad_state,
        absl::StrCat(
            "read-only cannot be enforced: ", NotEnforced(info->guarantee),
            "; seal the region first, or ask for kWhatThereIs"));
  absl::StatusOr<Capability> copy =
      capability_.Duplicate(kRightRead | kRightMap | kRightTransfer);
  if (!copy.ok()) return copy.status();
  return ReadGrant{*std::move(copy), info->guarantee, info->writers};
}

absl::Status Region::Grow(uint64_t bytes) {
  const absl::StatusOr<Answer> answer =
      CallOn(capability_, abi::Syscall::region_grow, {.args = {bytes}});
  if (answer.ok()) bytes_ = answer->value(0);
  return answer.status();
}

absl::Status Region::Fix() const {
  return CallOn(capability_, abi::Syscall::region_grow,
                {.options = abi::kRegionGrowNoMore})
      .status();
}

absl::StatusOr<DestroyReceipt> Region::DestroyContents() const {
  const absl::StatusOr<Answer> answer =
      CallOn(capability_, abi::Syscall::region_destroy);
  if (!answer.ok()) return answer.status();
  return DestroyReceipt{answer->value(0), answer->value(1), answer->value(2),
                        static_cast<RegionState>(answer->value(3))};
}

absl::StatusOr<Region> Region::Copy(RegionPart part) const {
  const absl::StatusOr<Mapping> from = MapRead(part);
  if (!from.ok()) return from.status();
  absl::StatusOr<Region> copy =
      Create(capability_.session(), from->bytes().size());
  if (!copy.ok()) return copy;
  {
    const absl::StatusOr<Mapping> to = copy->MapWrite();
    if (!to.ok()) return to.status();
    const auto room = to->bytes().first(from->bytes().size());
    if (absl::Status status = from->Read(0, room); !status.ok()) return status;
  }
  if (absl::Status status = copy->SealImmutable(); !status.ok()) return status;
  return copy;
}

}  // namespace ipc
