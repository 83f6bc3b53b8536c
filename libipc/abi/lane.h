// The memory of a lane: two halves, each a memfd with one writer.
//
//   half A, written by the sender      half B, written by the receiver
//   +------------------------+         +------------------------+
//   | HalfControl (1 page)   |         | HalfControl (1 page)   |
//   | ring of records        |  --->   | ring of records        |
//   +------------------------+         +------------------------+
//        requests go right, replies and returns of loans go left
//
// The writer maps its half read-write and says so (lane_ready); the kernel
// process then seals it (F_SEAL_FUTURE_WRITE among others), so that the other
// side can only ever map it read-only. Every word has one writer.
//
// Sizes and keys are not in the memory: the kernel process tells them. A
// reader believes no word of a half: it reads each once and bounds it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libipc/abi/times.h"

namespace ipc::abi {

inline constexpr size_t kLineBytes = 64;
inline constexpr size_t kControlBytes = 4096;

// What a side has done, counted by itself with plain stores, for tools: its
// own claim.
struct LaneCounters {
  uint64_t messages;       // published here: messages, calls, replies
  uint64_t message_bytes;  // of their payloads
  uint64_t wakes;          // system calls made to wake the other side
  uint64_t full;           // sends that found no room
  uint64_t taken;          // messages, calls, replies taken from the other half
  uint64_t queued_bytes_most;  // found waiting in the other half, of samples
  uint64_t spins_paid;         // waits for records that ended by polling
  uint64_t spins_lost;         // that polled in vain
  uint64_t sleeps;             // that slept
  // Blocks lent from here that the other side has not given back, their bytes,
  // and since when it has the oldest (CLOCK_MONOTONIC_COARSE); 0: none.
  uint64_t lent_blocks;
  uint64_t lent_bytes;
  uint64_t lent_since_ns;
  uint64_t lost;  // messages of the other half overwritten before it took them
  uint64_t reserved[3];
};
static_assert(sizeof(LaneCounters) == 128);

// The first page of a half. Words that change at different times are 128
// bytes apart, because processors fetch lines in pairs.
struct HalfControl {
  // Bytes of records published in this half's ring since the lane was made,
  // a multiple of 64. Its low 32 bits are the futex word on which the reader
  // of this half sleeps.
  uint64_t tail;
  uint8_t pad0[120];
  // Bytes of the *other* half's ring that this side has consumed. Its low 32
  // bits are the futex word on which a writer without room sleeps.
  uint64_t head;
  // Of an overwriting port's listener: number of the message expected at
  // `head`, stored before that.
  uint64_t next_number;
  uint8_t pad1[112];
  // How this side sleeps: ArmBits in the low 8 bits, 0 there while it is
  // awake; above them a number that changes with each arming, so that a waker
  // knows what it has woken already.
  uint32_t armed;
  // Not 0: after publishing, this side looks at the other's `armed` without a
  // fence, so who arms and finds it set makes the store visible for both
  // (membarrier). A side sets it only if the other's `barrier` is set, and
  // makes a fence after setting it.
  uint32_t unfenced;
  // Not 0: this side, before it sleeps, minds the other's `unfenced`.
  uint32_t barrier;
  // The processor that this side last ran on, and 1; 0: not said.
  uint32_t processor;
  // Odd while this side is about to publish something that takes a while to
  // copy; changes with each. Who waits for it may poll a little longer.
  uint32_t preparing;
  uint8_t pad2[108];
  LaneCounters counters;
  // Of an overwriting port's sender: the first record that still stands whole
  // in its ring begins here. Moved before what lies below is overwritten.
  uint64_t oldest;
  uint8_t reserved[kControlBytes - 3 * 128 - sizeof(LaneCounters) - 8];
};
static_assert(sizeof(HalfControl) == kControlBytes);
static_assert(offsetof(HalfControl, head) == 128);
static_assert(offsetof(HalfControl, armed) == 256);
static_assert(offsetof(HalfControl, counters) == 384);
static_assert(offsetof(HalfControl, oldest) == 512);

// In the control page of a lane's half: LaneTimes, what this side has measured.
inline constexpr size_t kLaneTimesOffset = 640;
static_assert(kLaneTimesOffset >= offsetof(HalfControl, reserved) + 120);
static_assert(kLaneTimesOffset + sizeof(LaneTimes) <= kControlBytes);

// What the sleeper wants to be woken for, and how.
inline constexpr uint32_t kArmGeneration = 0x100;
enum ArmBits : uint32_t {
  kArmRecordsFutex = 1,  // new records: wake the futex on the writer's tail
  kArmRecordsBell = 2,   // new records: send a byte on the lane's bell
  kArmRoomFutex = 4,     // room: wake the futex on the reader's head
  kArmPolls = 8,         // woken early it polls while the other side prepares
};

// A record starts at a multiple of 64 bytes of the ring's position and takes
// its header and payload, rounded up to 64. The ring is mapped twice in a row,
// so a record may run over its end.
//
// A record is published by storing `stamp` last: the half's key plus the
// record's position. Positions are never used twice and the key is known to
// the two ends only, so no older content of the ring can pass for a stamp.
struct RecordHeader {
  uint64_t stamp;
  uint32_t payload_bytes;  // prefix words included
  uint16_t flags;          // RecordFlags
  uint16_t handle_count;
  uint32_t correlation;  // of a call and its reply; 0 for a message
  uint32_t label;        // the sender's own word for what this is
  uint64_t flow;         // follows a chain of calls through all services
};
static_assert(sizeof(RecordHeader) == 32);

// Prefix words (8 bytes each) stand before the payload in this order when
// their flag is set.
enum RecordFlags : uint16_t {
  kRecordCall = 1 << 0,      // wants a reply
  kRecordReply = 1 << 1,     // answers `correlation`
  kRecordDropped = 1 << 2,   // with kRecordReply: destroyed unanswered
  kRecordCancel = 1 << 3,    // the caller of `correlation` gave up
  kRecordReturn = 1 << 4,    // payload: LoanReturn words, blocks given back
  kRecordToken = 1 << 5,     // prefix: token for transfer_redeem
  kRecordDeadline = 1 << 6,  // prefix: CLOCK_MONOTONIC nanoseconds
  kRecordLoan = 1 << 7,      // payload is one LoanRef
  kRecordSent = 1 << 8,      // prefix: trace time of the send
  kRecordParts = 1 << 9,     // with kRecordLoan: payload is LoanParts,
                             // their LoanRef words, then inline bytes
  kRecordNumber = 1 << 10,   // prefix: number of the message in its lane, from
                             // 0; of an overwriting port's messages
  kRecordSampled = 1 << 11,  // prefix: a sample word (times.h); of a request
                             // that was chosen to have its time measured
  kRecordFlagsAll = (1 << 12) - 1,
};

// A block of a region attached to the lane (lane_attach) that is lent.
struct LoanRef {
  uint32_t attachment;  // number that lane_attach gave
  uint32_t reserved;
  uint64_t offset;
  uint64_t bytes;
};
static_assert(sizeof(LoanRef) == 24);

// Several blocks and some bytes in one record.
struct LoanParts {
  uint32_t count;  // LoanRef that follow, 1 to kLoanPartsMax
  uint32_t reserved;
};
static_assert(sizeof(LoanParts) == 8);

// Names the lent block that is given back.
struct LoanReturn {
  uint32_t attachment;
  uint32_t reserved;
  uint64_t offset;
};
static_assert(sizeof(LoanReturn) == 16);

// Ring bytes that a record with this much payload takes.
constexpr uint64_t RecordBytes(uint64_t payload_bytes) {
  return (sizeof(RecordHeader) + payload_bytes + kLineBytes - 1) &
         ~uint64_t{kLineBytes - 1};
}

}  // namespace ipc::abi
