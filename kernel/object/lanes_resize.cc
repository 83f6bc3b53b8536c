// Lanes: the ring of a lane's requests, grown and given back (ADR 0021).
//
// Half A keeps its control words and its base ring for ever. Beside it there is
// the ring in use, if that is another, and while the listener has not come so
// far, the one before. Each is charged to the lane's account while it is there.
#include <fcntl.h>

#include <bit>

#include "kernel/object/kernel.h"
#include "kernel/object/lane_positions.h"

namespace kernel {
namespace {

Charges ChargesOf(const RequestRing& ring) {
  return Charges::Of(AccountItem::bytes,
                     ring.grown != nullptr ? ring.grown->bytes : 0);
}

uint32_t BytesOf(const Lane& lane, const RequestRing& ring) {
  return ring.grown != nullptr ? ring.grown->bytes : lane.port->ring_bytes;
}

uint64_t KeyOf(const Lane& lane, const RequestRing& ring) {
  return ring.grown != nullptr ? ring.grown->key : lane.sender().key;
}

Result<UniqueFd> CopyOf(const RequestRing& ring) {
  if (ring.grown == nullptr) return UniqueFd();
  UniqueFd copy(fcntl(ring.grown->memory.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return Error::quota_exceeded;
  return copy;
}

// Its writer has mapped it: nobody else can any more.
Result<void> Seal(const Lane& lane, GrownRing& grown) {
  auto half = base::Half::WithRing(lane.sender().half, grown.memory.get(),
                                   grown.bytes, grown.key, base::Access::kRead);
  if (!half.ok()) return Error::quota_exceeded;
  KP_TRY(base::SealMemory(grown.memory.get(), base::Seal::kSingleWriter));
  grown.half = *std::move(half);
  return {};
}

}  // namespace

Answer Lanes::CheckResize(Lane& lane, LaneEnd which, uint64_t bytes) {
  const Port& port = *lane.port;
  if (bytes < port.ring_bytes || bytes > port.ring_bytes_max)
    return Answer::OutOfRange(port.ring_bytes, port.ring_bytes_max);
  if (!std::has_single_bit(bytes)) return Error::invalid_args;
  if (which != LaneEnd::kSender || !lane.sender().ready())
    return Error::bad_state;
  if (lane.cut) return Error::peer_closed;
  NoteTaken(lane);
  return lane.last != nullptr ? Error::should_wait : Error::ok;
}

Answer Lanes::Resize(Lane& lane, LaneEnd which, uint64_t bytes) {
  KP_ANSWER(CheckResize(lane, which, bytes));
  Drop(lane, std::move(lane.asked));
  const auto granted = [&](const RequestRing& ring) {
    return Answer::Of(KeyOf(lane, ring), BytesOf(lane, ring));
  };
  if (bytes == BytesOf(lane, lane.ring)) return granted(lane.ring);
  auto ring = std::make_unique<RequestRing>();
  if (bytes != lane.port->ring_bytes) {
    KP_ANSWER(
        Kernel::RoomIn(*lane.charged, Charges::Of(AccountItem::bytes, bytes)));
    KP_ASSIGN(UniqueFd memory,
              base::Half::CreateRing(static_cast<uint32_t>(bytes)));
    ring->grown = std::make_unique<GrownRing>();
    ring->grown->bytes = static_cast<uint32_t>(bytes);
    ring->grown->memory = std::move(memory);
  }
  KP_ASSIGN(UniqueFd copy, CopyOf(*ring));
  if (ring->grown != nullptr) ring->grown->key = RandomKey();
  Answer answer = granted(*ring);
  Give(lane, std::move(ring));
  if (copy.valid()) answer = std::move(answer).With(std::move(copy));
  return answer;
}

Answer Lanes::Resized(Lane& lane, LaneEnd which, uint64_t start) {
  if (which != LaneEnd::kSender || lane.asked == nullptr)
    return Error::bad_state;
  if (lane.cut) return Error::peer_closed;
  const LanePositions at = Measure(lane);
  if (start != at.request_end)
    return Answer::OutOfRange(at.request_end, at.request_end);
  KP_ASSIGN(UniqueFd copy, CopyOf(*lane.asked));
  if (lane.asked->grown != nullptr) KP_TRY(Seal(lane, *lane.asked->grown));
  lane.last = std::make_unique<RequestRing>(std::move(lane.ring));
  lane.ring = std::move(*lane.asked);
  lane.ring.start = start;
  lane.asked.reset();
  lane.told_idle = false;
  lane.modest_since_ns = kernel_->NowNs();
  lane.modest_start = start;
  std::vector<RingTold> told;
  told.push_back({start, &lane.ring, std::move(copy)});
  PostRings(lane, std::move(told));
  NoteTaken(lane);
  return {};
}

void Lanes::Give(Lane& lane, std::unique_ptr<RequestRing> ring) {
  if (ring->grown != nullptr) kernel_->Charge(*lane.charged, ChargesOf(*ring));
  lane.asked = std::move(ring);
  if (grown_.empty()) kernel_->LookAtGrownBy(kernel_->NowNs() + kLookNs);
  grown_.insert(lane.id);
}

void Lanes::Drop(Lane& lane, std::unique_ptr<RequestRing> ring) {
  if (ring == nullptr || ring->grown == nullptr) return;
  kernel_->Refund(*lane.charged, ChargesOf(*ring));
}

void Lanes::DropRings(Lane& lane) {
  Drop(lane, std::move(lane.asked));
  Drop(lane, std::move(lane.last));
  Drop(lane, std::make_unique<RequestRing>(std::move(lane.ring)));
  grown_.erase(lane.id);
}

// The ring before the one in use is needed until all in it was taken.
void Lanes::NoteTaken(Lane& lane) {
  if (lane.last == nullptr || Measure(lane).taken < lane.ring.start) return;
  // A listener that takes its word back finds nothing there.
  lane.taken = std::max(lane.taken, lane.ring.start);
  Drop(lane, std::move(lane.last));
}

// Of a new listener, which starts in the base ring.
Result<std::vector<Lanes::RingTold>> Lanes::RingsToTell(
    const Lane& lane) const {
  std::vector<RingTold> told;
  const RequestRing* const rings[] = {lane.last.get(), &lane.ring};
  for (const RequestRing* ring : rings) {
    if (ring == nullptr || (told.empty() && ring->grown == nullptr)) continue;
    KP_ASSIGN(UniqueFd copy, CopyOf(*ring));
    told.push_back({std::max(ring->start, lane.taken), ring, std::move(copy)});
  }
  return told;
}

void Lanes::PostRings(const Lane& lane, std::vector<RingTold> rings) {
  for (RingTold& told : rings) {
    Answer values = Answer::Of(told.start, BytesOf(lane, *told.ring),
                               KeyOf(lane, *told.ring));
    if (told.memory.valid())
      values = std::move(values).With(std::move(told.memory));
    Post(lane, LaneEnd::kListener, abi::Event::lane_ring, std::move(values));
  }
}

// ---- giving back ---------------------------------------------------------

int64_t Lanes::LookAtGrown(int64_t now_ns) {
  const auto& lanes = kernel_->objects(ObjectKind::lane);
  auto at = grown_.upper_bound(last_looked_at_);
  for (uint32_t looked = 0; at != grown_.end(); ++looked) {
    if (looked == kLookedAtPerTurn) return now_ns;
    last_looked_at_ = *at++;
    LookAt(As<Lane>(*lanes.find(last_looked_at_)->second), now_ns);
  }
  last_looked_at_ = 0;
  return grown_.empty() ? Timers::kNever : now_ns + kLookNs;
}

// It does not need what it has if all that it published for a while would have
// fitted into its base ring, and is taken.
void Lanes::LookAt(Lane& lane, int64_t now_ns) {
  NoteTaken(lane);
  if (lane.ring.grown == nullptr) {
    if (lane.last == nullptr && lane.asked == nullptr) grown_.erase(lane.id);
    return;
  }
  const LanePositions at = Measure(lane);
  if (at.taken != at.request_end ||
      at.request_end - lane.modest_start > lane.port->ring_bytes) {
    lane.modest_since_ns = now_ns;
    lane.modest_start = at.request_end;
    lane.told_idle = false;
    return;
  }
  if (lane.told_idle || now_ns - lane.modest_since_ns < kModestNs) return;
  lane.told_idle = true;
  Post(lane, LaneEnd::kSender, abi::Event::lane_idle,
       Answer::Of(at.request_end));
}

}  // namespace kernel
