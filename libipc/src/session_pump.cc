// SessionCore: emptying the completion ring, and the socket beside it.
#include <cstring>

#include "libipc/abi/handshake.h"
#include "libipc/base/socket.h"
#include "session_core.h"

namespace ipc {

void SessionCore::Pump() {
  if (!HasNews()) return;
  std::unique_lock lock(pump_mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return;
  PumpLocked();
  const auto have_mail = std::exchange(have_mail_, {});
  lock.unlock();
  SubmitLater();
  // Without the lock: the last one to know a reader may destroy it.
  for (const auto& weak : have_mail)
    if (const auto reader = weak.lock()) reader->ProcessMail();
  WakeAll();
}

void SessionCore::PumpLocked() {
  abi::RecordHeader header;
  while (true) {
    const auto state = reader_.Peek(&header);
    if (state == base::RingReader::State::kEmpty) break;
    if (state == base::RingReader::State::kMalformed ||
        header.payload_bytes < sizeof(abi::Completion)) {
      EndWith(Error::peer_closed);
      return;
    }
    Answer answer;
    std::memcpy(&answer.completion, reader_.Payload(),
                sizeof(answer.completion));
    const uint8_t* rest = reader_.Payload() + sizeof(answer.completion);
    answer.payload.assign(
        rest, rest + header.payload_bytes - sizeof(answer.completion));
    reader_.Consume(header, requests_.get());
    const uint64_t end = reader_.position();
    answer.position = end;
    consumed_.store(end, std::memory_order_release);
    if (answer.completion.descriptor_count > 0 &&
        !TakeDescriptors(answer.completion.descriptor_serial,
                         &answer.descriptors)) {
      EndWith(Error::peer_closed);
      return;
    }
    Dispatch(std::move(answer));
    routed_.store(end, std::memory_order_release);
  }
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if ((completions_->armed().load(std::memory_order_relaxed) &
       abi::kArmRoomFutex) != 0)
    RingDoorbell();
}

void SessionCore::Dispatch(Answer answer) {
  if ((answer.completion.number & abi::kEventFlag) != 0) {
    Route(std::move(answer));
    return;
  }
  Then then;
  {
    std::lock_guard lock(submit_mutex_);
    auto found = pending_.find(answer.completion.user_data);
    if (found == pending_.end()) return;
    then = std::move(found->second.then);
    pending_.erase(found);
  }
  then(std::move(answer));
}

bool SessionCore::TakeDescriptors(uint64_t serial,
                                  std::vector<base::UniqueFd>* out) {
  std::lock_guard lock(socket_mutex_);
  while (true) {
    auto found = arrived_.find(serial);
    if (found != arrived_.end()) {
      *out = std::move(found->second);
      arrived_.erase(found);
      return true;
    }
    if (!ReadSocket()) return false;
  }
}

bool SessionCore::ReadSocket() {
  abi::SocketMessage message = {};
  auto got = base::ReceiveMessage(socket_.get(), &message, sizeof(message));
  if (!got.ok() || got->bytes == 0) return false;
  if (got->bytes == sizeof(message) &&
      message.kind == abi::SocketKind::descriptors)
    arrived_[message.serial] = std::move(got->descriptors);
  return true;
}

void SessionCore::DrainBells() {
  std::lock_guard lock(socket_mutex_);
  while (ReadSocket()) {
  }
  if (base::HasHungUp(socket_.get()) && !HasNews()) EndWith(Error::peer_closed);
}

}  // namespace ipc
