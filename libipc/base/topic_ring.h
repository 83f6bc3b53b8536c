// Writing and reading of a topic's ring. Never waits, makes no system call.
//
// The writer overwrites the oldest records. Before it does, it says where the
// oldest one that stays begins; a reader copies a record out, looks at that
// word again, and so knows whether what it copied was whole.
//
//   oldest                                       position (tail)
//     |--- whole records, each may be read ---------|
//   position + new record + one stamp - ring <= oldest
//
// Every record has a number, so a reader that was overrun knows exactly how
// many it missed. A reader believes nothing of what it reads.
#pragma once

#include <algorithm>
#include <cstring>

#include "libipc/base/overwriting.h"
#include "libipc/base/topic_memory.h"

namespace base {

class TopicWriter {
 public:
  TopicWriter() = default;
  // `own`: fresh memory. Goes on at a position, with a number.
  TopicWriter(std::shared_ptr<TopicMemory> own, uint64_t start,
              uint64_t sequence);

  // Largest payload that fits at all.
  static uint64_t PayloadMost(uint32_t ring_bytes) {
    return std::min<uint64_t>(
        abi::kPayloadBytesMax,
        abi::TopicRecordMost(ring_bytes) - sizeof(abi::TopicHeader));
  }
  // A record of this payload overwrites what lies below.
  uint64_t OverwritesBelow(uint64_t payload_bytes) const {
    const uint64_t end =
        position_ + abi::RecordBytes(payload_bytes) + abi::kLineBytes;
    return end > ring_bytes_ ? end - ring_bytes_ : 0;
  }
  // Gives up what lies below `needed`, and some more, but nothing from `kept`
  // on, which is not below `needed`.
  void MakeRoom(uint64_t needed, uint64_t kept) {
    if (needed > oldest_) MoveOldest(needed, kept);
  }
  // Room was made.
  void Publish(uint32_t label, const void* payload, size_t bytes,
               abi::TopicFlags flags = abi::TopicFlags::none);

  uint64_t position() const { return position_; }
  uint64_t oldest() const { return oldest_; }
  uint64_t sequence() const { return sequence_; }  // of the next record
  const std::shared_ptr<TopicMemory>& memory() const { return own_; }

 private:
  void MoveOldest(uint64_t needed, uint64_t kept);
  uint64_t* At(uint64_t position) const {
    return reinterpret_cast<uint64_t*>(ring_ + (position & (ring_bytes_ - 1)));
  }
  uint64_t RecordAt(uint64_t position) const;

  std::shared_ptr<TopicMemory> own_;
  uint8_t* ring_ = nullptr;
  uint64_t ring_bytes_ = 0;
  uint64_t key_ = 0;
  uint64_t position_ = 0;
  uint64_t oldest_ = 0;
  uint64_t sequence_ = 1;
};

class TopicReader {
 public:
  enum class State {
    kEmpty,
    kRecord,
    kOverrun,    // the position is overwritten: SkipToOldest
    kMalformed,  // the publisher broke the format
  };
  enum class From { kLatest, kOldest };
  // Positions above this are nobody's: at 100 GB/s they take a year and a half.
  static constexpr uint64_t kPositionMax = uint64_t{1} << 62;

  TopicReader() = default;
  TopicReader(std::shared_ptr<TopicMemory> theirs, uint64_t position,
              uint64_t sequence);
  // At a record's beginning, and with its number.
  TopicReader(std::shared_ptr<TopicMemory> theirs, From from);

  // Copies the next record to `payload`, which holds PayloadMost bytes rounded
  // up to 64, and goes on behind it. `header` is checked.
  State Take(abi::TopicHeader* header, uint8_t* payload);
  // The header of the next record, if there is a whole one.
  bool Peek(abi::TopicHeader* header) const;
  // Records missed before the one taken last.
  uint64_t missed() const { return missed_; }
  // False: none was found to begin at, so its publisher lies.
  bool has_start() const { return has_start_; }
  // Goes on at the oldest record there is. False: the publisher lies.
  bool SkipToOldest();
  // Something is to be done here: a record, or an overrun.
  bool Ready() const {
    return IsStamped() ||
           theirs_->oldest().load(std::memory_order_relaxed) > position_;
  }

  uint64_t position() const { return position_; }
  uint64_t sequence() const { return sequence_; }  // of the next record
  const std::shared_ptr<TopicMemory>& memory() const { return theirs_; }

 private:
  bool FindStart(From from);
  bool IsStamped() const {
    return std::atomic_ref<uint64_t>(*At()).load(std::memory_order_acquire) ==
           key_ + position_;
  }
  // After copying: whether it was overwritten meanwhile.
  bool IsOverrun() const { return IsBelowOldest(theirs_->oldest(), position_); }
  abi::TopicHeader Header() const;
  bool Fits(const abi::TopicHeader& header) const;
  uint64_t* At() const {
    return reinterpret_cast<uint64_t*>(ring_ + (position_ & (ring_bytes_ - 1)));
  }

  std::shared_ptr<TopicMemory> theirs_;
  uint8_t* ring_ = nullptr;
  uint64_t ring_bytes_ = 0;
  uint64_t key_ = 0;
  uint64_t position_ = 0;
  uint64_t sequence_ = 0;
  uint64_t missed_ = 0;
  bool has_start_ = true;
};

// How far a publisher came, by its words and what is stamped: it may have died
// between any two of them. Never below what is known.
struct TopicEnd {
  uint64_t position;
  uint64_t sequence;  // of the next record
};
TopicEnd MeasureTopic(const std::shared_ptr<TopicMemory>& memory,
                      const TopicEnd& known);

}  // namespace base
