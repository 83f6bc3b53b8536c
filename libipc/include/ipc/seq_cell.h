// SeqCell: the latest value of one writer, for readers that never see a torn
// one and never block the writer. A SeqRing of a few values: a reader has to
// try again only if the writer has published kSeqCellValues values while it
// copied one.
#pragma once

#include "ipc/seq_ring.h"

namespace ipc {

inline constexpr uint32_t kSeqCellValues = 3;

template <typename T>
constexpr uint64_t SeqCellBytes() {
  return SeqRingBytes<T>(kSeqCellValues);
}

// Thread: one; and one writer a region.
template <typename T>
class SeqCellWriter {
 public:
  // Errors: out_of_range: less than SeqCellBytes<T>().
  static absl::StatusOr<SeqCellWriter> Create(std::span<std::byte> memory) {
    auto ring = SeqRingWriter<T>::Create(memory, kSeqCellValues);
    if (!ring.ok()) return ring.status();
    return SeqCellWriter(*ring);
  }
  void Store(const T& value) { ring_.Publish(value); }
  // Wakes who waits for a value: a system call.
  void Wake() const { ring_.Wake(); }

 private:
  explicit SeqCellWriter(const SeqRingWriter<T>& ring) : ring_(ring) {}
  SeqRingWriter<T> ring_;
};

// Thread: one.
template <typename T>
class SeqCellReader {
 public:
  // Errors: as SeqRingReader::Create.
  static absl::StatusOr<SeqCellReader> Create(std::span<std::byte> memory) {
    auto ring = SeqRingReader<T>::Create(memory);
    if (!ring.ok()) return ring.status();
    return SeqCellReader(*ring);
  }
  // Errors: timed_out, should_wait, while nothing was stored yet.
  absl::StatusOr<T> Load(Deadline deadline = Deadline::Never()) {
    auto got = ring_.Latest(deadline);
    if (!got.ok()) return got.status();
    return got->value;
  }
  // Waits for one that it has not loaded yet.
  absl::StatusOr<T> Next(Deadline deadline = Deadline::Never()) {
    auto got = ring_.Next(deadline);
    if (!got.ok()) return got.status();
    return Load(deadline);
  }

 private:
  explicit SeqCellReader(const SeqRingReader<T>& ring) : ring_(ring) {}
  SeqRingReader<T> ring_;
};

}  // namespace ipc
