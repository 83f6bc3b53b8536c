#include "kernel/object/lane_positions.h"

#include <algorithm>

#include "kernel/object/port.h"

namespace kernel {
namespace {

// Nobody gets here honestly: 2^62 bytes at 100 GB/s take a year and a half.
constexpr uint64_t kPositionMax = uint64_t{1} << 62;

// A shared position, or `least` if it cannot be true.
uint64_t Believe(uint64_t position, uint64_t least) {
  position &= ~uint64_t{abi::kLineBytes - 1};
  return position > kPositionMax ? least : std::max(position, least);
}

// The writer may have died between stamping a record and moving its tail:
// what is stamped is published.
uint64_t SkipStamped(const std::shared_ptr<base::Half>& half, uint64_t at) {
  base::RingReader reader(half, at);
  abi::RecordHeader header;
  if (reader.Peek(&header) != base::RingReader::State::kRecord) return at;
  return at + abi::RecordBytes(header.payload_bytes);
}

// The first record from `at` on, at most at `end`. Honest ends leave one right
// there, so the look is short for what others are owed.
uint64_t FirstStamped(const std::shared_ptr<base::Half>& half, uint64_t at,
                      uint64_t end) {
  constexpr int kLooks = 4096;
  base::RingReader reader(half, at);
  for (int looks = 0; looks < kLooks && at < end; ++looks) {
    if (reader.Ready()) return at;
    at += abi::kLineBytes;
    reader.SkipTo(at, nullptr);
  }
  return end;
}

// The same, of what can still be in the ring.
uint64_t FirstWithin(const std::shared_ptr<base::Half>& half, uint64_t from,
                     uint64_t end) {
  const uint64_t ring = half->ring_bytes();
  return FirstStamped(half, std::max(from, end - std::min(end, ring)), end);
}

// What `half` has published: its tail, at most one ring past `consumed`, or
// past where the ring began.
uint64_t PublishedEnd(const std::shared_ptr<base::Half>& half, uint64_t tail,
                      uint64_t consumed) {
  const uint64_t ring = half->ring_bytes();
  if (tail - consumed > ring) return consumed + ring;
  return std::min(SkipStamped(half, tail), consumed + ring);
}

struct Direction {
  const std::shared_ptr<base::Half>& writer;  // whose tail it is
  const std::shared_ptr<base::Half>& reader;  // whose head it is
  uint64_t start;                             // of the ring written to
  uint64_t known_end;                         // published at least
  uint64_t known_taken;                       // consumed at least
  bool overwriting = false;  // what was overwritten counts as consumed
};

// To be read after the tail: what was whole then is not above it.
uint64_t OldestOf(const base::Half& writer, uint64_t least) {
  return Believe(writer.oldest().load(std::memory_order_acquire), least);
}

struct Extent {
  uint64_t end;
  uint64_t taken;
};

Extent MeasureDirection(const Direction& d) {
  if (d.writer == nullptr) return {d.known_end, d.known_taken};
  const uint64_t tail =
      Believe(d.writer->tail().load(std::memory_order_acquire), d.known_end);
  uint64_t head = d.known_taken;
  if (d.reader != nullptr)
    head = Believe(d.reader->head().load(std::memory_order_acquire),
                   d.known_taken);
  if (d.overwriting) head = OldestOf(*d.writer, head);
  head = std::min(head, SkipStamped(d.writer, tail));
  const uint64_t from = std::max(head, d.start);
  return {std::max(PublishedEnd(d.writer, std::max(tail, from), from), from),
          head};
}

}  // namespace

LanePositions Measure(const Lane& lane) {
  const auto& a = lane.sender().half;
  const auto& b = lane.listener().half;
  // All of an earlier ring was published before its writer left it.
  const Extent requests =
      MeasureDirection({.writer = lane.requests(),
                        .reader = b,
                        .start = lane.ring.start,
                        .known_end = std::max(lane.taken, lane.ring.start),
                        .known_taken = lane.taken,
                        .overwriting = lane.port->overwriting()});
  const uint64_t request_end = lane.sender_cut ? lane.cut_end : requests.end;
  const Extent replies = MeasureDirection({.writer = b,
                                           .reader = a,
                                           .start = 0,
                                           .known_end = lane.reply_end,
                                           .known_taken = 0});
  return {.request_end = request_end,
          .taken = std::min(requests.taken, request_end),
          .reply_end = std::max(replies.end, lane.reply_end)};
}

uint64_t FindBeginning(const Lane& lane, const base::Half* left) {
  const auto& writer = lane.requests();
  if (writer == nullptr || left == nullptr) return lane.taken;
  // In this order: the sender is never more than its ring before the head.
  const uint64_t tail = Believe(writer->tail().load(std::memory_order_acquire),
                                std::max(lane.taken, lane.ring.start));
  uint64_t head =
      Believe(left->head().load(std::memory_order_acquire), lane.taken);
  if (lane.port->overwriting()) head = OldestOf(*writer, head);
  head = std::min(head, SkipStamped(writer, tail));
  if (head >= tail) return head;
  if (head >= lane.ring.start) return FirstWithin(writer, head, tail);
  // In the ring before, all of which was published.
  if (lane.last == nullptr) return lane.ring.start;
  const auto& last =
      lane.last->grown != nullptr ? lane.last->grown->half : lane.sender().half;
  return FirstWithin(last, head, lane.ring.start);
}

uint64_t NextNumber(const Lane& lane, const base::Half* left) {
  if (!lane.port->overwriting() || left == nullptr) return lane.next_number;
  const uint64_t next = left->next_number().load(std::memory_order_acquire);
  // Whoever left before it looked at its lane has written none.
  return next != 0 ? next : lane.next_number;
}

}  // namespace kernel
