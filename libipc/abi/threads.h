// What a process's threads sleep on: a table in the control page of its
// request half, a slot a thread, written by that thread before it sleeps and
// after. For tools, and for finding calls that wait for one another.
//
// What it says is the process's own claim. A lie can make a call of somebody
// who waits for this process fail, which the process could do anyway.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libipc/abi/lane.h"
#include "libipc/abi/types.h"

namespace ipc::abi {

enum class ThreadState : uint32_t {
  none = 0,       // the slot is free
  running = 1,    // or not known
  receiving = 2,  // waits for a message of `port`
  calling = 3,    // waits for the answer to a call on `lane`
  sending = 4,    // waits for room on `lane`
  changing = 255,
};

struct ThreadSlot {
  // Number of the change above the low 8 bits, ThreadState in them. A reader
  // that finds it changed after reading the rest has read nothing.
  uint32_t word;
  uint32_t thread_id;  // Linux's
  uint64_t lane;       // object id
  uint64_t position;   // of the call's record in its half
  uint64_t flow;       // of the call
  uint64_t since_ns;   // CLOCK_MONOTONIC
  uint64_t port;       // object id: the one it received from last; 0: none
  uint64_t reserved[2];
};
static_assert(sizeof(ThreadSlot) == 64);

inline constexpr uint32_t kThreadSlots = 32;
struct ThreadTable {
  uint32_t used;    // slots below it were ever in use
  uint32_t beyond;  // threads for which there was no slot
  uint8_t pad[56];
  ThreadSlot slots[kThreadSlots];
};
inline constexpr size_t kThreadTableOffset = 1024;
static_assert(kThreadTableOffset >= offsetof(HalfControl, reserved));
static_assert(kThreadTableOffset + sizeof(ThreadTable) <= kControlBytes);

}  // namespace ipc::abi
