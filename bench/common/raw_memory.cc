#include "bench/common/raw_memory.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <vector>

#include "bench/common/process_pair.h"
#include "libipc/base/clock.h"
#include "libipc/base/spinner.h"

namespace bench {
namespace {

struct alignas(128) Word {
  std::atomic<uint64_t> value;
};

struct alignas(128) Slot {
  uint64_t sequence;
  uint8_t payload[56];
};

constexpr uint64_t kSlots = 1024;

struct Ring {
  Word tail;
  Word head;
  Slot slots[kSlots];
};

struct Shared {
  Word there;
  Word back;
  Ring request;
  Ring reply;
};

Shared* NewShared() {
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  return static_cast<Shared*>(memory);
}

// How long `first` took while `second` ran in a child.
double Run(Placement placement, const std::function<void(Shared*)>& first,
           const std::function<void(Shared*)>& second) {
  Shared* shared = NewShared();
  int64_t took = 0;
  RunPair(
      placement,
      [&] {
        const int64_t start = base::NowNs();
        first(shared);
        took = base::NowNs() - start;
      },
      [&] { second(shared); });
  munmap(shared, sizeof(Shared));
  return static_cast<double>(took);
}

void Push(Ring& ring, uint64_t sequence, uint64_t* known_head) {
  const uint64_t tail = ring.tail.value.load(std::memory_order_relaxed);
  while (tail - *known_head >= kSlots) {
    *known_head = ring.head.value.load(std::memory_order_acquire);
    base::CpuRelax();
  }
  Slot& slot = ring.slots[tail % kSlots];
  slot.sequence = sequence;
  std::memset(slot.payload, static_cast<int>(sequence), sizeof(slot.payload));
  ring.tail.value.store(tail + 1, std::memory_order_release);
}

uint64_t Pop(Ring& ring) {
  const uint64_t head = ring.head.value.load(std::memory_order_relaxed);
  while (ring.tail.value.load(std::memory_order_acquire) == head)
    base::CpuRelax();
  Slot copy;
  std::memcpy(&copy, &ring.slots[head % kSlots], sizeof(copy));
  ring.head.value.store(head + 1, std::memory_order_release);
  return copy.sequence;
}

void SleepUntil(std::atomic<uint64_t>& word, uint64_t wanted) {
  uint64_t seen;
  while ((seen = word.load(std::memory_order_acquire)) != wanted)
    syscall(SYS_futex, &word, FUTEX_WAIT, static_cast<uint32_t>(seen), nullptr,
            nullptr, 0);
}

void Wake(std::atomic<uint64_t>& word, uint64_t value) {
  word.store(value, std::memory_order_release);
  syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

}  // namespace

double LineRoundTrip(Placement placement, int rounds) {
  const uint64_t count = static_cast<uint64_t>(rounds);
  auto wait = [](std::atomic<uint64_t>& word, uint64_t value) {
    while (word.load(std::memory_order_acquire) != value) base::CpuRelax();
  };
  // One word, written in turn: odd there, even back.
  return Run(
             placement,
             [&](Shared* shared) {
               for (uint64_t i = 0; i < count; ++i) {
                 shared->there.value.store(2 * i + 1,
                                           std::memory_order_release);
                 wait(shared->there.value, 2 * i + 2);
               }
             },
             [&](Shared* shared) {
               for (uint64_t i = 0; i < count; ++i) {
                 wait(shared->there.value, 2 * i + 1);
                 shared->there.value.store(2 * i + 2,
                                           std::memory_order_release);
               }
             }) /
         rounds;
}

double RingRoundTrip(Placement placement, int rounds) {
  return Run(
             placement,
             [&](Shared* shared) {
               uint64_t head = 0;
               for (int i = 0; i < rounds; ++i) {
                 Push(shared->request, static_cast<uint64_t>(i), &head);
                 Pop(shared->reply);
               }
             },
             [&](Shared* shared) {
               uint64_t head = 0;
               for (int i = 0; i < rounds; ++i)
                 Push(shared->reply, Pop(shared->request), &head);
             }) /
         rounds;
}

double RingOneWay(Placement placement, int messages) {
  return Run(
             placement,
             [&](Shared* shared) {
               uint64_t head = 0;
               for (int i = 0; i < messages; ++i)
                 Push(shared->request, static_cast<uint64_t>(i), &head);
               Pop(shared->reply);
             },
             [&](Shared* shared) {
               uint64_t head = 0;
               for (int i = 0; i < messages; ++i)
                 if (Pop(shared->request) != static_cast<uint64_t>(i)) _exit(1);
               Push(shared->reply, 0, &head);
             }) /
         messages;
}

double FutexRoundTrip(Placement placement, int rounds) {
  const uint64_t count = static_cast<uint64_t>(rounds);
  return Run(
             placement,
             [&](Shared* shared) {
               for (uint64_t i = 1; i <= count; ++i) {
                 Wake(shared->there.value, i);
                 SleepUntil(shared->back.value, i);
               }
             },
             [&](Shared* shared) {
               for (uint64_t i = 1; i <= count; ++i) {
                 SleepUntil(shared->there.value, i);
                 Wake(shared->back.value, i);
               }
             }) /
         rounds;
}

double CopyNs(uint64_t bytes) {
  std::vector<char> from(bytes, 1);
  std::vector<char> to(bytes, 2);
  const int64_t start = base::NowNs();
  std::memcpy(to.data(), from.data(), bytes);
  const int64_t took = base::NowNs() - start;
  asm volatile("" : : "r"(to.data()) : "memory");
  return static_cast<double>(took);
}

}  // namespace bench
