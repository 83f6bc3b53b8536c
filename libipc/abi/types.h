// Numbers that every part of Keyport agrees on: errors, rights, kinds of
// objects, syscalls and events, each made from its one list.
#pragma once

#include <cstdint>

namespace ipc::abi {

// 1: first version. Peers with another version are refused (not_supported).
// 2: accounts count nine items and have soft limits; entries of lists are
//    larger, and the list of capabilities goes by a cursor.
// 3: a half's control page has unfenced, barrier, processor and counters;
//    entries of ports and lanes are larger.
// 4: badges have bands: handle_info and lane_opened tell them; regions grow,
//    may be mapped in parts, and lose their contents; calls about them tell
//    RegionFacts; the completion half has SessionWords; lanes grow; the Welcome
//    tells the named capabilities; half_spare, and LaneGranted and LaneOpened
//    tell which spare was taken; topics; region locks; lanes of rendezvous
//    ports have an offer page, messages of overwriting ports numbers; numbers
//    of calls have gaps.
// 5, 6: CHANGELOG.md.
inline constexpr uint32_t kVersion = 6;

enum class Error : int32_t {
#define KEYPORT_ERROR(name, number, text) name = number,
#include "libipc/abi/errors.def"
#undef KEYPORT_ERROR
};

using Rights = uint32_t;
#define KEYPORT_RIGHT(Name, bit, text) \
  inline constexpr Rights kRight##Name = 1u << (bit);
#include "libipc/abi/rights.def"
#undef KEYPORT_RIGHT

inline constexpr Rights kRightsAll = (1u << 14) - 1;
// What handle_duplicate and handle_mint take for "the same rights".
inline constexpr Rights kRightsSame = 1u << 31;

enum class ObjectKind : uint32_t {
  none = 0,
#define KEYPORT_OBJECT_KIND(name, number) name = number,
#include "libipc/abi/object_kinds.def"
#undef KEYPORT_OBJECT_KIND
  any = 0xff,  // in syscalls.def only
};

// They are numbered from 1 without gaps.
inline constexpr uint32_t kObjectKinds = 0
#define KEYPORT_OBJECT_KIND(name, number) +1
#include "libipc/abi/object_kinds.def"
#undef KEYPORT_OBJECT_KIND
    ;

enum class Syscall : uint32_t {
#define KEYPORT_SYSCALL(name, number, kind, rights) name = number,
#include "libipc/abi/syscalls.def"
#undef KEYPORT_SYSCALL
};

// The largest number of one.
inline constexpr uint32_t kSyscalls = [] {
  uint32_t largest = 0;
#define KEYPORT_SYSCALL(name, number, kind, rights) \
  if ((number) > largest) largest = number;
#include "libipc/abi/syscalls.def"
#undef KEYPORT_SYSCALL
  return largest;
}();

// Set in Completion::number when the record is an event, not an answer.
inline constexpr uint32_t kEventFlag = 0x8000'0000;

enum class Event : uint32_t {
#define KEYPORT_EVENT(name, number) name = number,
#include "libipc/abi/events.def"
#undef KEYPORT_EVENT
};

// A process's name for one of its capabilities: slot index in the low 20
// bits, generation in the high 12. 0 is never valid.
using Handle = uint32_t;
inline constexpr Handle kNoHandle = 0;
inline constexpr uint32_t kHandleSlotBits = 20;
inline constexpr uint32_t kHandleSlotsMax = 1u << kHandleSlotBits;
inline constexpr uint32_t kHandleGenerations = 1u << 12;

// Why a handle is a bad one; in a bad_handle's values[0].
enum class HandleFate : uint8_t {
  never_given = 0,  // this session never had it
  zero = 1,         // 0 is no handle
  closed = 2,
  moved = 3,    // sent away, or replaced
  revoked = 4,  // by whoever it was derived from
  expired = 5,  // its end time came
  stale = 6,    // its slot was given out again since
};

// What accounts count.
enum class AccountItem : uint32_t {
#define KEYPORT_ACCOUNT_ITEM(name, number, text) name = number,
#include "libipc/abi/account_items.def"
#undef KEYPORT_ACCOUNT_ITEM
};
inline constexpr uint32_t kAccountItems = 9;

// What object_watch waits for.
using Signals = uint32_t;
inline constexpr Signals kSignalPeerClosed = 1;  // port: no receiver any more
inline constexpr Signals kSignalNoSenders = 2;   // port: no Send capability
inline constexpr Signals kSignalDead = 4;        // process: has ended
inline constexpr Signals kSignalQuota = 8;      // account: a soft limit reached
inline constexpr Signals kSignalNotified = 16;  // notification: can be taken
inline constexpr Signals kSignalExited = 32;    // process: its exit is known
inline constexpr Signals kSignalsAll = 63;

}  // namespace ipc::abi
