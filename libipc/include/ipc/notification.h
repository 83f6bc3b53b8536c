// Notification: a word without payload, signalled and waited for.
#pragma once

#include <cstdint>

#include "ipc/capability.h"
#include "libipc/abi/requests.h"

namespace ipc {

class Session;

using abi::NotificationKind;

// Bits: signalling ors them in, waiting takes those of its mask. Counter:
// signalling adds, waiting takes the sum, or one. Latest: signalling replaces,
// waiting takes a word once. What one waiter takes no other gets; who waits
// longest is served first. A wait set says when one can be taken
// (WaitSet::Add with kSignalNotified).
//
// Thread: any.
class Notification {
 public:
  // With every right, charged to the session's account (`notifications`).
  // Errors: not_found (no account); quota_exceeded.
  static absl::StatusOr<Notification> Create(const Session& session,
                                             NotificationKind kind,
                                             uint64_t first = 0);
  // Owns: the capability, on success and on failure. Errors: wrong_type.
  static absl::StatusOr<Notification> Adopt(Capability capability);

  // Rights: Signal. Errors: access_denied; out_of_range (a counter that would
  // overflow; it stays as it is). Waits for the kernel process's word.
  absl::Status Signal(uint64_t word = 1) const;
  // The same without waiting: done in the order it was asked for, also when
  // this process ends right afterwards. Nobody hears of an error.
  void SignalSoon(uint64_t word = 1) const;

  // Waits until something is there and takes it: of bits those of `mask`.
  // Something that is there wins over a passed deadline; nothing is taken when
  // the wait fails. Rights: Wait. Errors: access_denied; should_wait (deadline
  // Immediately); timed_out; canceled, revoked; quota_exceeded (waits);
  // invalid_args (a mask, and it is no word of bits).
  absl::StatusOr<uint64_t> Wait(Deadline deadline = Deadline::Never(),
                                uint64_t mask = 0) const;
  // Takes one of a counter. Errors: as Wait; invalid_args for other kinds.
  absl::Status WaitForOne(Deadline deadline = Deadline::Never()) const;

  const Capability& capability() const { return capability_; }
  Capability TakeCapability() { return std::move(capability_); }

 private:
  explicit Notification(Capability capability)
      : capability_(std::move(capability)) {}
  absl::StatusOr<uint64_t> Take(uint32_t options, uint64_t mask,
                                Deadline deadline) const;
  Capability capability_;
};

}  // namespace ipc
