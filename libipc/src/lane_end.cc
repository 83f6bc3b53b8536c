#include "lane_end.h"

#include <algorithm>

#include "libipc/base/barrier.h"

namespace ipc {

std::shared_ptr<LaneEnd> LaneEnd::Create(Setup setup) {
  std::shared_ptr<LaneEnd> lane(new LaneEnd(std::move(setup)));
  lane->mailbox_->ReadBy(std::weak_ptr<MailReader>(lane));
  lane->session_->AddLane(lane->handle_, lane->mailbox_);
  return lane;
}

namespace {

// Not written before it is used: most payloads are small.
std::unique_ptr<uint8_t[]> RoomForCopy(uint32_t ring_bytes) {
  const uint64_t bytes = std::min(base::RingReader::kPayloadMax, ring_bytes);
  return std::unique_ptr<uint8_t[]>(new uint8_t[abi::RecordBytes(bytes)]);
}

}  // namespace

LaneEnd::LaneEnd(Setup setup)
    : session_(std::move(setup.session)),
      role_(setup.role),
      handle_(setup.handle),
      lane_id_(setup.lane_id),
      port_id_(setup.port_id),
      badge_(setup.badge),
      band_(std::min(setup.band, abi::kBands - 1)),
      bell_(std::move(setup.bell)),
      own_(std::move(setup.own)),
      offer_(std::move(setup.offer)),
      inline_max_(std::min(abi::kPayloadBytesMax, own_->ring_bytes() / 4)),
      ring_bytes_max_(setup.ring_bytes_max),
      overwriting_(setup.overwriting),
      new_flows_(setup.new_flows),
      copied_(overwriting_ && role_ == Role::kReceiver
                  ? RoomForCopy(own_->ring_bytes())
                  : nullptr),
      tracing_(setup.tracing),
      out_(own_, setup.own_start),
      next_number_(setup.next_number),
      sampler_(static_cast<uint64_t>(base::NowNs()) ^ lane_id_ << 32) {
  RankFlows(tracing_.ranks_flows());
  if (offer_ != nullptr) unusual_ |= kMeets;
  if (overwriting_) unusual_ |= kOverwriting;
  if (base::HasProcessBarriers())
    own_->barrier().store(1, std::memory_order_relaxed);
  if (setup.peer != nullptr) {
    in_base_ = std::move(setup.peer);
    in_ = base::RingReader(in_base_, setup.peer_start);
    own_->next_number().store(next_number_, std::memory_order_relaxed);
    own_->head().store(setup.peer_start, std::memory_order_release);
    room_told_ = setup.peer_start;
    MeetPeer();
  }
  NoteUsual();
}

LaneEnd::~LaneEnd() {
  // Nobody could take these blocks back later.
  offered_ = kNothingOffered;
  ReclaimLoans(~uint64_t{0});
  session_->RemoveLane(handle_);
  RankFlows(false);
  session_->Post(abi::Syscall::lane_close, handle_);
}

uint64_t LaneEnd::Outstanding() {
  std::lock_guard lock(mutex_);
  return out_.Unread(in_.half().get());
}

bool LaneEnd::IsIdle() {
  std::lock_guard lock(mutex_);
  if (in_.valid()) PollReplies();
  return calls_.empty() && lent_.empty() && owed_.empty() &&
         out_.Unread(in_.half().get()) == 0;
}

void LaneEnd::Detach(Error why) {
  std::lock_guard lock(mutex_);
  if (cut_ == Error::ok) cut_ = why;
  in_end_ = 0;
  NoteUsual();
}

Error LaneEnd::cut() {
  std::lock_guard lock(mutex_);
  ProcessMailLocked();
  return cut_;
}

}  // namespace ipc
