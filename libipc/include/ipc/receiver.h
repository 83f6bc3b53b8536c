// Receiver: the receiving side of a port.
#pragma once

#include <memory>

#include "absl/functional/function_ref.h"
#include "ipc/capability.h"
#include "ipc/message.h"

namespace ipc {

class ReceiverCore;

// Thread: any; several threads may receive, each message goes to one.
class Receiver {
 public:
  // Starts to listen. Owns: the capability, on success and on failure.
  // Rights: Receive. Errors: wrong_type; access_denied; bad_state when
  // another process listens and the port is not shareable, or when this
  // session listens to it already.
  static absl::StatusOr<Receiver> Create(Capability port);
  Receiver(Receiver&&) noexcept;
  Receiver& operator=(Receiver&&) noexcept;
  // Stops listening. What was not received stays with the port as long as
  // somebody else holds its Receive right.
  ~Receiver();

  // The next message, in order for each sender; busy senders take turns. The
  // thread acts in its flow then (ipc/flow.h).
  // Errors: timed_out; should_wait (deadline Immediately); canceled (closed
  // meanwhile); revoked; peer_closed (the kernel process is gone).
  // Thread: any; sleeps without using the CPU.
  absl::StatusOr<Message> Receive(Deadline deadline = Deadline::Never());

  // Fills `into` with what is there, waiting only for the first. Returns how
  // many: at least 1. The thread goes on in the flow that it acts in: who
  // works on one of them enters its flow (FlowScope). Errors, Thread: as
  // Receive; invalid_args (`into` is empty).
  absl::StatusOr<size_t> ReceiveBatch(std::span<Message> into,
                                      Deadline deadline = Deadline::Never());
  // Shows up to `most` messages to `look` where they lie, without copying
  // them, waiting only for the first. Returns how many: at least 1. Their room
  // is free again when it returns, not before: `look` should be quick. When the
  // receiver is closed meanwhile the next listener may get them too. `look` is
  // in the flow of the message that it is shown.
  // Errors, Thread: as Receive; `look` must not use this receiver.
  absl::StatusOr<size_t> ReceiveInPlace(
      absl::FunctionRef<void(const MessageInPlace&)> look,
      Deadline deadline = Deadline::Never(), size_t most = 64);

  // Readable while a message may wait (level-triggered): for poll, epoll and
  // event loops. Only poll it; then Receive(Deadline::Immediately()) until it
  // says should_wait. Owned by the receiver. -1 if Linux has no descriptor
  // left.
  int descriptor();

  const Capability& capability() const;
  // Stops listening and gives the capability back, to be handed to another
  // process: it goes on with the next message; nothing is lost, repeated or
  // reordered. Calls that were received here and not answered yet can still be
  // answered here; payloads that were lent with them must not be read any more.
  // Receives that wait end with canceled.
  // Errors: bad_state (closed); quota_exceeded, should_wait (the calls in hand
  // need more Reply capabilities than there is room for: answer some; it goes
  // on listening); those of handle_replace.
  absl::StatusOr<Capability> Release();
  // Ends all waiting Receives with canceled, and listening.
  void Close();

 private:
  explicit Receiver(std::shared_ptr<ReceiverCore> core);
  std::shared_ptr<ReceiverCore> core_;
};

}  // namespace ipc
