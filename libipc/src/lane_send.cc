// The part of LaneEnd that publishes records, and waits for room.
#include <limits.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "lane_end.h"
#include "libipc/base/barrier.h"
#include "libipc/base/copy.h"
#include "libipc/base/socket.h"
#include "thread_table.h"

namespace ipc {
namespace {

// Looks at room beside news before it counts as none.
constexpr int kDoubtsMost = 256;

Error WhenNoTimeLeft(Deadline deadline) {
  return deadline.ns == 0 ? Error::should_wait : Error::timed_out;
}

}  // namespace

uint64_t LaneEnd::RecordPayloadBytes(const Outgoing& record) const {
  const int words = ((record.flags & abi::kRecordToken) != 0) +
                    ((record.flags & abi::kRecordDeadline) != 0) +
                    ((record.flags & abi::kRecordSent) != 0) +
                    ((record.flags & abi::kRecordNumber) != 0) +
                    ((record.flags & abi::kRecordSampled) != 0);
  return record.payload.size() + words * sizeof(uint64_t);
}

bool LaneEnd::RoomNow(uint64_t bytes) {
  return (unusual_ & kTurning) == 0 && HasRoomFor(bytes);
}

// A peer that was cut off but lives may tell of room for another moment. The
// kernel process measures what the next one begins with after it has told of
// the end; so what was seen before there was such news is good. A listener's
// sender stays the same.
bool LaneEnd::LookForRoom(uint64_t bytes) {
  doubts_room_ = false;
  if (!in_.valid()) return false;
  const uint64_t known = out_.known_head();
  const bool has_room = out_.HasRoom(bytes, in_.half().get());
  if (role_ == Role::kReceiver ||
      (!session_->HasUnrouted() && !mailbox_->HasMail()))
    return has_room;
  doubts_room_ = has_room;
  out_.SetKnownHead(known);
  return false;
}

void LaneEnd::WriteRecord(const Outgoing& record, uint64_t bytes) {
  uint8_t* at = out_.Payload();
  const auto copy = overwriting_ ? base::CopyInOver : base::CopySmall;
  auto put = [&](uint16_t flag, uint64_t word) {
    if ((record.flags & flag) == 0) return;
    copy(at, &word, sizeof(word));
    at += sizeof(word);
  };
  put(abi::kRecordToken, record.token);
  put(abi::kRecordDeadline, static_cast<uint64_t>(record.deadline_ns));
  put(abi::kRecordSent, record.sent_at);
  put(abi::kRecordNumber, record.number);
  put(abi::kRecordSampled, record.sample);
  copy(at, record.payload.data(), record.payload.size());
  const abi::RecordHeader header = {
      .stamp = 0,
      .payload_bytes = static_cast<uint32_t>(bytes),
      .flags = record.flags,
      .handle_count = record.handle_count,
      .correlation = record.correlation,
      .label = record.label,
      .flow = record.flow};
  // Bytes between the payload's end and the next line stay as they are: they
  // are this process's own older messages to the same peer, or zero.
  out_.Publish(header);
}

Error LaneEnd::TryPublish(Outgoing& record, CallSlot* slot) {
  if (cut_ != Error::ok) return cut_;
  if (!owed_.empty()) FlushOwed();
  if (!lent_.empty() && role_ == Role::kSender && in_.valid()) PollReplies();
  ChooseSample(record);
  if (!RoomNow(RecordPayloadBytes(record))) return Error::should_wait;
  if (record.sampled_ns != 0) AddSample(record, slot);
  if (slot != nullptr) AddCall(record, *slot);
  for (const LentBlock& lent : record.lent) NoteLent(lent, record.flow);
  if (is_offering_) {
    offered_ = out_.position();
    offer_->Make(offered_);
  }
  WriteRecord(record, RecordPayloadBytes(record));
  CountSent(record.payload.size());
  if (IsFlightDue()) NoteSent(record);
  WakePeerForRecords();
  return Error::ok;
}

// Somebody may have joined, looked and fallen asleep, and the news of it be
// still on its way: where he says that he sleeps is not known here yet.
void LaneEnd::WakeUnknownPeer() {
  base::Count(own_->counters().wakes);
  base::WakeWord(own_->tail_word(), INT_MAX);
  base::RingBell(bell_.get());
}

void LaneEnd::WakeForRecords(uint32_t armed) {
  quiet_sends_ = 0;
  if (unfenced_) GoFenced();
  if (!woken_records_.IsDue(armed, out_.position())) return;
  sampler_.Force();
  base::Count(own_->counters().wakes);
  if ((armed & abi::kArmRecordsFutex) != 0)
    base::WakeWord(own_->tail_word(), INT_MAX);
  if ((armed & abi::kArmRecordsBell) != 0) base::RingBell(bell_.get());
}

// From now on who arms makes sure that what was published is seen. Until he
// can know it, fences go on: this one is the last.
void LaneEnd::GoUnfenced() {
  own_->unfenced().store(1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  unfenced_ = true;
}

void LaneEnd::GoFenced() {
  own_->unfenced().store(0, std::memory_order_release);
  unfenced_ = false;
}

void LaneEnd::MeetPeer() {
  may_unfence_ = base::HasProcessBarriers() &&
                 in_.half()->barrier().load(std::memory_order_relaxed) != 0;
  quiet_sends_ = 0;
  GoFenced();
}

void LaneEnd::WakePeerForRoom(bool fenced) {
  if (fenced) {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    room_told_ = in_.position();
    room_look_due_ = false;
  }
  const uint32_t armed = in_.half()->armed().load(std::memory_order_relaxed);
  if ((armed & abi::kArmRoomFutex) == 0 ||
      !woken_room_.IsDue(armed, in_.position()))
    return;
  base::Count(own_->counters().wakes);
  base::WakeWord(own_->head_word(), INT_MAX);
}

Error LaneEnd::Send(Outgoing& record, CallSlot* slot, Deadline deadline) {
  if (offer_ != nullptr && role_ == Role::kSender)
    return SendOffered(record, slot, deadline);
  if (overwriting_ && role_ == Role::kSender) return SendOverwriting(record);
  return SendQueued(record, slot, deadline);
}

Error LaneEnd::SendQueued(Outgoing& record, CallSlot* slot, Deadline deadline) {
  if (record.payload.size() > inline_max_) return Error::out_of_range;
  bool is_full = false;  // and was counted
  int doubts = 0;
  while (true) {
    const uint32_t seen = session_->epoch();
    if (session_->HasNews()) session_->Pump();
    if (session_->over() != Error::ok) return session_->over();
    std::unique_lock lock(mutex_);
    ProcessMailLocked();
    Error error = TryPublish(record, slot);
    if (error != Error::should_wait) return error;
    // The news may be in another thread's hands.
    if (doubts_room_ && ++doubts <= kDoubtsMost) {
      lock.unlock();
      std::this_thread::yield();
      continue;
    }
    base::Count(own_->counters().full);
    if (deadline.ns <= base::NowNs()) {
      NoteFull();
      return WhenNoTimeLeft(deadline);
    }
    // Before sleeping, a little patience: the peer may be at it.
    const uint64_t bytes = RecordPayloadBytes(record);
    if (in_.valid()) {
      const auto peer = in_.half();
      const uint64_t head = peer->head().load(std::memory_order_acquire);
      lock.unlock();
      const bool moved = room_spinner_.Spin([&] {
        return peer->head().load(std::memory_order_relaxed) != head ||
               session_->HasNews();
      });
      if (moved) continue;
    } else {
      lock.unlock();
    }
    SleepOnHead(seen, deadline, [&] {
      const bool has_room = RoomNow(bytes);
      // Where polling pays, a larger ring would only be colder.
      if (!has_room && !std::exchange(is_full, true)) NoteFull();
      return has_room;
    });
  }
}

}  // namespace ipc
