#include "libipc/base/trace_ring.h"

#include <algorithm>

namespace base {

void TraceRingWriter::Append(const abi::TraceRecord& record,
                             std::span<const std::byte> payload) {
  constexpr size_t kPart = abi::kTracePartBytes;
  Put(record);
  const auto parts =
      static_cast<uint32_t>((payload.size() + kPart - 1) / kPart);
  for (uint32_t index = 0; index < parts; ++index) {
    const auto bytes =
        payload.subspan(index * kPart)
            .first(std::min(kPart, payload.size() - index * kPart));
    abi::TracePayloadPart part = {};
    std::memcpy(part.bytes, bytes.data(), bytes.size());
    part.kind = static_cast<uint16_t>(abi::TraceKind::payload);
    part.count = static_cast<uint16_t>(bytes.size());
    part.index = index;
    part.parts = parts;
    Words words;
    std::memcpy(&words, reinterpret_cast<const uint8_t*>(&part) + 8,
                sizeof(words));
    Put(words);
  }
  own_->tail().store(position_, std::memory_order_release);
}

TraceRingReader::TraceRingReader(std::shared_ptr<Half> theirs, From from)
    : theirs_(std::move(theirs)) {
  const uint64_t tail =
      theirs_->tail().load(std::memory_order_acquire) & ~uint64_t{63};
  const uint64_t ring = theirs_->ring_bytes();
  if (from == From::kNow) position_ = tail;
  if (from == From::kOldest) position_ = tail - std::min(tail, ring);
}

abi::TraceWaits TraceRingReader::waits() const {
  const auto& waits = *reinterpret_cast<const abi::TraceWaits*>(
      reinterpret_cast<const uint8_t*>(theirs_->control()) +
      abi::kTraceWaitsOffset);
  return {ReadCount(waits.waits), ReadCount(waits.waited_ns),
          ReadCount(waits.in_vain)};
}

uint64_t TraceRingReader::End() {
  const uint64_t tail =
      theirs_->tail().load(std::memory_order_acquire) & ~uint64_t{63};
  if (tail <= position_) return position_;  // nothing, or a writer that lies
  // The oldest record is being overwritten while the ring is full: leave it.
  const uint64_t kept = theirs_->ring_bytes() - sizeof(abi::TraceRecord);
  if (tail - position_ > kept) {
    const uint64_t first = tail - kept;
    lost_ += (first - position_) / sizeof(abi::TraceRecord);
    position_ = first;
  }
  return tail;
}

bool TraceRingReader::Read(abi::TraceRecord* record) const {
  uint8_t* at = theirs_->ring() + (position_ & (theirs_->ring_bytes() - 1));
  std::atomic_ref<uint64_t> sequence(*reinterpret_cast<uint64_t*>(at));
  const uint64_t expected = position_ / sizeof(*record) + 1;
  if (sequence.load(std::memory_order_acquire) != expected) return false;
  auto* to = reinterpret_cast<uint8_t*>(record);
  for (size_t i = 8; i < sizeof(*record); i += 8) {
    const uint64_t word =
        std::atomic_ref<uint64_t>(*reinterpret_cast<uint64_t*>(at + i))
            .load(std::memory_order_relaxed);
    std::memcpy(to + i, &word, 8);
  }
  std::atomic_thread_fence(std::memory_order_acquire);
  if (sequence.load(std::memory_order_relaxed) != expected) return false;
  record->sequence = expected;
  return true;
}

}  // namespace base
