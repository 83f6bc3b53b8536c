// The part of LaneEnd that goes on in another ring (ADR 0021): the writer, who
// asks for one when its own is often full and gives it back when told that it
// is idle, and the reader, who follows.
//
// Nothing waits: calls go out by LaterByMail, answers are mail. While the
// kernel process is told where the new ring begins nothing is published, so
// that it is known; who has something to send waits as for room.
#include <algorithm>

#include "lane_end.h"

namespace ipc {

// ---- the reader ----------------------------------------------------------

void LaneEnd::OnRing(ipc::Answer& event) {
  if (role_ != Role::kReceiver || in_base_ == nullptr) return;
  std::shared_ptr<base::Half> half = in_base_;
  if (!event.descriptors.empty()) {
    auto mapped = base::Half::WithRing(in_base_, event.descriptors[0].get(),
                                       static_cast<uint32_t>(event.value(1)),
                                       event.value(2), base::Access::kRead);
    half = mapped.ok() ? *std::move(mapped) : nullptr;
  } else if (event.completion.descriptor_count != 0) {
    half = nullptr;  // Linux dropped it: this process has no room
  }
  if (half == nullptr) {
    Break();
    return;
  }
  turns_.push_back({event.value(0), std::move(half)});
}

// All below a turn was published before it was told of. So who finds nothing
// there, or stands beyond it, has been lied to.
void LaneEnd::TakeTurns() {
  while (!turns_.empty() && in_.position() < in_end_) {
    const Turn& next = turns_.front();
    if (in_.position() < next.start && in_.Ready()) return;
    if (in_.position() != next.start) {
      turns_.clear();
      Break();
      return;
    }
    in_.GoOnIn(next.half);
    turns_.erase(turns_.begin());
  }
}

// ---- the writer ----------------------------------------------------------

void LaneEnd::NoteFull() {
  if (role_ != Role::kSender || resizing_ != Resizing::kNot) return;
  const uint32_t now = out_.half()->ring_bytes();
  if (now >= ring_bytes_max_ || ++fulls_ < fulls_needed_) return;
  AskRing(std::min(now * kGrowth, ring_bytes_max_));
}

void LaneEnd::OnIdle() {
  if (role_ != Role::kSender || resizing_ != Resizing::kNot) return;
  if (out_.half() == own_ || cut_ != Error::ok) return;
  AskRing(own_->ring_bytes());
}

void LaneEnd::AskRing(uint32_t bytes) {
  fulls_ = 0;
  resizing_ = Resizing::kAsking;
  session_->LaterByMail(abi::Syscall::lane_resize, handle_, bytes, mailbox_);
}

void LaneEnd::OnAnswer(ipc::Answer& answer) {
  if (resizing_ == Resizing::kAsking)
    OnGranted(answer);
  else if (resizing_ == Resizing::kTelling)
    OnResized(answer);
}

void LaneEnd::OnGranted(ipc::Answer& answer) {
  if (answer.error() == Error::should_wait) {
    // The peer has not even come to this ring yet.
    resizing_ = Resizing::kNot;
    return;
  }
  if (answer.error() != Error::ok) {
    StayInRing();
    return;
  }
  next_out_ = own_;
  if (answer.value(1) != own_->ring_bytes()) {
    const int memory =
        answer.descriptors.empty() ? -1 : answer.descriptors[0].get();
    auto mapped = base::Half::WithRing(
        own_, memory, static_cast<uint32_t>(answer.value(1)), answer.value(0),
        base::Access::kReadWrite);
    if (!mapped.ok()) {
      GiveUpRing();
      return;
    }
    next_out_ = *std::move(mapped);
  }
  resizing_ = Resizing::kTelling;
  unusual_ |= kTurning;
  session_->LaterByMail(abi::Syscall::lane_resized, handle_, out_.position(),
                        mailbox_);
}

void LaneEnd::OnResized(const ipc::Answer& answer) {
  unusual_ &= static_cast<uint8_t>(~kTurning);
  const std::shared_ptr<base::Half> next = std::exchange(next_out_, nullptr);
  if (answer.error() == Error::ok) {
    out_.GoOnIn(next);
    resizing_ = Resizing::kNot;
    fulls_needed_ = kFullsNeeded;
  } else {
    GiveUpRing();
  }
  if (!owed_.empty()) FlushOwed();
}

// Asking for what there is gives up what was granted.
void LaneEnd::GiveUpRing() {
  session_->Later(abi::Syscall::lane_resize, handle_,
                  out_.half()->ring_bytes());
  StayInRing();
}

void LaneEnd::StayInRing() {
  resizing_ = Resizing::kNot;
  fulls_needed_ = kFullsNeededRefused;
}

}  // namespace ipc
