// Message: one received message or reply, and the duty to answer it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ipc/capability.h"
#include "ipc/loan.h"
#include "ipc/status.h"

namespace ipc {

class LaneEnd;
class Message;

// A message as it lies in its lane.
struct MessageInPlace {
  uint32_t label = 0;
  uint64_t badge = 0;
  uint64_t flow = 0;
  // Valid while it is looked at. The sender could still change it, unless
  // `message` is set: copy first what must be checked.
  Bytes payload;
  // Set for what is more than bytes (a call, a loan, with capabilities), and
  // for a message that had to be waited for. It may be moved from.
  Message* message = nullptr;
};

// One capability that came with a message.
struct ReceivedCapability {
  Capability capability;  // empty when `error` is not ok
  ObjectKind kind = ObjectKind::none;
  Rights rights = 0;
  Error error = Error::ok;  // revoked: it was taken back on the way
};

// Move-only. Thread: one at a time; may be moved to another thread.
//
// A call that is destroyed unanswered tells its caller "dropped". A payload
// that was lent is given back when the message is destroyed.
class Message {
 public:
  Message() = default;
  Message(Message&&) noexcept = default;
  Message& operator=(Message&&) noexcept = default;
  ~Message() = default;

  // The sender's word for what this is.
  uint32_t label() const;
  // Who sent it: the badge of the capability it came through; 0 for none.
  uint64_t badge() const;
  // On an overwriting port: messages of the same sender right before this one
  // that were overwritten before anybody took them. Else 0.
  uint64_t lost() const;
  // The chain of messages that it belongs to, or of a port with
  // FlowOrigin::kPort the one that begins with it; inherited by what is sent
  // while it is worked on (ipc/flow.h).
  uint64_t flow() const;
  // The payload, valid while the message lives. Own memory of this process,
  // unless is_loan(): then it may lie in the sender's memory, read-only here.
  // Any sender can lend, whatever the size; libipc does from 8 KiB on.
  //
  // A hostile sender can change what it lent at any moment, also between a
  // check and the use of what was checked; an honest one writes the block
  // again only when this message is gone. Whoever does not trust its senders
  // calls MakePrivate() before it checks, or copies out what it checks.
  Bytes payload() const;
  std::string_view text() const { return TextOf(payload()); }
  bool is_loan() const;
  // The lent blocks: the payload of a plain loan; those of a message of several
  // parts, whose payload() is own memory. Also once they are private. Changes
  // under the reader as payload() does.
  std::vector<Bytes> blocks() const;
  // Copies what was lent into this process's own memory, where nobody else can
  // change it, and gives it back at once; payload() and blocks() are then the
  // copies. Nothing to do where nothing was lent.
  // Errors: quota_exceeded (no memory); it stays lent then.
  absl::Status MakePrivate();

  // The capabilities that came with it, in order. They are fetched from the
  // kernel process at the first call. Errors: quota_exceeded when the own
  // table is full (they stay with the message).
  absl::StatusOr<std::vector<ReceivedCapability>> TakeCapabilities();
  size_t capability_count() const;

  // Whether it is a call that still wants its answer.
  bool wants_reply() const;
  // Until when the caller waits.
  Deadline deadline() const;
  // Whether the caller has given up (timed out) or is gone.
  bool IsCancelled() const;

  // Answers the call. Of any size: what does not fit inline is lent. One
  // shot, also when it fails, except for should_wait and timed_out. Does not
  // wait unless it is told to: a caller that does not read its answers must
  // not hold the server.
  // Owns: moves `capabilities` on success; they stay with the caller on error.
  // Errors: bad_state (no call, or answered); stale_reply (the caller gave
  // up); peer_closed; timed_out, should_wait (its reply ring is full).
  absl::Status Reply(Bytes payload, std::span<Capability> capabilities = {},
                     Deadline deadline = Deadline::Immediately());
  absl::Status Reply(std::string_view text) { return Reply(BytesOf(text)); }
  // Answers with a block, without copying it.
  absl::Status ReplyLoan(Loan loan,
                         Deadline deadline = Deadline::Immediately());

  // Turns the right to answer this call into a Reply capability, which another
  // process can have (ipc/reply.h) and which answers in this one's place;
  // afterwards wants_reply() is false. Dropped unused it fails the call with
  // `dropped`. The payload stays readable here.
  // Errors: bad_state (no call, or answered); stale_reply (the caller gave up);
  // peer_closed; quota_exceeded; should_wait (the caller looks at nothing).
  absl::StatusOr<Capability> MoveReply();

  struct State;  // libipc's own
  struct FreeState {
    void operator()(State* state) const noexcept;
  };
  using StatePtr = std::unique_ptr<State, FreeState>;

 private:
  friend class LaneEnd;
  friend class ReceiverCore;
  friend class SenderCore;
  friend struct ThreadFlow;
  explicit Message(StatePtr state) : state_(std::move(state)) {}
  absl::Status ReplyByCapability(Capability moved, Bytes payload,
                                 std::span<Capability> capabilities);
  StatePtr state_;
};

}  // namespace ipc
