// The part of LaneEnd that waits: for a reply, and armed for records or room.
#include <algorithm>

#include "lane_fast.h"
#include "libipc/base/barrier.h"
#include "thread_table.h"

namespace ipc {
namespace {

// Between the two looks that tell a deadlock from somebody slow to wake up.
constexpr int64_t kSecondLookNs = 10'000'000;

}  // namespace

void LaneEnd::Await(CallSlot& slot, Deadline deadline) {
  while (true) {
    if (TryTakeReply(slot)) return;
    const uint32_t seen = session_->epoch();
    if (session_->HasNews()) session_->Pump();
    std::unique_lock lock(mutex_);
    PollReplies();
    ProcessMailLocked();
    if (slot.done) {
      if (slot.weight != 0) NoteOutcome(slot);
      const bool unwanted = !unwanted_tokens_.empty();
      lock.unlock();
      if (unwanted) CloseUnwanted();
      return;
    }
    const bool over = session_->over() != Error::ok;
    if (over ||
        (deadline.ns != base::kNoDeadline && deadline.ns <= base::NowNs())) {
      std::erase(calls_, &slot);
      slot.done = true;
      slot.error = over ? session_->over() : Error::timed_out;
      if (slot.weight != 0) NoteOutcome(slot);
      if (slot.moved)
        session_->Later(abi::Syscall::reply_cancel, handle_, slot.correlation);
      else
        Owe({abi::kRecordCancel, slot.correlation, {}});
      return;
    }
    // The half must stay mapped while it is polled without the mutex.
    const std::shared_ptr<base::Half> peer = in_.half();
    const auto probe =
        in_.valid() ? in_.ProbeHere() : base::RingReader::Probe();
    lock.unlock();
    if (peer != nullptr && PollFor(*peer, reply_spinner_, [&] {
          return probe.Ready() || session_->HasNews() || mailbox_->HasMail();
        }))
      continue;
    FutexWaits words;
    if (!ArmRecords(ArmBy::kFutex, &words)) continue;
    bool done;
    {
      std::lock_guard again(mutex_);
      done = slot.done;
    }
    if (!done) {
      const ThreadSleeps sleeps(session_, {.state = abi::ThreadState::calling,
                                           .lane = lane_id_,
                                           .position = slot.position,
                                           .flow = slot.flow,
                                           .lane_port = port_id_});
      // Looking wakes this thread by itself: what came meanwhile is looked at
      // anew before it sleeps.
      uint32_t since = seen;
      int64_t until_ns = deadline.ns;
      if (slot.looks_for_deadlock) {
        if (LookForDeadlock(slot, sleeps.slot()))
          until_ns = std::min(until_ns, base::NowNs() + kSecondLookNs);
        since = session_->epoch();
        std::lock_guard again(mutex_);
        done = slot.done || mailbox_->HasMail();
      }
      if (!done) {
        base::Count(own_->counters().sleeps);
        session_->Sleep(since, words, until_ns);
      }
    }
    DisarmRecords(ArmBy::kFutex);
  }
}

LaneEnd::Poll LaneEnd::PollHere() {
  std::lock_guard lock(mutex_);
  Poll poll;
  if (in_.valid() && (unusual_ & kInPlace) == 0 && !IsOverrun())
    poll = {in_.half(), in_.ProbeHere()};
  return poll;
}

bool LaneEnd::LooksReady() {
  if (session_->HasNews() || mailbox_->HasMail()) return true;
  std::lock_guard lock(mutex_);
  return in_.valid() && HasNext();
}

bool LaneEnd::ArmRecords(ArmBy by, FutexWaits* words) {
  std::lock_guard lock(mutex_);
  if (!owed_.empty()) FlushOwed();
  // The values slept on are older than the arming: see Woken.
  if (in_.valid() && words != nullptr) {
    const uint32_t* tail = in_.half()->tail_word();
    words->push_back({tail, base::ValueOf(tail)});
    if (!owed_.empty()) {
      const uint32_t* head = in_.half()->head_word();
      words->push_back({head, base::ValueOf(head)});
    }
  }
  ++(by == ArmBy::kFutex ? futex_armed_ : bell_armed_);
  if (!owed_.empty()) ++room_armed_;
  UpdateArmed();
  // After the fence: either this is seen here, or the peer, who made a fence
  // after setting it, sees that this side is armed.
  if (in_.valid() &&
      in_.half()->unfenced().load(std::memory_order_acquire) != 0)
    base::FenceProcesses();
  if (!owed_.empty()) --room_armed_;  // the word stays armed until Update
  // Who looks at records where they lie wakes the others when it is done.
  const bool others = by == ArmBy::kFutex && (unusual_ & kInPlace) != 0;
  if (!mailbox_->HasMail() &&
      (others || !in_.valid() || in_.position() >= in_end_ || !HasNext()))
    return true;
  --(by == ArmBy::kFutex ? futex_armed_ : bell_armed_);
  UpdateArmed();
  return false;
}

void LaneEnd::DisarmRecords(ArmBy by) {
  std::lock_guard lock(mutex_);
  sampler_.Force();
  --(by == ArmBy::kFutex ? futex_armed_ : bell_armed_);
  UpdateArmed();
}

void LaneEnd::SleepOnHead(uint32_t seen, Deadline deadline,
                          absl::FunctionRef<bool()> ready) {
  std::unique_lock lock(mutex_);
  // The half stays mapped while it is slept on. The value slept on is older
  // than the arming: see Woken.
  const RoomWatch watch = WatchRoomLocked();
  base::FutexWait word = {};
  if (watch.half != nullptr) word = {watch.half->head_word(), watch.head};
  ++room_armed_;
  UpdateArmed();
  const bool is_ready = ready() || mailbox_->HasMail();
  lock.unlock();
  if (!is_ready) {
    const ThreadSleeps sleeps(session_, {.state = abi::ThreadState::sending,
                                         .lane = lane_id_,
                                         .lane_port = port_id_});
    session_->Sleep(seen, {&word, watch.half != nullptr ? 1u : 0u},
                    deadline.ns);
  }
  DisarmRoom(RoomNeeded::kRing);
}

RoomWatch LaneEnd::WatchRoom() {
  std::lock_guard lock(mutex_);
  return WatchRoomLocked();
}

RoomWatch LaneEnd::WatchRoomLocked() const {
  if (!in_.valid()) return {};
  const auto& peer = in_.half();
  return {peer, base::ValueOf(peer->head_word()),
          base::ValueOf(peer->tail_word())};
}

bool LaneEnd::MayHaveRoom(uint64_t bytes) {
  std::lock_guard lock(mutex_);
  ProcessMailLocked();
  if (cut_ != Error::ok) return true;  // Send tells why
  const bool is_lent = bytes > inline_max_ || bytes >= kLentBytes;
  return RoomNow(is_lent ? sizeof(abi::LoanRef) : bytes) || doubts_room_;
}

void LaneEnd::CountFull() {
  std::lock_guard lock(mutex_);
  base::Count(own_->counters().full);
  NoteFull();
}

void LaneEnd::ArmRoom(RoomNeeded needed) {
  std::lock_guard lock(mutex_);
  ++room_armed_;
  if (needed == RoomNeeded::kRingAndBlock) ++futex_armed_;
  UpdateArmed();
  if (needed == RoomNeeded::kRingAndBlock && in_.valid() &&
      in_.half()->unfenced().load(std::memory_order_acquire) != 0)
    base::FenceProcesses();
}

void LaneEnd::DisarmRoom(RoomNeeded needed) {
  std::lock_guard lock(mutex_);
  --room_armed_;
  if (needed == RoomNeeded::kRingAndBlock) --futex_armed_;
  UpdateArmed();
}

void LaneEnd::UpdateArmed() {
  uint32_t bits = 0;
  if (futex_armed_ > 0) bits |= abi::kArmRecordsFutex;
  if (bell_armed_ > 0) bits |= abi::kArmRecordsBell;
  if (room_armed_ > 0) bits |= abi::kArmRoomFutex;
  if (bits != 0 && base::Spinner::MayPoll()) bits |= abi::kArmPolls;
  if (bits != 0) bits |= ++arm_generation_ * abi::kArmGeneration;
  own_->armed().store(bits, std::memory_order_relaxed);
  if (bits != 0) std::atomic_thread_fence(std::memory_order_seq_cst);
}

}  // namespace ipc
