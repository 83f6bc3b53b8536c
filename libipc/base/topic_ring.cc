#include "libipc/base/topic_ring.h"

namespace base {
namespace {

constexpr size_t kHeaderWords = sizeof(abi::TopicHeader) / sizeof(uint64_t);

std::atomic_ref<uint64_t> Word(uint64_t& word) {
  return std::atomic_ref<uint64_t>(word);
}

bool IsPosition(uint64_t position) {
  return position % abi::kLineBytes == 0 &&
         position <= TopicReader::kPositionMax;
}

}  // namespace

TopicWriter::TopicWriter(std::shared_ptr<TopicMemory> own, uint64_t start,
                         uint64_t sequence)
    : own_(std::move(own)),
      ring_(own_->ring()),
      ring_bytes_(own_->ring_bytes()),
      key_(own_->key()),
      position_(start),
      oldest_(start),
      sequence_(sequence) {
  own_->oldest().store(start, std::memory_order_relaxed);
  own_->next_sequence().store(sequence, std::memory_order_release);
  own_->tail().store(start, std::memory_order_release);
}

// Its own words: nobody else can have changed them.
uint64_t TopicWriter::RecordAt(uint64_t position) const {
  return abi::RecordBytes(static_cast<uint32_t>(At(position)[1]));
}

void TopicWriter::MoveOldest(uint64_t needed, uint64_t kept) {
  const uint64_t ahead = std::min<uint64_t>(ring_bytes_ / 8, 4096);
  const uint64_t goal = std::min(kept, needed + ahead);
  oldest_ = NextOldest(
      {.oldest = oldest_, .end = position_, .needed = needed, .goal = goal},
      [this](uint64_t at) { return RecordAt(at); });
  SayOldest(own_->oldest(), oldest_);
}

void TopicWriter::Publish(uint32_t label, const void* payload, size_t bytes,
                          abi::TopicFlags flags) {
  uint64_t* at = At(position_);
  CopyInOver(at + kHeaderWords, payload, bytes);
  Word(at[1]).store(bytes | uint64_t{label} << 32, std::memory_order_relaxed);
  Word(at[2]).store(sequence_, std::memory_order_relaxed);
  Word(at[3]).store(static_cast<uint64_t>(flags), std::memory_order_relaxed);
  const uint64_t next = position_ + abi::RecordBytes(bytes);
  Word(*At(next)).store(0, std::memory_order_relaxed);
  Word(at[0]).store(key_ + position_, std::memory_order_release);
  position_ = next;
  ++sequence_;
  own_->next_sequence().store(sequence_, std::memory_order_release);
  own_->tail().store(position_, std::memory_order_release);
}

TopicReader::TopicReader(std::shared_ptr<TopicMemory> theirs, uint64_t position,
                         uint64_t sequence)
    : theirs_(std::move(theirs)),
      ring_(theirs_->ring()),
      ring_bytes_(theirs_->ring_bytes()),
      key_(theirs_->key()),
      position_(position),
      sequence_(sequence) {}

TopicReader::TopicReader(std::shared_ptr<TopicMemory> theirs, From from)
    : TopicReader(std::move(theirs), 0, 0) {
  // The publisher may overrun a start before it is read; not often in a row.
  has_start_ = false;
  for (int tries = 0; tries < 1'000 && !has_start_; ++tries)
    has_start_ = FindStart(from);
}

bool TopicReader::FindStart(From from) {
  const uint64_t tail = theirs_->tail().load(std::memory_order_acquire);
  const uint64_t next =
      theirs_->next_sequence().load(std::memory_order_acquire);
  const uint64_t oldest = theirs_->oldest().load(std::memory_order_relaxed);
  const uint64_t start = from == From::kOldest ? oldest : tail;
  if (!IsPosition(start)) return false;
  position_ = start;
  // A record at the tail may be stamped already, and not be in `next`.
  const bool stamped = IsStamped();
  sequence_ = stamped ? Header().sequence : next;
  return !IsOverrun() && (stamped || position_ == tail);
}

abi::TopicHeader TopicReader::Header() const {
  uint64_t words[kHeaderWords] = {};
  uint64_t* at = At();
  for (size_t i = 1; i < kHeaderWords; ++i)
    words[i] = Word(at[i]).load(std::memory_order_relaxed);
  abi::TopicHeader header;
  std::memcpy(&header, words, sizeof(header));
  return header;
}

bool TopicReader::Peek(abi::TopicHeader* header) const {
  if (!IsStamped()) return false;
  *header = Header();
  return Fits(*header);
}

bool TopicReader::Fits(const abi::TopicHeader& header) const {
  return header.payload_bytes <=
         TopicWriter::PayloadMost(static_cast<uint32_t>(ring_bytes_));
}

TopicReader::State TopicReader::Take(abi::TopicHeader* header,
                                     uint8_t* payload) {
  if (!IsStamped()) return IsOverrun() ? State::kOverrun : State::kEmpty;
  *header = Header();
  const bool fits = Fits(*header);
  if (fits) CopyOutOver(payload, At() + kHeaderWords, header->payload_bytes);
  if (IsOverrun()) return State::kOverrun;
  if (!fits || header->sequence < sequence_) return State::kMalformed;
  missed_ = header->sequence - sequence_;
  sequence_ = header->sequence + 1;
  position_ += abi::RecordBytes(header->payload_bytes);
  return State::kRecord;
}

bool TopicReader::SkipToOldest() {
  const uint64_t oldest = theirs_->oldest().load(std::memory_order_acquire);
  if (!IsPosition(oldest) || oldest <= position_) return false;
  position_ = oldest;
  return true;
}

TopicEnd MeasureTopic(const std::shared_ptr<TopicMemory>& memory,
                      const TopicEnd& known) {
  constexpr uint64_t kSequenceMax = TopicReader::kPositionMax;
  uint64_t tail = memory->tail().load(std::memory_order_acquire);
  if (!IsPosition(tail) || tail < known.position) return known;
  uint64_t next = memory->next_sequence().load(std::memory_order_acquire);
  if (next < known.sequence || next > kSequenceMax) next = known.sequence;
  // What is stamped is published, though its tail was not moved.
  abi::TopicHeader header;
  if (TopicReader(memory, tail, 0).Peek(&header)) {
    tail += abi::RecordBytes(header.payload_bytes);
    if (header.sequence >= known.sequence && header.sequence < kSequenceMax)
      next = header.sequence + 1;
  }
  return {tail, next};
}

}  // namespace base
