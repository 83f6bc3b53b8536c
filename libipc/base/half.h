// A half of a lane as seen by one process: its mapping, and writing and
// reading of its ring. Never waits, makes no system call.
//
// RingWriter runs in the half's one writer, RingReader in the other side.
// Both stand on two halves: a writer needs the peer's consumed head, which
// lies in the peer's half; a reader announces its own in its own half. The
// peer's half may be missing (nobody has joined yet).
//
// Everything read from the peer's half is read once and bounded.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>

#include "libipc/abi/lane.h"
#include "libipc/abi/limits.h"
#include "libipc/abi/requests.h"
#include "libipc/base/memory.h"
#include "libipc/base/overwriting.h"

namespace base {

// Adds to a word that only this side writes and others may read meanwhile.
[[gnu::always_inline]] inline void Count(uint64_t& word, uint64_t by = 1) {
  const std::atomic_ref<uint64_t> shared(word);
  shared.store(shared.load(std::memory_order_relaxed) + by,
               std::memory_order_relaxed);
}

inline void SetCount(uint64_t& word, uint64_t value) {
  std::atomic_ref<uint64_t>(word).store(value, std::memory_order_relaxed);
}
// Of a word that somebody else writes meanwhile.
inline uint64_t ReadCount(const uint64_t& word) {
  return std::atomic_ref<uint64_t>(const_cast<uint64_t&>(word))
      .load(std::memory_order_relaxed);
}
inline void CountWord(std::atomic_ref<uint32_t> word) {
  word.store(word.load(std::memory_order_relaxed) + 1,
             std::memory_order_relaxed);
}

// The mapping of one half. Shared, because a reader and a writer in the same
// process look into both. Its ring is its own, or lies in memory of its own
// (WithRing), beside the same control words.
class Half {
 public:
  // Errors: those of Mapping; invalid_args if the descriptor is no memory of
  // this size that cannot shrink.
  static Result<std::shared_ptr<Half>> Map(int fd, uint32_t ring_bytes,
                                           uint64_t key, Access access);
  // `name` is what Linux shows of it.
  static Result<UniqueFd> Create(uint32_t ring_bytes,
                                 const char* name = "keyport-half");
  // `base` with another ring, the memory `fd`. Errors: as Map.
  static Result<std::shared_ptr<Half>> WithRing(std::shared_ptr<Half> base,
                                                int fd, uint32_t ring_bytes,
                                                uint64_t key, Access access);
  static Result<UniqueFd> CreateRing(uint32_t ring_bytes);

  abi::HalfControl* control() const { return control_; }
  uint8_t* ring() const { return ring_; }
  uint32_t ring_bytes() const { return ring_bytes_; }
  uint64_t key() const { return key_; }

  // The control words; the caller knows which side it is on.
  std::atomic_ref<uint64_t> tail() const {
    return std::atomic_ref<uint64_t>(control()->tail);
  }
  std::atomic_ref<uint64_t> head() const {
    return std::atomic_ref<uint64_t>(control()->head);
  }
  std::atomic_ref<uint32_t> armed() const {
    return std::atomic_ref<uint32_t>(control()->armed);
  }
  std::atomic_ref<uint32_t> unfenced() const {
    return std::atomic_ref<uint32_t>(control()->unfenced);
  }
  std::atomic_ref<uint32_t> barrier() const {
    return std::atomic_ref<uint32_t>(control()->barrier);
  }
  std::atomic_ref<uint32_t> processor() const {
    return std::atomic_ref<uint32_t>(control()->processor);
  }
  std::atomic_ref<uint32_t> preparing() const {
    return std::atomic_ref<uint32_t>(control()->preparing);
  }
  // Of an overwriting port's lane.
  std::atomic_ref<uint64_t> oldest() const {
    return std::atomic_ref<uint64_t>(control()->oldest);
  }
  std::atomic_ref<uint64_t> next_number() const {
    return std::atomic_ref<uint64_t>(control()->next_number);
  }
  // Of a session's completion half.
  abi::SessionWords& words() const {
    return *reinterpret_cast<abi::SessionWords*>(mapping_.data() +
                                                 abi::kSessionWordsOffset);
  }
  abi::LaneCounters& counters() const { return control()->counters; }
  // Of a lane's half.
  abi::LaneTimes& times() const {
    return *reinterpret_cast<abi::LaneTimes*>(
        reinterpret_cast<uint8_t*>(control()) + abi::kLaneTimesOffset);
  }
  // Low halves of tail and head, as futex words.
  const uint32_t* tail_word() const {
    return reinterpret_cast<const uint32_t*>(&control()->tail);
  }
  const uint32_t* head_word() const {
    return reinterpret_cast<const uint32_t*>(&control()->head);
  }

