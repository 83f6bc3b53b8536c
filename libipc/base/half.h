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

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>

#include "libipc/abi/lane.h"
#include "libipc/abi/limits.h"
#include "libipc/base/memory.h"

namespace base {

// The mapping of one half. Shared, because a reader and a writer in the same
// process look into both.
class Half {
 public:
  // Errors: those of Mapping; invalid_args if the descriptor is no memory of
  // this size that cannot shrink.
  static Result<std::shared_ptr<Half>> Map(int fd, uint32_t ring_bytes,
                                           uint64_t key, Access access);
  static Result<UniqueFd> Create(uint32_t ring_bytes);

  abi::HalfControl* control() const {
    return reinterpret_cast<abi::HalfControl*>(mapping_.data());
  }
  uint8_t* ring() const { return mapping_.data() + abi::kControlBytes; }
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
  // Low halves of tail and head, as futex words.
  const uint32_t* tail_word() const {
    return reinterpret_cast<const uint32_t*>(&control()->tail);
  }
  const uint32_t* head_word() const {
    return reinterpret_cast<const uint32_t*>(&control()->head);
  }

 private:
  Half(Mapping mapping, uint32_t ring_bytes, uint64_t key)
      : mapping_(std::move(mapping)), ring_bytes_(ring_bytes), key_(key) {}

  Mapping mapping_;
  const uint32_t ring_bytes_;
  const uint64_t key_;
};

class RingWriter {
 public:
  RingWriter() = default;
  RingWriter(std::shared_ptr<Half> own, uint64_t start)
      : own_(std::move(own)), position_(start), known_head_(start) {}

  // Room for a record with this payload? `peer` may be null: its head is then
  // taken as where it last was known to be.
  bool HasRoom(uint64_t payload_bytes, const Half* peer) {
    const uint64_t needed = abi::RecordBytes(payload_bytes);
    if (position_ + needed - known_head_ <= own_->ring_bytes()) return true;
    if (peer != nullptr) LookAtHead(*peer);
    return position_ + needed - known_head_ <= own_->ring_bytes();
  }
  // Where the payload of the next record goes; room was checked.
  uint8_t* Payload() { return At(position_) + sizeof(abi::RecordHeader); }
  // Publishes the next record; stamp is filled in here.
  void Publish(const abi::RecordHeader& header) {
    uint8_t* at = At(position_);
    std::memcpy(at + sizeof(uint64_t),
                reinterpret_cast<const uint8_t*>(&header) + sizeof(uint64_t),
                sizeof(header) - sizeof(uint64_t));
    std::atomic_ref<uint64_t>(*reinterpret_cast<uint64_t*>(at))
        .store(own_->key() + position_, std::memory_order_release);
    position_ += abi::RecordBytes(header.payload_bytes);
    own_->tail().store(position_, std::memory_order_release);
  }

  uint64_t position() const { return position_; }
  // Continues where a new peer's reading starts.
  void SetKnownHead(uint64_t head) { known_head_ = head; }
  uint64_t known_head() const { return known_head_; }
  void LookAtHead(const Half& peer) {
    const uint64_t head = peer.head().load(std::memory_order_acquire);
    if (head > known_head_ && head <= position_) known_head_ = head;
  }
  const std::shared_ptr<Half>& half() const { return own_; }

 private:
  uint8_t* At(uint64_t position) {
    return own_->ring() + (position & (own_->ring_bytes() - 1));
  }

  std::shared_ptr<Half> own_;
  uint64_t position_ = 0;
  uint64_t known_head_ = 0;  // the peer has consumed at least to here
};

class RingReader {
 public:
  enum class State { kEmpty, kRecord, kMalformed };

  RingReader() = default;
  RingReader(std::shared_ptr<Half> theirs, uint64_t start)
      : theirs_(std::move(theirs)), position_(start) {}

  // Is there a record? If so it is copied to `header`, its sizes checked.
  // kMalformed: the writer broke the format; the ring is of no use any more.
  State Peek(abi::RecordHeader* header) const {
    const uint8_t* at = At();
    const uint64_t stamp =
        std::atomic_ref<uint64_t>(
            *reinterpret_cast<uint64_t*>(const_cast<uint8_t*>(at)))
            .load(std::memory_order_acquire);
    if (stamp != theirs_->key() + position_) return State::kEmpty;
    std::memcpy(header, at, sizeof(*header));
    // The compiler must not go back to shared memory for what was copied.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (header->payload_bytes > kPayloadMax ||
        abi::RecordBytes(header->payload_bytes) > theirs_->ring_bytes() ||
        (header->flags & ~abi::kRecordFlagsAll) != 0)
      return State::kMalformed;
    return State::kRecord;
  }
  bool Ready() const { return ProbeHere().Ready(); }
  // Where the next record will appear, to be polled without the reader: it
  // stays valid while the half does, and tells nothing once others have read.
  class Probe {
   public:
    Probe() = default;
    Probe(const uint64_t* word, uint64_t stamp) : word_(word), stamp_(stamp) {}
    bool Ready() const {
      return word_ != nullptr &&
             std::atomic_ref<uint64_t>(*const_cast<uint64_t*>(word_))
                     .load(std::memory_order_acquire) == stamp_;
    }

   private:
    const uint64_t* word_ = nullptr;
    uint64_t stamp_ = 0;
  };
  Probe ProbeHere() const {
    return {reinterpret_cast<const uint64_t*>(At()),
            theirs_->key() + position_};
  }
  // The peeked record's payload: bytes that the writer may still change. Copy
  // them out, then check the copy.
  const uint8_t* Payload() const { return At() + sizeof(abi::RecordHeader); }
  // Goes on behind the peeked record and announces it in `own`, if there.
  void Consume(const abi::RecordHeader& header, const Half* own) {
    position_ += abi::RecordBytes(header.payload_bytes);
    if (own != nullptr) own->head().store(position_, std::memory_order_release);
  }

  uint64_t position() const { return position_; }
  const std::shared_ptr<Half>& half() const { return theirs_; }
  bool valid() const { return theirs_ != nullptr; }

  // A message of the largest payload with all its prefix words.
  static constexpr uint32_t kPayloadMax = abi::kPayloadBytesMax + 64;

 private:
  const uint8_t* At() const {
    return theirs_->ring() + (position_ & (theirs_->ring_bytes() - 1));
  }

  std::shared_ptr<Half> theirs_;
  uint64_t position_ = 0;
};

}  // namespace base
