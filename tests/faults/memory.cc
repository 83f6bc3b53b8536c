// operator new and delete of the test program. An attempt fails when it is
// ordered to, and while memory is short when it asks for more than there is.
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "tests/faults/faults.h"

namespace faults {
namespace {

size_t room = 0;  // while memory is short
int64_t taken = 0;
int64_t most = 0;
size_t largest = 0;

void* Attempt(size_t bytes) {
  const bool was_short = MemoryIsShort();
  const bool fails = Fails(What::kMemory, "operator new");
  if (!was_short && MemoryIsShort()) room = 0;
  if (MemoryIsShort() ? IsWatched() && bytes > room : fails) return nullptr;
  void* got = std::malloc(std::max<size_t>(bytes, 1));
  if (got == nullptr || !IsWatched()) return got;
  const size_t size = malloc_usable_size(got);
  largest = std::max(largest, bytes);
  room -= std::min(size, room);
  taken += static_cast<int64_t>(size);
  most = std::max(most, taken);
  return got;
}

// As [new.delete.single] wants it. Null: no handler can help.
void* Allocate(size_t bytes) {
  while (true) {
    if (void* got = Attempt(bytes)) return got;
    const std::new_handler handler = std::get_new_handler();
    if (handler == nullptr) return nullptr;
    handler();
  }
}

void* AllocateOrThrow(size_t bytes) {
  void* got = Allocate(bytes);
  if (got == nullptr) throw std::bad_alloc();
  return got;
}

void Free(void* block) {
  if (block != nullptr && IsWatched()) {
    const size_t size = malloc_usable_size(block);
    room += size;
    taken -= static_cast<int64_t>(size);
  }
  std::free(block);
}

}  // namespace

void ResetPeak() {
  taken = most = 0;
  largest = 0;
}
size_t PeakBytes() { return static_cast<size_t>(most); }
size_t LargestBytes() { return largest; }

}  // namespace faults

void* operator new(size_t bytes) { return faults::AllocateOrThrow(bytes); }
void* operator new[](size_t bytes) { return faults::AllocateOrThrow(bytes); }
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return faults::Allocate(bytes);
}
void* operator new[](size_t bytes, const std::nothrow_t&) noexcept {
  return faults::Allocate(bytes);
}
void operator delete(void* block) noexcept { faults::Free(block); }
void operator delete[](void* block) noexcept { faults::Free(block); }
void operator delete(void* block, size_t) noexcept { faults::Free(block); }
void operator delete[](void* block, size_t) noexcept { faults::Free(block); }
