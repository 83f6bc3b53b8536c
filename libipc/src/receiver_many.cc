// The part of ReceiverCore that takes many messages at once.
#include "lane_fast.h"
#include "receiver_core.h"

namespace ipc {

absl::StatusOr<size_t> ReceiverCore::ReceiveBatch(std::span<Message> into,
                                                  Deadline deadline) {
  if (into.empty())
    return MakeStatus(Error::invalid_args,
                      "there is no place to receive into: pass at least one "
                      "Message");
  absl::StatusOr<Message> first = Receive(deadline);
  if (!first.ok()) return first.status();
  LeaveFlow(first->flow());
  first->state_->in_flow = false;
  // What they held ends before the lock is taken: that may call the kernel
  // process.
  for (Message& old : into) old = Message();
  into[0] = *std::move(first);
  size_t count = 1;
  std::lock_guard lock(mutex_);
  while (count < into.size() && MayTryTake()) {
    StatePtr state = TryTakeInTurn();
    if (state == nullptr) break;
    into[count++] = Message(std::move(state));
  }
  return count;
}

// Whether the lane in front is one that may have messages; it is looked for
// among those that were not passed yet.
bool ReceiverCore::TurnToShow(size_t* passed) {
  if (!MayTryTake()) return false;
  for (; (*passed)++ < active_.size(); NextLane())
    if (!active_.FrontLooksIdle()) return true;
  return false;
}

// Each lane whose turn it is shows what it has, once.
size_t ReceiverCore::TryShow(
    absl::FunctionRef<void(const MessageInPlace&)> look, size_t most) {
  size_t count = 0;
  size_t passed = 0;
  std::unique_lock lock(mutex_);
  while (count < most && TurnToShow(&passed)) {
    const LanePtr lane = active_.front();
    const uint64_t since = active_.takes();
    lock.unlock();
    base::RingReader::Probe next;
    const std::optional<size_t> shown =
        lane->TryInPlace(most - count, look, &next);
    lock.lock();
    // It stays the one whose turn it is, for Receive.
    if (!shown.has_value()) {
      active_.Forget(lane);
      break;
    }
    active_.Know(lane, since, next);
    if (!active_.empty()) NextLane();
    if (*shown > 0) taken_since_bells_ += static_cast<int>(*shown) - 1;
    count += *shown;
  }
  lock.unlock();
  // Another thread may have gone to sleep although records were here.
  if (count > 0) session_->WakeAll();
  return count;
}

absl::StatusOr<size_t> ReceiverCore::ReceiveInPlace(
    absl::FunctionRef<void(const MessageInPlace&)> look, Deadline deadline,
    size_t most) {
  if (const size_t count = TryShow(look, most); count > 0) return count;
  absl::StatusOr<Message> message = Receive(deadline);
  if (!message.ok()) return message.status();
  MessageInPlace one = {message->label(), message->badge(), message->flow(),
                        message->payload(), &*message};
  look(one);
  return 1;
}

}  // namespace ipc
