// The memory of a region lock.
//
//   page of the region, written by all who    roster, written by the kernel
//   use the lock                              process, read by all of them
//   +-----------------------------+           +---------------------------+
//   | gate, repair                |           | deaths, slots             |
//   | next_ticket                 |           | member in slot 0           |
//   | slot 0: state, rung, ...    |           | member in slot 1           |
//   | slot 1                      |           |   ...  (0: nobody)        |
//   +-----------------------------+           +---------------------------+
//
// Whoever attaches is a member: it gets a slot, and a member number that is
// never given again. The gate and the states carry member numbers; one that
// does not stand in the roster any more is dead, and what it had written is
// void. So death needs no clearing up: the kernel process takes the number out
// of the roster and wakes those who sleep, and never touches the region.
//
// Zeros are a free lock. A reader believes no word of the page: it reads each
// once and bounds it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ipc::abi {

inline constexpr uint32_t kLockBytes = 4'096;
inline constexpr uint32_t kLockSlots = 62;

// One member's words. Only `rung` and `admitted` are written by others too.
struct LockSlot {
  // member << 32 | LockKind << 30 | ticket
  uint64_t state;
  // Not 0: it holds the gate, no reader is in, and the data may be half
  // written.
  uint32_t entered;
  // The ticket of a waiting reader that was let in.
  uint32_t admitted;
  // 1: awake. 0: asleep on this word, or about to; whoever has news stores 1
  // and wakes it.
  uint32_t rung;
  uint32_t reserved[11];
};
static_assert(sizeof(LockSlot) == 64);

enum class LockKind : uint32_t {
  idle = 0,
  reading = 1,      // holds it for reading, or looks whether it may
  wants_read = 2,   // waits; reads if `admitted` is its ticket
  wants_write = 3,  // waits for the gate
};
inline constexpr uint32_t kLockTicketBits = 30;
inline constexpr uint32_t kLockTicketMask = (1u << kLockTicketBits) - 1;

struct LockPage {
  // member << 32 | (slot + 1) << 24 | passes << 8 | LockFlags. No member and no
  // slot: nobody owns it. 0: open, readers may come in.
  uint64_t gate;
  // Not 0: a writer died in the middle, and nobody has repaired it since.
  // Written by the owner of the gate.
  uint32_t repair;
  uint32_t reserved;
  // Since when writers pass others who wait (CLOCK_MONOTONIC nanoseconds).
  // Written by the owner of the gate.
  int64_t passes_since_ns;
  // Since when readers have been woken without being admitted; 0: none were.
  // Written by the owner of the gate.
  int64_t readers_since_ns;
  uint8_t pad0[32];
  uint32_t next_ticket;
  uint8_t pad1[60];
  LockSlot slots[kLockSlots];
};
static_assert(sizeof(LockPage) == kLockBytes);
static_assert(offsetof(LockPage, next_ticket) == 64);
static_assert(offsetof(LockPage, slots) == 128);

enum LockFlags : uint32_t {
  kLockWriters = 1,   // writers wait
  kLockReaders = 2,   // readers wait
  kLockDraining = 4,  // the owner waits for readers to leave
  kLockHandOver = 8,  // only the writer who waits longest may have it next
};
// Writers may pass others who wait for so long, or so many of them if that
// takes longer; then readers get their turn, and the writer who waits longest
// the gate. Where no writer waits, readers who have been passed for so long by
// those who come are admitted.
inline constexpr int64_t kLockPatienceNs = 1'000'000;
inline constexpr uint32_t kLockPassesMax = 16;

// Written by the kernel process only.
struct LockRoster {
  // Members that went: a futex word for all who sleep.
  uint32_t deaths;
  uint32_t slots;  // those from here on were never given
  uint8_t pad0[56];
  uint32_t members[kLockSlots];
  uint8_t reserved[kLockBytes - 64 - 4 * kLockSlots];
};
static_assert(sizeof(LockRoster) == kLockBytes);

}  // namespace ipc::abi
