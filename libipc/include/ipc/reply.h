// Replier: the right to answer one call, as a capability of its own.
#pragma once

#include <span>

#include "ipc/capability.h"

namespace ipc {

// Made by Message::MoveReply, moved to another process in a message or as an
// initial capability, and used there once. Destroyed unused it fails the call
// with `dropped`. Move-only. Thread: one at a time.
class Replier {
 public:
  // Owns: the capability. Errors (of Adopt): wrong_type.
  static absl::StatusOr<Replier> Adopt(Capability capability);
  explicit Replier(Capability reply) : capability_(std::move(reply)) {}

  // Answers the call. What does not fit into one request goes in a region of
  // its own, charged to this session's account until the caller has read it.
  // Never waits for the caller. Once it has succeeded, or the call is over,
  // the capability is gone.
  // Owns: moves `capabilities` on success; they stay with the caller on error.
  // Errors: bad_handle (used already); stale_reply (the caller gave up);
  // peer_closed (the caller is gone); should_wait (the caller does not read
  // its answers: try again later); those of a message's capabilities;
  // quota_exceeded; not_found (too large, and no account for a region).
  absl::Status Reply(Bytes payload, std::span<Capability> capabilities = {});
  absl::Status Reply(std::string_view text) { return Reply(BytesOf(text)); }

  struct Call {
    uint32_t label = 0;
    uint64_t flow = 0;
    Deadline deadline;  // until when the caller waits
    bool over = false;  // the caller gave up, or is gone
  };
  // Errors: bad_handle.
  absl::StatusOr<Call> Info() const;

  const Capability& capability() const { return capability_; }
  Capability TakeCapability() { return std::move(capability_); }

 private:
  absl::Status Send(Bytes payload, std::span<Capability> capabilities,
                    uint32_t options);
  absl::Status SendInRegion(Bytes payload, std::span<Capability> capabilities);
  Capability capability_;
};

}  // namespace ipc
