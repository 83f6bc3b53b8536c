// The raw ring that lanes are measured against: one writer, one reader, tail,
// head and data on different lines, each side with a copy of the other's index.
// It trusts both sides, knows the size of each message beforehand, and its
// sides poll for ever.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "libipc/base/spinner.h"

namespace bench {

// In memory that both processes share, zero at first.
struct RawRing {
  static constexpr uint64_t kBytes = 256 << 10;  // as a lane has by default
  static constexpr uint64_t kRecordMax = 4096;
  alignas(128) std::atomic<uint64_t> tail;  // written by the writer
  alignas(128) std::atomic<uint64_t> head;  // written by the reader
  // A record that begins near the end goes on behind it.
  alignas(128) std::byte data[kBytes + kRecordMax];

  std::byte* At(uint64_t position) { return data + position % kBytes; }
  static uint64_t RecordBytes(size_t payload) {
    return (payload + 63) / 64 * 64;
  }
};

// `ready` for as long as it takes.
template <typename Ready>
void PollUntil(const Ready& ready) {
  while (!ready()) base::CpuRelax();
}

class RawWriter {
 public:
  explicit RawWriter(RawRing* ring) : ring_(ring) {}

  void Write(std::span<const std::byte> payload) {
    std::memcpy(Reserve(payload.size()), payload.data(), payload.size());
  }
  // Room for a record; nobody sees it before Publish.
  std::byte* Reserve(size_t payload) {
    const uint64_t bytes = RawRing::RecordBytes(payload);
    if (tail_ + bytes - head_ > RawRing::kBytes) WaitForRoom(bytes);
    std::byte* place = ring_->At(tail_);
    tail_ += bytes;
    return place;
  }
  void Publish() { ring_->tail.store(tail_, std::memory_order_release); }

 private:
  void WaitForRoom(uint64_t bytes) {
    Publish();
    PollUntil([&] {
      head_ = ring_->head.load(std::memory_order_acquire);
      return tail_ + bytes - head_ <= RawRing::kBytes;
    });
  }

  RawRing* ring_;
  uint64_t tail_ = 0;
  uint64_t head_ = 0;  // as last seen
};

class RawReader {
 public:
  explicit RawReader(RawRing* ring) : ring_(ring) {}

  bool HasRecord() {
    if (head_ != tail_) return true;
    tail_ = ring_->tail.load(std::memory_order_acquire);
    return head_ != tail_;
  }
  // Waits for a record and copies it out.
  void Read(std::span<std::byte> payload) {
    PollUntil([this] { return HasRecord(); });
    std::memcpy(payload.data(), ring_->At(head_), payload.size());
    head_ += RawRing::RecordBytes(payload.size());
    ring_->head.store(head_, std::memory_order_release);
  }

 private:
  RawRing* ring_;
  uint64_t head_ = 0;
  uint64_t tail_ = 0;  // as last seen
};

}  // namespace bench