 private:
  Half(Mapping mapping, uint32_t ring_bytes, uint64_t key)
      : mapping_(std::move(mapping)),
        control_(reinterpret_cast<abi::HalfControl*>(mapping_.data())),
        ring_(mapping_.data() + abi::kControlBytes),
        ring_bytes_(ring_bytes),
        key_(key) {}
  Half(std::shared_ptr<Half> base, Mapping mapping, uint32_t ring_bytes,
       uint64_t key)
      : base_(std::move(base)),
        mapping_(std::move(mapping)),
        control_(base_->control()),
        ring_(mapping_.data()),
        ring_bytes_(ring_bytes),
        key_(key) {}

  const std::shared_ptr<Half> base_;  // whose control words these are
  const Mapping mapping_;
  abi::HalfControl* const control_;
  uint8_t* const ring_;
  const uint32_t ring_bytes_;
  const uint64_t key_;
};

static_assert(std::endian::native == std::endian::little);

class RingWriter {
 public:
  RingWriter() = default;
  RingWriter(std::shared_ptr<Half> own, uint64_t start)
      : own_(std::move(own)),
        ring_(own_->ring()),
        control_(own_->control()),
        ring_bytes_(own_->ring_bytes()),
        key_(own_->key()),
        position_(start),
        known_head_(start),
        oldest_(start) {}

  // Room for a record with this payload? `peer` may be null: its head is then
  // taken as where it last was known to be.
  bool HasRoom(uint64_t payload_bytes, const Half* peer) {
    const uint64_t needed = abi::RecordBytes(payload_bytes);
    if (position_ + needed - known_head_ <= ring_bytes_) return true;
    if (peer != nullptr) LookAtHead(*peer);
    return position_ + needed - known_head_ <= ring_bytes_;
  }
  // Of an overwriting port's ring instead: gives up the oldest records.
  void MakeRoom(uint64_t payload_bytes);
  // Where the payload of the next record goes; room was checked.
  uint8_t* Payload() { return Here() + sizeof(abi::RecordHeader); }
  // Publishes the next record; stamp is filled in here.
  void Publish(const abi::RecordHeader& header) { PublishAt(Here(), header); }
  // The same in parts: where the next record begins, and publishing it there.
  uint8_t* Here() const { return At(position_); }
  [[gnu::always_inline]] void PublishAt(uint8_t* here,
                                        const abi::RecordHeader& header) {
    auto* at = reinterpret_cast<uint64_t*>(here);
    // Whole words: the reader, and this processor, take them back as such.
    SetWord(at[1], header.payload_bytes | uint64_t{header.flags} << 32 |
                       uint64_t{header.handle_count} << 48);
    SetWord(at[2], header.correlation | uint64_t{header.label} << 32);
    SetWord(at[3], header.flow);
    std::atomic_ref<uint64_t>(at[0]).store(key_ + position_,
                                           std::memory_order_release);
    position_ += abi::RecordBytes(header.payload_bytes);
    std::atomic_ref<uint64_t>(control_->tail)
        .store(position_, std::memory_order_release);
  }

  // Goes on in another ring of the same half, all of whose room is free.
  void GoOnIn(std::shared_ptr<Half> other) {
    own_ = std::move(other);
    ring_ = own_->ring();
    ring_bytes_ = own_->ring_bytes();
    key_ = own_->key();
    start_ = position_;
    known_head_ = position_;
  }

  uint64_t position() const { return position_; }
  // Continues where a new peer's reading starts.
  void SetKnownHead(uint64_t head) { known_head_ = std::max(head, start_); }
  // In this ring: what is in an earlier one takes no room here.
  uint64_t known_head() const { return known_head_; }
  // Bytes that the peer has not consumed, as it says; those in an earlier ring
  // too. `peer` may be null: it is taken to have consumed what it last had.
  uint64_t Unread(const Half* peer) const {
    if (peer == nullptr) return position_ - known_head_;
    const uint64_t head = peer->head().load(std::memory_order_acquire);
    return head <= position_ ? position_ - head : 0;
  }
  void LookAtHead(const Half& peer) {
    const uint64_t head = peer.head().load(std::memory_order_acquire);
    if (head > known_head_ && head <= position_) known_head_ = head;
  }
  const std::shared_ptr<Half>& half() const { return own_; }

 private:
  uint8_t* At(uint64_t position) const {
    return ring_ + (position & (ring_bytes_ - 1));
  }
  static void SetWord(uint64_t& word, uint64_t value) {
    std::atomic_ref<uint64_t>(word).store(value, std::memory_order_relaxed);
  }

  std::shared_ptr<Half> own_;
  // The half's, at hand.
  uint8_t* ring_ = nullptr;
  abi::HalfControl* control_ = nullptr;
  uint64_t ring_bytes_ = 0;
  uint64_t key_ = 0;
  uint64_t position_ = 0;
  uint64_t known_head_ = 0;  // the peer has consumed at least to here
  uint64_t start_ = 0;       // where this ring began to be used
  uint64_t oldest_ = 0;      // as in the half's word
};

class RingReader {
 public:
  enum class State { kEmpty, kRecord, kMalformed };

