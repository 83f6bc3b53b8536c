// The part of LaneEnd that meets: on a lane of a rendezvous port a message is
// offered, and its Send returns when it was taken, or withdrawn.
//
//   sender                              listener
//   Make(position), publish
//   wait: taken?      <--- one CAS ---  Take: copies the record, goes on
//   deadline: Withdraw, the same CAS    its Take fails: passes the record
//
// One offer of a lane is open at a time; other threads wait for their turn.
#include <limits.h>

#include <algorithm>

#include "lane_end.h"
#include "libipc/base/clock.h"
#include "thread_table.h"

namespace ipc {

Error LaneEnd::SendOffered(Outgoing& record, CallSlot* slot,
                           Deadline deadline) {
  if (record.payload.size() > inline_max_) return Error::out_of_range;
  // Nobody can take it in no time.
  if (deadline.ns == 0) return Error::should_wait;
  Error error = AwaitTurn(deadline);
  if (error != Error::ok) return error;
  error = SendQueued(record, slot, deadline);
  if (error == Error::ok) error = AwaitTaken(slot, deadline);
  EndTurn(error);
  return error;
}

// A listener that dies between taking and going on leaves the word to say what
// it took; so nothing else is offered before somebody has passed that record.
Error LaneEnd::AwaitTurn(Deadline deadline) {
  while (true) {
    const uint32_t seen = session_->epoch();
    if (session_->HasNews()) session_->Pump();
    if (session_->over() != Error::ok) return session_->over();
    base::FutexWait turn = {&offer_turn_, 0, true};
    bool is_passed;
    {
      std::lock_guard lock(mutex_);
      ProcessMailLocked();
      if (cut_ != Error::ok) return cut_;
      is_passed = IsTakenPassed();
      if (!is_offering_ && is_passed) {
        is_offering_ = true;
        return Error::ok;
      }
      turn.value = base::ValueOf(&offer_turn_);
    }
    if (deadline.ns <= base::NowNs()) return Error::timed_out;
    if (!is_passed) {
      SleepOnHead(seen, deadline, [this] { return IsTakenPassed(); });
      continue;
    }
    const ThreadSleeps sleeps(session_, {.state = abi::ThreadState::sending,
                                         .lane = lane_id_,
                                         .lane_port = port_id_});
    session_->Sleep(seen, {&turn, 1}, deadline.ns);
  }
}

bool LaneEnd::IsTakenPassed() const {
  return taken_offer_ == kNothingOffered ||
         (in_.valid() &&
          in_.half()->head().load(std::memory_order_acquire) > taken_offer_);
}

void LaneEnd::EndTurn(Error outcome) {
  {
    std::lock_guard lock(mutex_);
    taken_offer_ = outcome == Error::ok ? offered_ : kNothingOffered;
    is_offering_ = false;
    offered_ = kNothingOffered;
    std::atomic_ref<uint32_t>(offer_turn_)
        .fetch_add(1, std::memory_order_release);
    // What was taken by a listener that is gone since.
    ReclaimLoans(reclaim_below_);
  }
  base::WakeWord(&offer_turn_, INT_MAX, base::WakeScope::kPrivate);
}

// The record is out. Ok: it was taken. Else it never will be.
Error LaneEnd::AwaitTaken(CallSlot* slot, Deadline deadline) {
  while (true) {
    const uint32_t seen = session_->epoch();
    if (session_->HasNews()) session_->Pump();
    std::unique_lock lock(mutex_);
    ProcessMailLocked();
    if (!offer_->IsOpen(offered_)) return Error::ok;
    Error why = cut_ != Error::ok ? cut_ : session_->over();
    if (why == Error::ok && deadline.ns <= base::NowNs())
      why = Error::timed_out;
    if (why != Error::ok) return Withdraw(slot, why);
    lock.unlock();
    if (room_spinner_.Spin(
            [&] { return !offer_->IsOpen(offered_) || session_->HasNews(); }))
      continue;
    // The taker announces in its half that it has gone on, as for a writer
    // without room.
    SleepOnHead(seen, deadline, [&] { return !offer_->IsOpen(offered_); });
  }
}

// With mutex_ held. What went with the record is the caller's again.
Error LaneEnd::Withdraw(CallSlot* slot, Error why) {
  if (!offer_->Withdraw(offered_)) return Error::ok;
  if (slot != nullptr) std::erase(calls_, slot);
  std::erase_if(lent_, [&](const Lent& lent) {
    if (lent.position != offered_) return false;
    lent_bytes_ -= lent.bytes;
    return true;
  });
  CountLent();
  return why;
}

// The listener's, with mutex_ held: whether the record at hand is its to take.
bool LaneEnd::TakeOffer(const Parsed& parsed) {
  if (offer_ == nullptr || offer_->Take(in_.position())) return true;
  if (!offer_->WasTaken(in_.position())) return false;  // withdrawn
  // By a listener before this one, which died of it: its sender was told so.
  if ((parsed.header.flags & abi::kRecordCall) != 0)
    Owe({abi::kRecordReply | abi::kRecordDropped,
         parsed.header.correlation,
         {}});
  GiveBackUntaken(parsed);
  return false;
}

}  // namespace ipc
