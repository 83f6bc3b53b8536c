// SeqRing: the last N values of one writer, and SeqCell: the latest one. For
// values that are replaced, not consumed: positions, prices, settings. They lie
// in a region that only the writer can write (Region::SealSingleWriter after it
// was mapped), so no reader can disturb the writer or another reader; readers
// need no more than Read and Map.
//
//   SeqHeader (64 bytes)          entries, each rounded up to 64 bytes
//   +--------------------------+  +--------+--------+--------+--------+
//   | bytes of a value, count, |  | n      | n + 1  | n + 2  | n - 1  |
//   | published                |  +--------+--------+--------+--------+
//   +--------------------------+     value number n lies at n % count
//
// The writer never waits. It writes value n into its place and then stores
// published = n + 1; it touches the place again only after it has published
// n + count - 1. So a reader that copies value n and then finds published less
// than n + count has it whole, and a writer that dies in the middle of a value
// leaves all others readable.
//
// A reader is lock-free: it tries again only if the writer has published
// count - 1 values while one was copied. From a hostile writer it may get any
// bytes at all, and none by its deadline.
//
// Source: Boehm, "Can Seqlocks Get Along With Programming Language Memory
// Models?" (2012); Linux's seqcount_latch.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "ipc/region.h"
#include "ipc/status.h"

namespace ipc {

struct SeqHeader {
  uint32_t value_bytes;
  uint32_t count;      // of entries
  uint64_t published;  // values so far; its low half is a futex word
  uint8_t reserved[48];
};
static_assert(sizeof(SeqHeader) == 64);

// Bytes that another process may change at any moment, in whole words.
class SeqBytes {
 public:
  static constexpr size_t kEntryAlign = 64;
  static constexpr size_t EntryBytes(size_t value_bytes) {
    return (value_bytes + kEntryAlign - 1) / kEntryAlign * kEntryAlign;
  }
  SeqBytes() = default;
  // Errors: out_of_range when they do not fit; invalid_args when the header
  // says something else (a reader), or no value or fewer than 2 entries.
  static absl::StatusOr<SeqBytes> Write(std::span<std::byte> memory,
                                        size_t value_bytes, uint32_t count);
  static absl::StatusOr<SeqBytes> Read(std::span<std::byte> memory,
                                       size_t value_bytes);

  uint32_t count() const { return count_; }
  uint64_t published() const {
    return std::atomic_ref<uint64_t>(header_->published)
        .load(std::memory_order_acquire);
  }
  void Publish(const void* value);
  // Wakes who waits for a value: a system call.
  void Wake() const;
  // Copies number n, which was published; false if it may be torn.
  bool Copy(uint64_t n, void* value) const;
  // Waits until `n` values are published. Nobody has to call Wake: without
  // it, it is seen within kUnwokenNs.
  // Errors: timed_out; should_wait (deadline Immediately).
  static constexpr int64_t kUnwokenNs = 10'000'000;
  absl::Status Await(uint64_t n, Deadline deadline) const;

 private:
  SeqBytes(std::span<std::byte> memory, size_t value_bytes, uint32_t count)
      : header_(reinterpret_cast<SeqHeader*>(memory.data())),
        entries_(memory.data() + sizeof(SeqHeader)),
        value_bytes_(value_bytes),
        count_(count) {}
  std::byte* EntryOf(uint64_t n) const {
    return entries_ + n % count_ * EntryBytes(value_bytes_);
  }
  SeqHeader* header_ = nullptr;
  std::byte* entries_ = nullptr;
  size_t value_bytes_ = 0;
  uint32_t count_ = 0;
};

// Bytes of a region that hold the last `values` values of T.
template <typename T>
constexpr uint64_t SeqRingBytes(uint32_t values) {
  return sizeof(SeqHeader) +
         (uint64_t{values} + 1) * SeqBytes::EntryBytes(sizeof(T));
}

// Thread: one; and one writer a region.
template <typename T>
class SeqRingWriter {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 65'536);

 public:
  // Begins anew, in memory of at least SeqRingBytes<T>(values).
  static absl::StatusOr<SeqRingWriter> Create(std::span<std::byte> memory,
                                              uint32_t values) {
    auto bytes = SeqBytes::Write(memory, sizeof(T), values + 1);
    if (!bytes.ok()) return bytes.status();
    return SeqRingWriter(*bytes);
  }
  void Publish(const T& value) { bytes_.Publish(&value); }
  void Wake() const { bytes_.Wake(); }

 private:
  explicit SeqRingWriter(const SeqBytes& bytes) : bytes_(bytes) {}
  SeqBytes bytes_;
};

template <typename T>
struct SeqValue {
  T value;
  uint64_t number;  // from 0
  uint64_t missed;  // values overwritten since the one before
};

// A cursor over the values. Thread: one.
template <typename T>
class SeqRingReader {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= 65'536);

 public:
  // Begins with the oldest value there is. Errors: invalid_args when it holds
  // other values than T; out_of_range.
  static absl::StatusOr<SeqRingReader> Create(std::span<std::byte> memory) {
    auto bytes = SeqBytes::Read(memory, sizeof(T));
    if (!bytes.ok()) return bytes.status();
    return SeqRingReader(*bytes);
  }
  // The next value, and how many were missed. Errors: timed_out; should_wait.
  absl::StatusOr<SeqValue<T>> Next(Deadline deadline = Deadline::Never()) {
    const uint64_t before = next_;
    while (absl::OkStatus() == (status_ = bytes_.Await(next_ + 1, deadline))) {
      next_ = std::max(next_, Oldest());
      SeqValue<T> got = {
          .value = {}, .number = next_, .missed = next_ - before};
      if (!bytes_.Copy(next_, &got.value)) continue;
      ++next_;
      return got;
    }
    return status_;
  }
  // The latest value, whatever was read before. Errors: as Next, while there
  // is none.
  absl::StatusOr<SeqValue<T>> Latest(Deadline deadline = Deadline::Never()) {
    const uint64_t published = bytes_.published();
    if (published > next_ + 1) next_ = published - 1;
    if (published == next_ && published > 0) --next_;
    return Next(deadline);
  }

 private:
  explicit SeqRingReader(const SeqBytes& bytes) : bytes_(bytes) {
    next_ = Oldest();
  }
  uint64_t Oldest() const {
    const uint64_t published = bytes_.published();
    const uint64_t kept = bytes_.count() - 1;
    return published > kept ? published - kept : 0;
  }
  SeqBytes bytes_;
  uint64_t next_ = 0;
  absl::Status status_;
};

}  // namespace ipc
