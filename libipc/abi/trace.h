// Trace records, and the ring in which a thread writes them.
//
// A thread's trace ring is a half like a lane's (HalfControl, then records of
// 64 bytes), written by the thread, sealed, and read by tracers only. There is
// no reader to wait for: `tail` counts bytes ever written and `head` counts
// bytes dropped by the writer's own choice (always 0: the oldest are
// overwritten); a reader that fell behind by more than the ring counts what
// it missed. Where a tracing is lossless, the writer waits before it overwrites
// what that tracer has not read, at most as long as the tracing says: where the
// tracer has come stands in the tracing's heads. While it waits it sets `armed`
// in its half; who moves the head and sees that wakes the futex on the head.
//
// In a ring of a scope with payload, a record whose message is shown is
// followed at once by its payload in records of kind `payload`.
#pragma once

#include <cstddef>
#include <cstdint>

#include "libipc/abi/lane.h"
#include "libipc/abi/limits.h"

namespace ipc::abi {

enum class TraceKind : uint16_t {
  none = 0,
  send = 1,     // a message or call left
  receive = 2,  // it was taken
  reply = 3,    // an answer left
  outcome = 4,  // the caller got the answer, or an error
  drop = 5,     // a request was destroyed unanswered
  block = 6,    // a send found no room
  payload = 7,  // bytes of the record before it: TracePayloadPart
  // The flight recorder's.
  wait = 16,       // a thread goes to sleep; label: ThreadState
  wake = 17,       // it goes on; interval_ns: it slept so long
  passed = 18,     // payload_bytes: messages not recorded, of `lane` until now;
                   // label: TraceKind of the next one
  cut = 19,        // the lane ended for this side; error: why
  stage = 20,      // capabilities were put up to go with a message
  redeem = 21,     // capabilities of a message were taken
  lend = 22,       // a block went with a message
  lent_back = 23,  // it came back
  map = 24,        // region `port` was mapped
  refused = 25,    // quota_exceeded; label: the syscall's number
  // Facts, written by the kernel process about `port` or `object`.
  port_created = 32,
  lane_opened = 33,
  lane_cut = 34,
  capability_moved = 35,
  capability_revoked = 36,
  process_started = 37,
  process_ended = 38,
  traced = 39,  // tracing of `port` (0: of everything) begins or ends: by the
                // process `lane`; label: TracedFact
};

struct TraceRecord {
  uint64_t sequence;  // position / 64 + 1, stored last: reader's check
  uint64_t time_ns;   // CLOCK_MONOTONIC, taken at the trace point; or ticks
  uint64_t flow;
  uint64_t port;  // object id
  uint64_t lane;  // object id
  uint32_t label;
  uint32_t correlation;
  uint32_t payload_bytes;
  uint16_t kind;  // TraceKind
  uint8_t handle_count;
  uint8_t error;  // Error of an outcome
  // In the unit of time_ns. receive, outcome: since send; reply: since receive;
  // send: since this process received the message that it was sent for; 0:
  // for none, or for one that was not traced.
  uint64_t interval_ns;
};
static_assert(sizeof(TraceRecord) == 64);

// Set in a time that is the processor's counter: reading it takes less than
// half as long. So it is in a trace ring, and in a record's kRecordSent prefix.
inline constexpr uint64_t kTraceTicks = uint64_t{1} << 63;

enum TracedFact : uint32_t { kTracedEnds = 0, kTracedBegins = 1 };
// or'ed to it
inline constexpr uint32_t kTracedPayload = 2;
inline constexpr uint32_t kTracedLossless = 4;

// A part of a traced payload. All but a message's last one are full. Parts
// belong to a record only if their sequences follow on its own without a gap.
inline constexpr uint32_t kTracePartBytes = 44;
struct TracePayloadPart {
  uint64_t sequence;
  uint8_t bytes[kTracePartBytes];
  uint16_t kind;   // where a TraceRecord has it
  uint16_t count;  // of bytes here
  uint32_t index;  // 0 behind the record
  uint32_t parts;  // of this payload
};
static_assert(sizeof(TracePayloadPart) == sizeof(TraceRecord));
static_assert(offsetof(TracePayloadPart, kind) == offsetof(TraceRecord, kind));

// How far the tracer of a lossless tracing has read a ring, in memory that it
// writes (kTraceHeads of these, 128 bytes apart) and writers of its rings read.
struct TraceHead {
  uint64_t ring;  // whose head it is; else the writer has none
  uint64_t head;  // bytes read; its low 32 bits are a futex word
  uint8_t pad[112];
};
static_assert(sizeof(TraceHead) == 128);
// In place of the first head. Not 0: the tracing is over, and nobody waits for
// it. Written by the kernel process; a futex word.
struct TraceHeadsControl {
  uint32_t over;
};
inline constexpr uint32_t kTraceHeadsBytes = kTraceHeads * sizeof(TraceHead);

// In the control page of a trace ring: what its writer has waited for tracers.
struct TraceWaits {
  uint64_t waits;
  uint64_t waited_ns;
  uint64_t in_vain;  // of the waits: they took as long as they may
};
inline constexpr uint32_t kTraceWaitsOffset = 640;
static_assert(kTraceWaitsOffset >= offsetof(HalfControl, reserved));
static_assert(kTraceWaitsOffset + sizeof(TraceWaits) <= kControlBytes);

}  // namespace ipc::abi
