#include "libipc/base/trace_heads.h"

#include <climits>

#include "libipc/base/clock.h"
#include "libipc/base/futex.h"

namespace base {
namespace {

const abi::TraceHeadsControl& ControlOf(const Mapping& mapping) {
  return *reinterpret_cast<const abi::TraceHeadsControl*>(mapping.data());
}

const uint32_t* LowWordOf(const uint64_t& word) {
  static_assert(std::endian::native == std::endian::little);
  return reinterpret_cast<const uint32_t*>(&word);
}

}  // namespace

Result<TraceHeadsEnd> TraceHeadsEnd::Map(int fd) {
  KP_ASSIGN(Mapping mapping,
            Mapping::Map(fd, 0, PageBytes(), Access::kReadWrite));
  return TraceHeadsEnd(std::move(mapping));
}

void TraceHeadsEnd::Say() const {
  uint32_t& over =
      reinterpret_cast<abi::TraceHeadsControl*>(mapping_.data())->over;
  std::atomic_ref<uint32_t>(over).store(1, std::memory_order_release);
  WakeWord(&over, INT_MAX);
}

Result<TraceHeadsWords> TraceHeadsWords::Map(int fd) {
  KP_ASSIGN(Mapping mapping,
            Mapping::Map(fd, 0, abi::kTraceHeadsBytes, Access::kReadWrite));
  return TraceHeadsWords(std::move(mapping));
}

void TraceHeadsWords::Begin(uint32_t slot, uint64_t ring) const {
  abi::TraceHead& to = At(slot);
  const std::atomic_ref<uint64_t> owner(to.ring);
  // Who had the slot before does not take this ring's head for its own.
  owner.store(0, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  std::atomic_ref<uint64_t>(to.head).store(0, std::memory_order_relaxed);
  owner.store(ring, std::memory_order_release);
}

void TraceHeadsWords::Announce(uint32_t slot, uint64_t head,
                               const Half& ring) const {
  abi::TraceHead& to = At(slot);
  std::atomic_ref<uint64_t>(to.head).store(head, std::memory_order_release);
  // Against the writer, which says that it waits and then looks at the head.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (ring.armed().load(std::memory_order_relaxed) != 0)
    WakeWord(LowWordOf(to.head), INT_MAX);
}

Result<std::unique_ptr<TraceRoom>> TraceRoom::Map(
    int fd, const abi::TraceRingWaits& waits, uint64_t ring_id,
    std::shared_ptr<Half> ring) {
  if (waits.slot == 0 || waits.slot >= abi::kTraceHeads ||
      !IsMemoryOf(fd, abi::kTraceHeadsBytes))
    return Error::invalid_args;
  KP_ASSIGN(Mapping mapping,
            Mapping::Map(fd, 0, abi::kTraceHeadsBytes, Access::kRead));
  return std::unique_ptr<TraceRoom>(
      new TraceRoom(std::move(mapping), waits, ring_id, std::move(ring)));
}

TraceRoom::TraceRoom(Mapping mapping, const abi::TraceRingWaits& waits,
                     uint64_t ring_id, std::shared_ptr<Half> ring)
    : mapping_(std::move(mapping)),
      ring_(std::move(ring)),
      ring_id_(ring_id),
      slot_(waits.slot),
      tracing_(waits.tracing),
      wait_ns_(
          static_cast<int64_t>(std::min(waits.wait_ns, abi::kTraceWaitMaxNs))),
      ring_bytes_(ring_->ring_bytes()) {}

bool TraceRoom::IsOver() const {
  return ValueOf(&ControlOf(mapping_).over) != 0;
}

void TraceRoom::Look(uint64_t position) {
  auto& at = reinterpret_cast<abi::TraceHead*>(mapping_.data())[slot_];
  if (std::atomic_ref<uint64_t>(at.ring).load(std::memory_order_acquire) !=
      ring_id_)
    return;
  const uint64_t head =
      std::atomic_ref<uint64_t>(at.head).load(std::memory_order_acquire);
  if (head > known_head_ && head <= position) known_head_ = head;
}

void TraceRoom::LookOrWait(uint64_t position, uint64_t bytes) {
  Look(position);
  if (Fits(position + bytes) || known_head_ < again_at_ || IsOver()) return;
  // Not for a record at a time: each wait costs both sides system calls.
  const uint64_t wanted = std::max(bytes, ring_bytes_ / 8);
  const int64_t begin_ns = NowNs();
  const bool in_vain = !SleepsOn(position, wanted, begin_ns + wait_ns_);
  if (in_vain) GiveUp();
  Count(NowNs() - begin_ns, in_vain);
}

// Until there is so much room, or nobody makes any. False: it took too long.
bool TraceRoom::SleepsOn(uint64_t position, uint64_t wanted,
                         int64_t deadline_ns) {
  const auto& at =
      reinterpret_cast<const abi::TraceHead*>(mapping_.data())[slot_];
  const uint32_t* const head = LowWordOf(at.head);
  const uint32_t* const over = &ControlOf(mapping_).over;
  ring_->armed().store(1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  bool in_time = true;
  while (in_time) {
    const uint32_t seen = ValueOf(head);
    Look(position);
    if (Fits(position + wanted) || IsOver()) break;
    const FutexWait waits[] = {{head, seen}, {over, 0}};
    in_time = WaitOnWords(waits, deadline_ns) != WaitResult::kTimedOut &&
              NowNs() < deadline_ns;
  }
  ring_->armed().store(0, std::memory_order_relaxed);
  return in_time;
}

void TraceRoom::Count(int64_t waited_ns, bool in_vain) const {
  auto& waits = *reinterpret_cast<abi::TraceWaits*>(
      reinterpret_cast<uint8_t*>(ring_->control()) + abi::kTraceWaitsOffset);
  base::Count(waits.waits);
  base::Count(waits.waited_ns, static_cast<uint64_t>(waited_ns));
  if (in_vain) base::Count(waits.in_vain);
}

}  // namespace base
