#include "ipc/capability.h"

#include <algorithm>

#include "session_core.h"

namespace ipc {
namespace {

absl::Status NoHandle() {
  return MakeStatus(Error::bad_handle,
                    "this Capability is empty: it was moved, closed or never "
                    "given");
}

}  // namespace

Capability::Capability(Capability&& other) noexcept
    : session_(std::move(other.session_)),
      handle_(other.Release()),
      known_(other.known_) {}

Capability& Capability::operator=(Capability&& other) noexcept {
  std::swap(session_, other.session_);
  std::swap(handle_, other.handle_);
  std::swap(known_, other.known_);
  return *this;
}

Capability::~Capability() {
  if (valid()) session_->Post(abi::Syscall::handle_close, handle_);
}

Handle Capability::Release() { return std::exchange(handle_, abi::kNoHandle); }

// Of what was granted: exactly the rights that were asked for.
KnownCapability Capability::KnownWith(Rights rights) const {
  if (known_.kind == ObjectKind::none || rights == kRightsSame) return known_;
  return {known_.kind, rights};
}

absl::StatusOr<Capability> Capability::Duplicate(Rights rights) const {
  if (!valid()) return NoHandle();
  const Answer answer = session_->Call(abi::Syscall::handle_duplicate, handle_,
                                       {.args = {rights}});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::handle_duplicate, handle_, answer);
  return Capability(session_, static_cast<Handle>(answer.value(0)),
                    KnownWith(rights));
}

absl::StatusOr<Capability> Capability::Mint(Rights rights,
                                            uint64_t badge) const {
  return Mint({.rights = rights, .badge = badge});
}

absl::StatusOr<Capability> Capability::MintUntil(Rights rights, uint64_t badge,
                                                 Deadline end) const {
  return Mint({.rights = rights, .badge = badge, .end = end});
}

absl::StatusOr<Capability> Capability::Mint(const MintOptions& options) const {
  if (!valid()) return NoHandle();
  const int64_t end_ns = options.end.ns == base::kNoDeadline
                             ? 0
                             : std::max<int64_t>(options.end.ns, 1);
  Bytes limits;
  if (options.trace_limits)
    limits = std::as_bytes(std::span(&*options.trace_limits, 1));
  const Answer answer =
      session_->Call(abi::Syscall::handle_mint, handle_,
                     {.args = {options.rights, options.badge,
                               static_cast<uint64_t>(end_ns), options.band},
                      .payload = limits});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::handle_mint, handle_, answer);
  return Capability(session_, static_cast<Handle>(answer.value(0)),
                    KnownWith(options.rights));
}

absl::Status Capability::Replace(Rights rights) {
  if (!valid()) return NoHandle();
  const Answer answer =
      session_->Call(abi::Syscall::handle_replace, handle_, {.args = {rights}});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::handle_replace, handle_, answer);
  handle_ = static_cast<Handle>(answer.value(0));
  known_ = KnownWith(rights);
  return absl::OkStatus();
}

absl::StatusOr<RevokeReceipt> Capability::Revoke(uint64_t only_badge) const {
  if (!valid()) return NoHandle();
  const Answer answer =
      session_->Call(abi::Syscall::handle_revoke, handle_,
                     {.options = only_badge != 0 ? abi::kRevokeBadge : 0,
                      .args = {only_badge}});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::handle_revoke, handle_, answer);
  return RevokeReceipt{answer.value(0), answer.value(1), answer.value(2),
                       answer.value(3)};
}

absl::StatusOr<CapabilityInfo> Capability::Info() const {
  if (!valid()) return NoHandle();
  const Answer answer = session_->Call(abi::Syscall::handle_info, handle_);
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::handle_info, handle_, answer);
  CapabilityInfo info;
  info.kind = static_cast<ObjectKind>(answer.value(0) & abi::kInfoKindMask);
  info.band = (answer.value(0) >> abi::kInfoBandShift) & 0xffff;
  info.rights = static_cast<Rights>(answer.value(0) >> 32);
  info.badge = answer.value(1);
  info.object_id = answer.value(2);
  if (answer.value(3) != 0) info.end.ns = static_cast<int64_t>(answer.value(3));
  if (TraceLimits limits; answer.Read(&limits)) info.trace_limits = limits;
  return info;
}

absl::StatusOr<Signals> Capability::Wait(Signals signals,
                                         Deadline deadline) const {
  if (!valid()) return NoHandle();
  const Answer answer = session_->CallUntil(abi::Syscall::object_watch, handle_,
                                            {.args = {signals}}, deadline);
  if (answer.error() == Error::timed_out)
    return MakeStatus(deadline.ns == 0 ? Error::should_wait : Error::timed_out,
                      "none of the signals became true in time");
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::object_watch, handle_, answer);
  return static_cast<Signals>(answer.value(0));
}

absl::Status Capability::Close() {
  if (!valid()) return NoHandle();
  const Handle handle = Release();
  const Answer answer = session_->Call(abi::Syscall::handle_close, handle);
  if (answer.error() == Error::ok) return absl::OkStatus();
  return StatusOfAnswer(abi::Syscall::handle_close, handle, answer);
}

}  // namespace ipc
