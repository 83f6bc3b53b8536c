// The part of LaneEnd that takes what the kernel process says about the lane.
#include <limits.h>

#include <algorithm>

#include "lane_end.h"

namespace ipc {

void LaneEnd::ProcessMail() {
  if (!mailbox_->HasMail()) return;
  std::lock_guard lock(mutex_);
  ProcessMailLocked();
}

void LaneEnd::ProcessMailLocked() {
  if (!mailbox_->HasMail()) return;
  for (ipc::Answer& event : mailbox_->Take()) {
    if ((event.completion.number & abi::kEventFlag) == 0) {
      OnAnswer(event);
      continue;
    }
    switch (
        static_cast<abi::Event>(event.completion.number & ~abi::kEventFlag)) {
      case abi::Event::lane_joined:
        OnJoined(event);
        break;
      case abi::Event::lane_orphaned:
        OnOrphaned(event);
        break;
      case abi::Event::lane_cut:
        OnCut(event);
        break;
      case abi::Event::call_moved:
        OnCallMoved(event);
        break;
      case abi::Event::call_answered:
        OnCallAnswered(event);
        break;
      case abi::Event::lane_ring:
        OnRing(event);
        break;
      case abi::Event::lane_idle:
        OnIdle();
        break;
      case abi::Event::lane_detached:
        OnDetached(event);
        break;
      case abi::Event::lane_traced:
        OnTraced(event);
        break;
      case abi::Event::listeners_changed:
        listeners_.store(static_cast<uint32_t>(event.value(0)),
                         std::memory_order_relaxed);
        break;
      default:
        break;
    }
  }
  // Whoever takes records has to look, though another thread took the mail.
  if (!turns_.empty() && (unusual_ & kInPlace) == 0) mailbox_->Remind();
}

void LaneEnd::OnTraced(const ipc::Answer& event) {
  abi::LaneTracing tracing;
  if (!event.Read(&tracing)) return;
  tracing_.Set(tracing);
  RankFlows(tracing_.ranks_flows());
}

void LaneEnd::RankFlows(bool on) {
  if (std::exchange(ranks_flows_, on) != on)
    session_->AddRankedLanes(on ? 1 : -1);
}

void LaneEnd::OnJoined(ipc::Answer& event) {
  if (role_ != Role::kSender || event.descriptors.size() != 1) return;
  auto half = base::Half::Map(event.descriptors[0].get(), own_->ring_bytes(),
                              event.value(0), base::Access::kRead);
  if (!half.ok()) {
    Break();
    return;
  }
  NextIncarnation();
  in_base_ = *std::move(half);
  in_ = base::RingReader(in_base_, event.value(2));
  NoteUsual();
  room_told_ = event.value(2);
  own_->head().store(event.value(2), std::memory_order_release);
  // The one before went on taking after its end was told.
  FailCalls(event.value(1), Error::peer_closed, Fail::kOnLane);
  ReclaimLoans(event.value(1));
  if (event.value(1) > out_.known_head() && event.value(1) <= out_.position())
    out_.SetKnownHead(event.value(1));
  woken_records_ = woken_room_ = {};
  MeetPeer();
  // What was published meanwhile found nobody whose armed word could be seen.
  WakePeerForRecords();
  receiver_process_.store(event.value(3), std::memory_order_relaxed);
}

void LaneEnd::OnOrphaned(const ipc::Answer& event) {
  in_end_ = event.value(1);
  if (in_.valid()) PollReplies();
  in_end_ = ~uint64_t{0};
  in_ = base::RingReader();
  in_base_ = nullptr;
  FailCalls(event.value(0), Error::peer_closed, Fail::kOnLane);
  ReclaimLoans(event.value(0));
  // The next listener must not be told of blocks that this one lent.
  std::erase_if(owed_, [](const Owed& owed) {
    return (owed.flags & abi::kRecordReturn) != 0;
  });
  NoteUsual();
  if (event.value(0) <= out_.position()) out_.SetKnownHead(event.value(0));
  receiver_process_.store(0, std::memory_order_relaxed);
  NextIncarnation();
}

// What the last one lent is of no use to this side any more.
void LaneEnd::NextIncarnation() {
  ++incarnation_;
  known_map_ = {};
  peer_maps_.clear();
}

void LaneEnd::OnCut(const ipc::Answer& event) {
  const Error why = static_cast<Error>(event.value(2));
  in_end_ = event.value(0);
  cut_ = why == Error::ok ? Error::peer_closed : why;
  NoteUsual();
  NoteCut();
  if (role_ == Role::kSender) {
    if (in_.valid()) PollReplies();
    // Cut from the other side, a reply that was moved may still come.
    FailCalls(~uint64_t{0}, cut_,
              why == Error::peer_closed ? Fail::kOnLane : Fail::kAll);
    ReclaimLoans(~uint64_t{0});
  }
}

void LaneEnd::Break() {
  if (cut_ == Error::ok) cut_ = Error::peer_closed;
  in_end_ = 0;
  NoteUsual();
  FailCalls(~uint64_t{0}, cut_, Fail::kAll);
}

void LaneEnd::FailCalls(uint64_t below, Error error, Fail which) {
  std::erase_if(calls_, [&](CallSlot* slot) {
    if (slot->position >= below) return false;
    if (slot->moved && which == Fail::kOnLane) return false;
    slot->error = error;
    slot->done = true;
    return true;
  });
}

void LaneEnd::ReclaimLoans(uint64_t below) {
  reclaim_below_ = std::max(reclaim_below_, below);
  std::erase_if(lent_, [&](const Lent& lent) {
    // What is offered may yet be withdrawn: EndTurn looks again.
    if (lent.position >= below || lent.position == offered_) return false;
    lent.pool->Free(lent.offset);
    lent_bytes_ -= lent.bytes;
    return true;
  });
  CountLent();
}

}  // namespace ipc
