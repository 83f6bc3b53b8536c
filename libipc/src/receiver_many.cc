// The part of ReceiverCore that takes many messages at once.
#include "lane_fast.h"
#include "receiver_core.h"

namespace ipc {

using Found = LaneBands::Found;

absl::StatusOr<size_t> ReceiverCore::ReceiveBatch(std::span<Message> into,
                                                  Deadline deadline) {
  if (into.empty())
    return MakeStatus(Error::invalid_args,
                      "there is no place to receive into: pass at least one "
                      "Message");
  const ThreadFlow before = t_flow;
  absl::StatusOr<Message> first = Receive(deadline);
  if (!first.ok()) return first.status();
  t_flow = before;
  // What they held ends before the lock is taken: that may call the kernel
  // process.
  for (Message& old : into) old = Message();
  into[0] = *std::move(first);
  size_t count = 1;
  {
    std::lock_guard lock(mutex_);
    while (count < into.size() && MayTryTake()) {
      StatePtr state = TryTakeInTurn();
      if (state == nullptr) break;
      into[count++] = Message(std::move(state));
    }
  }
  for (Message& message : into.first(count).subspan(1))
    TraceIfWanted(*message.state_);
  return count;
}

// Whether the lane in front is one that may have messages; it is looked for
// among those of the band that were not passed yet.
bool ReceiverCore::TurnToShow(ActiveLanes& band, size_t* passed) {
  if (!MayTryTake()) return false;
  for (; (*passed)++ < band.size(); band.Next())
    if (!band.FrontLooksIdle()) return true;
  return false;
}

// Shows what lanes of one band have.
size_t ReceiverCore::TryShow(Look look, size_t most) {
  size_t count = 0;
  {
    std::unique_lock lock(mutex_);
    active_.EachDue([&](ActiveLanes& band) {
      const std::optional<size_t> shown = TryShow(band, look, most, lock);
      count = shown.value_or(0);
      return count > 0 || !shown.has_value() ? Found::kYes : Found::kNo;
    });
  }
  // Another thread may have gone to sleep although records were here.
  if (count > 0) session_->WakeAll();
  return count;
}

// Each lane whose turn it is shows what it has, once.
std::optional<size_t> ReceiverCore::TryShow(
    ActiveLanes& band, Look look, size_t most,
    std::unique_lock<base::BiasedMutex>& lock) {
  size_t count = 0;
  size_t passed = 0;
  while (count < most && TurnToShow(band, &passed)) {
    const LanePtr lane = band.front();
    const uint64_t since = band.takes();
    lock.unlock();
    base::RingReader::Probe next;
    const std::optional<size_t> shown =
        lane->TryInPlace(most - count, look, &next);
    lock.lock();
    // It stays the one whose turn it is, for Receive.
    if (!shown.has_value()) {
      band.Forget(lane);
      if (count == 0) return std::nullopt;
      break;
    }
    band.Know(lane, since, next);
    if (!band.empty()) band.Next();
    if (*shown == 0) continue;
    active_.Took(lane->band(), static_cast<uint32_t>(*shown));
    taken_since_bells_ += static_cast<int>(*shown) - 1;
    count += *shown;
  }
  return count;
}

absl::StatusOr<size_t> ReceiverCore::ReceiveInPlace(Look look,
                                                    Deadline deadline,
                                                    size_t most) {
  if (const size_t count = TryShow(look, most); count > 0) return count;
  const ThreadFlow before = t_flow;
  absl::StatusOr<Message> message = Receive(deadline);
  if (!message.ok()) return message.status();
  MessageInPlace one = {message->label(), message->badge(), message->flow(),
                        message->payload(), &*message};
  look(one);
  t_flow = before;
  return 1;
}

}  // namespace ipc
