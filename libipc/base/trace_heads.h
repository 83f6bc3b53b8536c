// How far a lossless tracing's tracer has read each ring: three views of one
// memory, for the three who have to do with it.
//
//   TraceHeadsEnd   the kernel process: says that the tracing is over
//   TraceHeadsWords the tracer: says how far it has come, wakes who waits
//   TraceRoom       the writer of a ring: waits for room, at most so long
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "libipc/abi/trace.h"
#include "libipc/base/half.h"

namespace base {

class TraceHeadsEnd {
 public:
  // Errors: those of Mapping.
  static Result<TraceHeadsEnd> Map(int fd);
  // Whoever waits goes on, and nobody waits any more.
  void Say() const;

 private:
  explicit TraceHeadsEnd(Mapping mapping) : mapping_(std::move(mapping)) {}
  Mapping mapping_;
};

class TraceHeadsWords {
 public:
  // Errors: those of Mapping.
  static Result<TraceHeadsWords> Map(int fd);
  // From now on the slot is that ring's, of which nothing was read.
  // `slot`: 1 to kTraceHeads - 1, checked by the caller.
  void Begin(uint32_t slot, uint64_t ring) const;
  // The ring has been read up to `head`. Wakes its writer if that waits.
  void Announce(uint32_t slot, uint64_t head, const Half& ring) const;

 private:
  explicit TraceHeadsWords(Mapping mapping) : mapping_(std::move(mapping)) {}
  abi::TraceHead& At(uint32_t slot) const {
    return reinterpret_cast<abi::TraceHead*>(mapping_.data())[slot];
  }
  Mapping mapping_;
};

// What a tracer that stops, lies or creeps can cost: one wait for each eighth
// of the ring that it reads. A wait that ran out, whatever room it brought, is
// the last until the head has moved that far.
//
// Thread: the writer's.
class TraceRoom {
 public:
  // Errors: those of Mapping; invalid_args: there is no such slot.
  static Result<std::unique_ptr<TraceRoom>> Map(
      int fd, const abi::TraceRingWaits& waits, uint64_t ring_id,
      std::shared_ptr<Half> ring);

  // Before `bytes` are written at `position`: waits where they would overwrite
  // what was not read. Afterwards they may be written in any case.
  void Await(uint64_t position, uint64_t bytes) {
    if (!Fits(position + bytes)) [[unlikely]]
      LookOrWait(position, bytes);
  }
  // For which tracing.
  uint64_t tracing() const { return tracing_; }
  // Whether the last wait was in vain, and its tracer has not read an eighth
  // of the ring since.
  bool GaveUp(uint64_t position) {
    Look(position);
    return known_head_ < again_at_;
  }
  // As if a wait had just been in vain: in a new ring, in place of one of which
  // that was so.
  void GiveUp() { again_at_ = known_head_ + ring_bytes_ / 8; }

 private:
  TraceRoom(Mapping mapping, const abi::TraceRingWaits& waits, uint64_t ring_id,
            std::shared_ptr<Half> ring);
  // A reader leaves the oldest record of a full ring: it is being overwritten.
  bool Fits(uint64_t end) const {
    return end - known_head_ <= ring_bytes_ - sizeof(abi::TraceRecord);
  }
  void LookOrWait(uint64_t position, uint64_t bytes);
  bool SleepsOn(uint64_t position, uint64_t wanted, int64_t deadline_ns);
  // Believes what is possible.
  void Look(uint64_t position);
  bool IsOver() const;
  void Count(int64_t waited_ns, bool in_vain) const;

  const Mapping mapping_;
  const std::shared_ptr<Half> ring_;
  const uint64_t ring_id_;
  const uint32_t slot_;
  const uint64_t tracing_;
  const int64_t wait_ns_;
  const uint64_t ring_bytes_;
  uint64_t known_head_ = 0;
  uint64_t again_at_ = 0;  // it does not wait below this head
};

}  // namespace base
