// Sender: the sending side of a port. Send and Call.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "ipc/capability.h"
#include "ipc/loan.h"
#include "ipc/message.h"

namespace ipc {

class SenderCore;

// Whether a call looks, before it sleeps, if it would close a cycle of calls
// that wait for one another. It costs a syscall of the kernel process for each
// call that sleeps. What can be known of others is what their libipc says; a
// thread that has not received or called yet is not known.
enum class Deadlocks { kIgnore, kDetect };

struct SendOptions {
  uint32_t label = 0;
  // Moved on success, untouched on failure. At most kMessageHandlesMax.
  std::span<Capability> capabilities = {};
  // For Send: until when to wait for room. For Call: until when to wait for
  // room and for the answer; it travels with the call.
  Deadline deadline = Deadline::Never();
  Deadlocks deadlocks = Deadlocks::kIgnore;  // for Call
};

// Thread: any; concurrent calls share the lane.
class Sender {
 public:
  // Owns: the capability, on success and on failure. Makes no lane yet: that
  // is done at the first use. Rights: Send.
  // Errors: wrong_type; access_denied.
  static absl::StatusOr<Sender> Create(Capability port);
  Sender(Sender&&) noexcept;
  Sender& operator=(Sender&&) noexcept;
  ~Sender();

  // Queues a message. Whoever listens and learns, in whatever way, that this
  // returned, finds it (rare exceptions: docs/adr/0046).
  // From 8 KiB on it is copied once, into memory that is lent, as long as there
  // is any; so is what is larger than inline.
  //
  // All or nothing: on failure nothing was queued and the capabilities are
  // still the caller's.
  //
  // Errors: timed_out, should_wait (no room by then; the port fails when
  // full); peer_closed; revoked; out_of_range (too many capabilities);
  // bad_handle, access_denied, invalid_args (a capability cannot be moved);
  // quota_exceeded; of an overwriting port out_of_range (more bytes than go
  // inline), bad_state (a call, loans, capabilities).
  //
  // Thread: any; waits when the queue is full.
  absl::Status Send(Bytes payload, const SendOptions& options = {});
  absl::Status Send(std::string_view text, const SendOptions& options = {}) {
    return Send(BytesOf(text), options);
  }
  // Queues one message for each payload, in order, and wakes the receiver once
  // for as many as there is room for. Returns how many were queued: all, or
  // fewer when something ended it after the first. Outside a flow they share a
  // new one. Errors: as Send, and invalid_args (capabilities); nothing was
  // queued then. Thread: any; waits when the queue is full.
  absl::StatusOr<size_t> SendBatch(std::span<const Bytes> payloads,
                                   const SendOptions& options = {});
  // Lends the block; nothing is copied. Owns: the loan, on success; it stays
  // with the caller on failure. Errors: as Send.
  absl::Status SendLoan(Loan& loan, const SendOptions& options = {});

  // A message of several blocks, at most kLoanPartsMax, of any pools, and of
  // bytes beside them that are copied. The receiver gets these as payload()
  // and those as blocks(). Owns: all blocks, on success; on failure they all
  // stay with the caller. Errors: as Send; out_of_range (no blocks or too many,
  // or more bytes than go inline with them); invalid_args (an empty block).
  absl::Status SendParts(Bytes payload, std::span<Loan> blocks,
                         const SendOptions& options = {});

  // Sends a call and waits for its one outcome: the reply or an error.
  // Errors: as Send, and dropped (the server destroyed it unanswered),
  // peer_closed (it took the call and died, or closed); with
  // Deadlocks::kDetect deadlock, whose text tells the path.
  absl::StatusOr<Message> Call(Bytes payload, const SendOptions& options = {});
  absl::StatusOr<Message> Call(std::string_view text,
                               const SendOptions& options = {}) {
    return Call(BytesOf(text), options);
  }
  absl::StatusOr<Message> CallLoan(Loan& loan, const SendOptions& options = {});
  absl::StatusOr<Message> CallParts(Bytes payload, std::span<Loan> blocks,
                                    const SendOptions& options = {});

  // Replies that came after their call was over; they are thrown away.
  uint64_t stale_replies() const;
  const Capability& capability() const;

 private:
  explicit Sender(std::shared_ptr<SenderCore> core);
  std::shared_ptr<SenderCore> core_;
};

}  // namespace ipc
