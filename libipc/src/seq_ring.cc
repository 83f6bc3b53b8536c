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

// Entries are whole words; what is left over at a value's end is padded. The
// copies of whole words have a constant length: they are single moves.
void StoreWords(uint64_t* to, const uint8_t* from, size_t bytes) {
  const auto store = [&](uint64_t word) {
    std::atomic_ref<uint64_t>(*to++).store(word, std::memory_order_release);
  };
  uint64_t word;
  for (; bytes >= sizeof(word); bytes -= sizeof(word), from += sizeof(word)) {
    std::memcpy(&word, from, sizeof(word));
    store(word);
  }
  if (bytes == 0) return;
  word = 0;
  std::memcpy(&word, from, bytes);
  store(word);
}

void LoadWords(uint8_t* to, uint64_t* from, size_t bytes) {
  const auto load = [&] {
    return std::atomic_ref<uint64_t>(*from++).load(std::memory_order_acquire);
  };
  uint64_t word;
  for (; bytes >= sizeof(word); bytes -= sizeof(word), to += sizeof(word)) {
    word = load();
    std::memcpy(to, &word, sizeof(word));
  }
  if (bytes == 0) return;
  word = load();
  std::memcpy(to, &word, bytes);
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
  // Who reads one of these words finds what was published before, too.
  StoreWords(reinterpret_cast<uint64_t*>(EntryOf(n)),
             static_cast<const uint8_t*>(value), value_bytes_);
  published.store(n + 1, std::memory_order_release);
}

void SeqBytes::Wake() const {
  base::WakeWord(reinterpret_cast<const uint32_t*>(&header_->published),
                 INT_MAX);
}

bool SeqBytes::Copy(uint64_t n, void* value) const {
  LoadWords(static_cast<uint8_t*>(value),
            reinterpret_cast<uint64_t*>(EntryOf(n)), value_bytes_);
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
