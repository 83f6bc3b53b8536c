// What rings share whose oldest records are overwritten while others read them
// (topic_ring.h; half.h for overwriting ports).
//
//   writer: says where the oldest record that stays begins; overwrites
//   reader: copies a record; looks there: was it whole while it was copied?
//
// Source: seqlocks as in Boehm, "Can seqlocks get along with programming
// language memory models?" (2012).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>

#include "libipc/base/copy.h"

namespace base {

// The writer's: announces it before anything below is overwritten.
inline void SayOldest(std::atomic_ref<uint64_t> word, uint64_t oldest) {
  word.store(oldest, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
}

// The reader's, after copying from there: whether it may be torn.
inline bool IsBelowOldest(std::atomic_ref<uint64_t> word, uint64_t position) {
  std::atomic_thread_fence(std::memory_order_acquire);
  return word.load(std::memory_order_relaxed) > position;
}

struct Overwriting {
  uint64_t oldest;  // where it begins now
  uint64_t end;     // of all records
  uint64_t needed;  // below it is overwritten
  uint64_t goal;    // not below `needed`: nothing from here on has to go
};

// Where the oldest record begins then. A step further than needed leaves the
// word in the readers' caches, and a reader that was overrun some time.
// `record_bytes(position)`: of the writer's own record there.
template <typename RecordBytesAt>
uint64_t NextOldest(const Overwriting& over,
                    const RecordBytesAt& record_bytes) {
  uint64_t next = over.oldest;
  while (next < over.end && next < over.goal) {
    const uint64_t end = next + record_bytes(next);
    if (next >= over.needed && end > over.goal) break;
    next = end;
  }
  return next;
}

// Readers copy what may be overwritten meanwhile, and throw that away. For the
// thread sanitizer, which cannot know, the copies go by atomic words. What is
// copied out may be read, and is written, up to its last line.
#if defined(__SANITIZE_THREAD__)
inline void CopyInOver(void* to, const void* from, size_t bytes) {
  auto* out = static_cast<uint64_t*>(to);
  for (size_t at = 0; at < bytes; at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, static_cast<const uint8_t*>(from) + at,
                std::min<size_t>(8, bytes - at));
    std::atomic_ref<uint64_t>(out[at / 8])
        .store(word, std::memory_order_relaxed);
  }
}
inline void CopyOutOver(void* to, const void* from, size_t bytes) {
  auto* in = const_cast<uint64_t*>(static_cast<const uint64_t*>(from));
  for (size_t at = 0; at < bytes; at += 8) {
    const uint64_t word =
        std::atomic_ref<uint64_t>(in[at / 8]).load(std::memory_order_relaxed);
    std::memcpy(static_cast<uint8_t*>(to) + at, &word, 8);
  }
}
#else
inline void CopyInOver(void* to, const void* from, size_t bytes) {
  CopySmall(to, from, bytes);
}
inline void CopyOutOver(void* to, const void* from, size_t bytes) {
  if (bytes <= 160)
    CopyLines(to, from, bytes);
  else
    std::memcpy(to, from, bytes);
}
#endif

}  // namespace base