  RingReader() = default;
  RingReader(std::shared_ptr<Half> theirs, uint64_t start)
      : theirs_(std::move(theirs)),
        ring_(theirs_->ring()),
        ring_bytes_(theirs_->ring_bytes()),
        key_(theirs_->key()),
        position_(start) {}

  // Is there a record? If so it is copied to `header`, its sizes checked.
  // kMalformed: the writer broke the format; the ring is of no use any more.
  State Peek(abi::RecordHeader* header) const {
    return Ready() ? PeekReady(header) : State::kEmpty;
  }
  // The same where Ready() held.
  [[gnu::always_inline]] State PeekReady(abi::RecordHeader* header) const {
    auto* at = reinterpret_cast<uint64_t*>(const_cast<uint8_t*>(At()));
    const auto word = [at](int i) {
      return std::atomic_ref<uint64_t>(at[i]).load(std::memory_order_relaxed);
    };
    // Taken apart in registers: a copy by way of memory is read back in other
    // sizes than it was written in, and waits until it is out of the store
    // buffer, behind whatever else is in there.
    const uint64_t sizes = word(1);
    const uint64_t names = word(2);
    header->stamp = 0;
    header->payload_bytes = static_cast<uint32_t>(sizes);
    header->flags = static_cast<uint16_t>(sizes >> 32);
    header->handle_count = static_cast<uint16_t>(sizes >> 48);
    header->correlation = static_cast<uint32_t>(names);
    header->label = static_cast<uint32_t>(names >> 32);
    header->flow = word(3);
    if (header->payload_bytes > kPayloadMax ||
        abi::RecordBytes(header->payload_bytes) > ring_bytes_ ||
        (header->flags & ~abi::kRecordFlagsAll) != 0)
      return State::kMalformed;
    return State::kRecord;
  }
  [[gnu::always_inline]] bool Ready() const { return ProbeHere().Ready(); }
  // Of an overwriting port's ring: what is here may be overwritten, now or
  // while it was copied. Then SkipToOldest.
  bool IsOverrun() const { return IsBelowOldest(theirs_->oldest(), position_); }
  // False: the writer lies about it.
  bool SkipToOldest(const Half* own) {
    const uint64_t oldest = theirs_->oldest().load(std::memory_order_acquire);
    if (oldest % abi::kLineBytes != 0 || oldest > kPositionMax) return false;
    if (oldest > position_) SkipTo(oldest, own);
    return true;
  }
  // Where the next record will appear, to be polled without the reader: it
  // stays valid while the half does, and tells nothing once others have read.
  class Probe {
   public:
    Probe() = default;
    Probe(const uint64_t* word, uint64_t stamp) : word_(word), stamp_(stamp) {}
    [[gnu::always_inline]] bool Ready() const {
      return word_ != nullptr &&
             std::atomic_ref<uint64_t>(*const_cast<uint64_t*>(word_))
                     .load(std::memory_order_acquire) == stamp_;
    }

   private:
    const uint64_t* word_ = nullptr;
    uint64_t stamp_ = 0;
  };
  [[gnu::always_inline]] Probe ProbeHere() const {
    return {reinterpret_cast<const uint64_t*>(At()), key_ + position_};
  }
  // The peeked record's payload: bytes that the writer may still change. Copy
  // them out, then check the copy.
  // What lies there up to the record's last line may be read.
  const uint8_t* Payload() const { return At() + sizeof(abi::RecordHeader); }
  // Goes on behind the peeked record and announces it in `own`, if there.
  [[gnu::always_inline]] void Consume(const abi::RecordHeader& header,
                                      const Half* own) {
    position_ += abi::RecordBytes(header.payload_bytes);
    if (own != nullptr) own->head().store(position_, std::memory_order_release);
  }

  // Goes on where another reader of the same ring, who started here, has come.
  void SkipTo(uint64_t position, const Half* own) {
    position_ = position;
    if (own != nullptr) own->head().store(position_, std::memory_order_release);
  }

  // Goes on in another ring of the same half.
  void GoOnIn(std::shared_ptr<Half> other) {
    *this = RingReader(std::move(other), position_);
  }

  uint64_t position() const { return position_; }
  uint64_t ring_bytes() const { return ring_bytes_; }
  const std::shared_ptr<Half>& half() const { return theirs_; }
  bool valid() const { return theirs_ != nullptr; }

  // A message of the largest payload with all its prefix words.
  static constexpr uint32_t kPayloadMax = abi::kPayloadBytesMax + 64;
  // Nobody gets here honestly: 2^62 bytes at 100 GB/s take a year and a half.
  static constexpr uint64_t kPositionMax = uint64_t{1} << 62;

 private:
  const uint8_t* At() const { return ring_ + (position_ & (ring_bytes_ - 1)); }

  std::shared_ptr<Half> theirs_;
  // The half's, at hand.
  const uint8_t* ring_ = nullptr;
  uint64_t ring_bytes_ = 0;
  uint64_t key_ = 0;
  uint64_t position_ = 0;
};

}  // namespace base
