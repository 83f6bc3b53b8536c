#include "ipc/seq_ring.h"

#include <algorithm>
#include <climits>

#include "libipc/base/clock.h"
#include "libipc/base/futex.h"

namespace ipc {
namespace {

absl::Status CheckFit(std::span<std::byte> memory, size_t value_bytes,
                      uint32_t count) {
  if (value_bytes == 0 || count < 2)
    return MakeStatus(Error::invalid_args, "a SeqRing keeps a value at least");
  const uint64_t entry = SeqBytes::EntryBytes(value_bytes);
  if (memory.size() < sizeof(SeqHeader) ||
      (memory.size() - sizeof(SeqHeader)) / entry < count)
    return MakeStatus(Error::out_of_range,
                      "the memory is too small for that many values");
  return absl::OkStatus();
}

uint32_t Load(uint32_t& word) {
  return std::atomic_ref<uint32_t>(word).load(std::memory_order_relaxed);
}

// Entries are whole words; what is left over at a value's end is padded.
uint64_t WordAt(const void* from, size_t offset, size_t bytes) {
  uint64_t word = 0;
  std::memcpy(&word, static_cast<const uint8_t*>(from) + offset,
              std::min(sizeof(word), bytes - offset));
  return word;
}

}  // namespace

absl::StatusOr<SeqBytes> SeqBytes::Write(std::span<std::byte> memory,
                                         size_t value_bytes, uint32_t count) {
  if (absl::Status bad = CheckFit(memory, value_bytes, count); !bad.ok())
    return bad;
  const SeqBytes bytes(memory, value_bytes, count);
  SeqHeader& header = *bytes.header_;
  std::atomic_ref<uint64_t>(header.published).store(0);
  std::atomic_ref<uint32_t>(header.count).store(count);
  std::atomic_ref<uint32_t>(header.value_bytes)
      .store(static_cast<uint32_t>(value_bytes));
  return bytes;
}

absl::StatusOr<SeqBytes> SeqBytes::Read(std::span<std::byte> memory,
                                        size_t value_bytes) {
  if (memory.size() < sizeof(SeqHeader))
    return MakeStatus(Error::out_of_range, "the memory has no SeqHeader");
  auto& header = *reinterpret_cast<SeqHeader*>(memory.data());
  const uint32_t count = Load(header.count);
  if (Load(header.value_bytes) != value_bytes)
    return MakeStatus(Error::invalid_args,
                      "the SeqRing holds values of another size, or none yet");
  if (absl::Status bad = CheckFit(memory, value_bytes, count); !bad.ok())
    return bad;
  return SeqBytes(memory, value_bytes, count);
}

void SeqBytes::Publish(const void* value) {
  const std::atomic_ref<uint64_t> published(header_->published);
  const uint64_t n = published.load(std::memory_order_relaxed);
  auto* words = reinterpret_cast<uint64_t*>(EntryOf(n));
  // Who reads one of the words below finds what was published before, too.
  for (size_t at = 0; at < value_bytes_; at += sizeof(uint64_t))
    std::atomic_ref<uint64_t>(words[at / sizeof(uint64_t)])
        .store(WordAt(value, at, value_bytes_), std::memory_order_release);
  published.store(n + 1, std::memory_order_release);
}

void SeqBytes::Wake() const {
  base::WakeWord(reinterpret_cast<const uint32_t*>(&header_->published),
                 INT_MAX);
}

bool SeqBytes::Copy(uint64_t n, void* value) const {
  auto* words = reinterpret_cast<uint64_t*>(EntryOf(n));
  for (size_t at = 0; at < value_bytes_; at += sizeof(uint64_t)) {
    const uint64_t word =
        std::atomic_ref<uint64_t>(words[at / sizeof(uint64_t)])
            .load(std::memory_order_acquire);
    std::memcpy(static_cast<uint8_t*>(value) + at, &word,
                std::min(sizeof(word), value_bytes_ - at));
  }
  const uint64_t now = published();
  return now > n && now - n < count_;
}

absl::Status SeqBytes::Await(uint64_t n, Deadline deadline) const {
  const auto* word = reinterpret_cast<const uint32_t*>(&header_->published);
  for (;;) {
    const uint32_t low = base::ValueOf(word);
    const uint64_t now = published();
    if (now >= n) return absl::OkStatus();
    const int64_t time = base::NowNs();
    if (time >= deadline.ns)
      return MakeStatus(
          deadline.ns == 0 ? Error::should_wait : Error::timed_out,
          "no new value was published in time");
    if (low != static_cast<uint32_t>(now)) continue;
    const base::FutexWait wait = {word, low};
    base::WaitOnWords({&wait, 1}, std::min(deadline.ns, time + kUnwokenNs));
  }
}

}  // namespace ipc
