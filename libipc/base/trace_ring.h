// A thread's ring of trace records: never waits, overwrites the oldest.
//
// The writer is the half's one writer; any number of readers follow at their
// own pace and count what was overwritten before they came.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "libipc/abi/trace.h"
#include "libipc/base/half.h"

namespace base {

class TraceRingWriter {
 public:
  explicit TraceRingWriter(std::shared_ptr<Half> own) : own_(std::move(own)) {}

  void Append(const abi::TraceRecord& record) {
    Put(record);
    own_->tail().store(position_, std::memory_order_release);
  }
  // And its payload behind it, in parts. Readers see all of it at once.
  void Append(const abi::TraceRecord& record,
              std::span<const std::byte> payload);

  uint64_t position() const { return position_; }
  // What a record with so much payload takes.
  static constexpr uint64_t BytesOf(size_t payload_bytes) {
    const size_t parts =
        (payload_bytes + abi::kTracePartBytes - 1) / abi::kTracePartBytes;
    return (1 + parts) * sizeof(abi::TraceRecord);
  }

 private:
  static constexpr size_t kBytes = sizeof(abi::TraceRecord);
  static constexpr size_t kWords = kBytes / 8 - 1;  // but the sequence
  using Words = std::array<uint64_t, kWords>;

  void Put(const Words& words) {
    uint8_t* at = own_->ring() + (position_ & (own_->ring_bytes() - 1));
    std::atomic_ref<uint64_t> sequence(*reinterpret_cast<uint64_t*>(at));
    // A reader that sees 0 or a foreign number takes nothing from here.
    sequence.store(0, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    // One by one: a reader may look meanwhile.
    for (size_t i = 0; i < kWords; ++i)
      std::atomic_ref<uint64_t>(*reinterpret_cast<uint64_t*>(at + 8 * (i + 1)))
          .store(words[i], std::memory_order_relaxed);
    sequence.store(position_ / kBytes + 1, std::memory_order_release);
    position_ += kBytes;
  }
  // Fields put together in registers: words that were just stored in parts
  // could be read only once the parts are out of the store buffer, behind the
  // message itself.
  void Put(const abi::TraceRecord& r) {
    static_assert(std::endian::native == std::endian::little);
    Put(Words{r.time_ns, r.flow, r.port, r.lane,
              r.label | uint64_t{r.correlation} << 32,
              r.payload_bytes | uint64_t{r.kind} << 32 |
                  uint64_t{r.handle_count} << 48 | uint64_t{r.error} << 56,
              r.interval_ns});
  }

  std::shared_ptr<Half> own_;
  uint64_t position_ = 0;
};

class TraceRingReader {
 public:
  // Starts at what is written from now on, at the oldest still there, or at
  // the first ever written: then what was overwritten counts as lost.
  enum class From { kNow, kOldest, kFirst };
  TraceRingReader(std::shared_ptr<Half> theirs, From from);

  // Hands every record there is to `sink(const abi::TraceRecord&)`, at most
  // one ring's worth, or `most`. Returns how many.
  template <typename Sink>
  uint64_t Drain(Sink&& sink, uint64_t most = UINT64_MAX) {
    uint64_t seen = 0;
    end_ = End();
    while (position_ < end_ && seen < most) {
      abi::TraceRecord record;
      if (Read(&record)) {
        sink(record);
        ++seen;
      } else {
        ++lost_;
      }
      position_ += sizeof(record);
    }
    return seen;
  }
  // Records overwritten before they were read.
  uint64_t lost() const { return lost_; }
  uint64_t position() const { return position_; }
  // Whether the last Drain read all that there was when it began.
  bool at_end() const { return position_ >= end_; }
  const Half& half() const { return *theirs_; }
  // What the writer says that it waited.
  abi::TraceWaits waits() const;
  // Passes records that are there, up to the first that `is_older` says no of:
  // they are neither seen nor lost.
  template <typename IsOlder>
  void Pass(IsOlder&& is_older) {
    const uint64_t tail =
        theirs_->tail().load(std::memory_order_acquire) & ~uint64_t{63};
    const uint64_t end = std::min(tail, position_ + theirs_->ring_bytes());
    abi::TraceRecord record;
    for (; position_ < end; position_ += sizeof(record))
      if (Read(&record) && !is_older(record)) return;
  }

 private:
  // Where to stop now; skips (and counts) what was overwritten already.
  uint64_t End();
  bool Read(abi::TraceRecord* record) const;

  std::shared_ptr<Half> theirs_;
  uint64_t position_ = 0;
  uint64_t end_ = 0;  // of the last Drain
  uint64_t lost_ = 0;
};

}  // namespace base
