// Capability: owns one handle of this process's table. Move-only; closes it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "ipc/status.h"
#include "libipc/abi/tracing.h"

namespace ipc {

class SessionCore;

// At most so much is traced with a capability: bytes of a message, labels,
// flows of a thread's second (0: any).
using abi::TraceLimits;

// What a capability is and allows.
struct CapabilityInfo {
  ObjectKind kind = ObjectKind::none;
  Rights rights = 0;
  uint64_t badge = 0;      // 0: none
  uint32_t band = 0;       // of the badge
  uint64_t object_id = 0;  // never used again while the kernel process lives
  Deadline end;            // when it goes as if revoked
  std::optional<TraceLimits> trace_limits;
};

// What handle_revoke hit.
struct RevokeReceipt {
  uint64_t capabilities = 0;
  uint64_t lanes = 0;
  uint64_t mappings = 0;  // region descriptors that cannot be taken back
  uint64_t messages = 0;  // capabilities that were in flight
};

// A copy to be minted.
struct MintOptions {
  Rights rights = kRightsSame;
  // That every receiver of its messages sees; 0: the one it has.
  uint64_t badge = 0;
  // Of a port's badge, fixed with it: 0 (the usual) to kBands - 1. A receiver
  // takes messages of higher bands first.
  uint32_t band = 0;
  // At that time the copy, and what was derived from it, goes as if revoked.
  Deadline end;
  // Of what its trace rights allow; within what this one has, always. What asks
  // for more is cut down to it (Tracer::filter). Of a port or the kernel
  // object.
  std::optional<TraceLimits> trace_limits = {};
};

// What is known of a capability without asking: neither changes while its
// handle is good. Kind `none`: nothing is.
struct KnownCapability {
  ObjectKind kind = ObjectKind::none;
  Rights rights = 0;
};

class Capability {
 public:
  Capability() = default;
  // Owns: the handle, which must be this session's.
  Capability(std::shared_ptr<SessionCore> session, Handle handle,
             KnownCapability known = {})
      : session_(std::move(session)), handle_(handle), known_(known) {}
  Capability(Capability&& other) noexcept;
  Capability& operator=(Capability&& other) noexcept;
  // Closes the handle. Thread: any; asks the kernel process without waiting.
  ~Capability();

  bool valid() const { return handle_ != abi::kNoHandle; }
  Handle handle() const { return handle_; }
  const std::shared_ptr<SessionCore>& session() const { return session_; }
  const KnownCapability& known() const { return known_; }

  // A copy with the same or fewer rights; the badge stays.
  // Rights: Duplicate. Errors: bad_handle; access_denied; invalid_args when
  // more rights are asked for than it has; quota_exceeded.
  // Thread: any; waits for the kernel process.
  absl::StatusOr<Capability> Duplicate(Rights rights = kRightsSame) const;

  // A copy with the same or fewer rights and a badge (not 0) that every
  // receiver of its messages sees. Rights: Duplicate. Errors: as Duplicate;
  // invalid_args when it has a badge already.
  absl::StatusOr<Capability> Mint(Rights rights, uint64_t badge) const;

  // The same with a band, an end, or both. Errors: as Mint; invalid_args for a
  // band without a badge, or of what is no port; out_of_range for a band that
  // there is not, or a limit beyond what can be traced; timed_out when the end
  // has passed; invalid_args for limits that leave no label, or of another kind
  // of object.
  absl::StatusOr<Capability> Mint(const MintOptions& options) const;

  // The same with an end: at that time the copy, and what was derived from it,
  // goes as if revoked. The badge may be 0 here: the one it has stays.
  // Errors: as Mint; timed_out when the end has passed.
  absl::StatusOr<Capability> MintUntil(Rights rights, uint64_t badge,
                                       Deadline end) const;

  // Becomes the same capability with the same or fewer rights, under another
  // handle: the old handle's uses (waits, listening, lanes) end with canceled.
  // Errors: bad_handle; invalid_args when more rights are asked for.
  absl::Status Replace(Rights rights = kRightsSame);

  // Destroys everything derived from this capability, in every process and in
  // flight, and keeps this one. With a badge: only what carries it.
  // Rights: Manage. Errors: bad_handle; access_denied.
  absl::StatusOr<RevokeReceipt> Revoke(uint64_t only_badge = 0) const;

  // Errors: bad_handle.
  absl::StatusOr<CapabilityInfo> Info() const;

  // Waits until one of `signals` holds for the object; returns those that do.
  // Rights: Wait. Errors: bad_handle; access_denied; wrong_type when the kind
  // has no such signal; canceled, revoked; timed_out.
  absl::StatusOr<Signals> Wait(Signals signals,
                               Deadline deadline = Deadline::Never()) const;

  // Closes it now and tells what came of it. Errors: bad_handle.
  absl::Status Close();
  // Gives the handle up without closing it.
  Handle Release();

 private:
  KnownCapability KnownWith(Rights rights) const;

  std::shared_ptr<SessionCore> session_;
  Handle handle_ = abi::kNoHandle;
  KnownCapability known_;
};

}  // namespace ipc
