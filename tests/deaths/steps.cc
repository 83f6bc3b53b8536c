// Stands in for the thread sanitizer's runtime: its functions do what they say
// and count. Built without the instrumentation that calls them.
#include "tests/deaths/steps.h"

#include <signal.h>
#include <unistd.h>

#include <cstddef>

namespace deaths {
namespace {

bool counting = false;
uint64_t counts[kStepKinds] = {};
uint64_t ends[kStepKinds] = {};

void Step(StepKind kind) {
  if (!counting) return;
  const int at = static_cast<int>(kind);
  if (++counts[at] == ends[at]) kill(getpid(), SIGKILL);
}
// The stack and the small heap are nobody else's; mappings lie between them.
void Write(const volatile void* to) {
  if (!counting) return;
  const auto address = reinterpret_cast<uintptr_t>(to);
  const auto frame = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  if (address > frame || address < reinterpret_cast<uintptr_t>(sbrk(0))) return;
  Step(StepKind::kAccess);
}

}  // namespace

void DieAt(StepKind kind, uint64_t n) {
  for (uint64_t& count : counts) count = 0;
  for (uint64_t& end : ends) end = 0;
  ends[static_cast<int>(kind)] = n;
  counting = true;
}

uint64_t StepsOf(StepKind kind) { return counts[static_cast<int>(kind)]; }

}  // namespace deaths

using deaths::Step;
using deaths::StepKind;

// NOLINTBEGIN: the compiler's names
extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() { Step(StepKind::kReturn); }
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __tsan_read_range(void*, size_t) {}
void __tsan_write_range(void* to, size_t) { deaths::Write(to); }

#define KEYPORT_PLAIN(bytes)                                          \
  void __tsan_read##bytes(void*) {}                                   \
  void __tsan_write##bytes(void* to) { deaths::Write(to); }           \
  void __tsan_unaligned_read##bytes(void*) {}                         \
  void __tsan_unaligned_write##bytes(void* to) { deaths::Write(to); } \
  void __tsan_volatile_read##bytes(void*) {}                          \
  void __tsan_volatile_write##bytes(void* to) { deaths::Write(to); }
KEYPORT_PLAIN(1)
KEYPORT_PLAIN(2)
KEYPORT_PLAIN(4)
KEYPORT_PLAIN(8)
KEYPORT_PLAIN(16)
#undef KEYPORT_PLAIN

#define KEYPORT_FETCH(bits, Word, name)                                      \
  Word __tsan_atomic##bits##_fetch_##name(volatile Word* to, Word by, int) { \
    Step(StepKind::kAccess);                                                 \
    return __atomic_fetch_##name(to, by, __ATOMIC_SEQ_CST);                  \
  }
#define KEYPORT_COMPARE(bits, Word, name)                                   \
  int __tsan_atomic##bits##_compare_exchange_##name(                        \
      volatile Word* to, Word* expected, Word value, int, int) {            \
    Step(StepKind::kAccess);                                                \
    return __atomic_compare_exchange_n(to, expected, value, false,          \
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
  }
#define KEYPORT_ATOMIC(bits, Word)                                          \
  Word __tsan_atomic##bits##_load(const volatile Word* from, int) {         \
    return __atomic_load_n(from, __ATOMIC_SEQ_CST);                         \
  }                                                                         \
  void __tsan_atomic##bits##_store(volatile Word* to, Word value, int) {    \
    deaths::Write(to);                                                      \
    __atomic_store_n(to, value, __ATOMIC_SEQ_CST);                          \
  }                                                                         \
  Word __tsan_atomic##bits##_exchange(volatile Word* to, Word value, int) { \
    Step(StepKind::kAccess);                                                \
    return __atomic_exchange_n(to, value, __ATOMIC_SEQ_CST);                \
  }                                                                         \
  KEYPORT_FETCH(bits, Word, add)                                            \
  KEYPORT_FETCH(bits, Word, sub)                                            \
  KEYPORT_FETCH(bits, Word, and)                                            \
  KEYPORT_FETCH(bits, Word, or)                                             \
  KEYPORT_FETCH(bits, Word, xor)                                            \
  KEYPORT_FETCH(bits, Word, nand)                                           \
  KEYPORT_COMPARE(bits, Word, strong)                                       \
  KEYPORT_COMPARE(bits, Word, weak)
KEYPORT_ATOMIC(8, uint8_t)
KEYPORT_ATOMIC(16, uint16_t)
KEYPORT_ATOMIC(32, uint32_t)
KEYPORT_ATOMIC(64, uint64_t)
#undef KEYPORT_ATOMIC
#undef KEYPORT_COMPARE
#undef KEYPORT_FETCH

void __tsan_atomic_thread_fence(int) {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
void __tsan_atomic_signal_fence(int) {}

}  // extern "C"
// NOLINTEND
