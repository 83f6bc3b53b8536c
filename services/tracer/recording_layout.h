// What a packet of a recording holds, byte for byte (docs/tracing.md, "What a
// recording holds"): this header, little endian, then a body whose meaning
// depends on the kind. Readers take what a longer header holds beyond this one
// for bytes that they do not know.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace keyport {

static_assert(std::endian::native == std::endian::little);

inline constexpr uint32_t kRecordedMagic = 0x5254504b;  // "KPTR" in the file
inline constexpr uint16_t kRecordedVersion = 1;
// The first recordings had no ticks.
inline constexpr uint16_t kRecordedHeaderLeast = 104;

// Kinds below 64 are ipc::TraceKind's.
enum class MetaKind : uint16_t {
  clock = 64,         // u64: the wall clock's nanoseconds at time_ns
  process_name = 65,  // of `process`: i32 pid, u32 0, the name
  port_name = 66,     // of `port`, made by `process`: the name
  lost = 67,          // u64: records lost in the interval that ends at time_ns
  totals = 68,        // u64 records seen, u64 records lost: all there were
};

inline constexpr uint16_t kRecordedFact = 1;  // the kernel process wrote it
inline constexpr uint16_t kRecordedCall = 2;  // of a call, not of a message

struct RecordedHeader {
  uint32_t magic = kRecordedMagic;
  uint16_t version = kRecordedVersion;
  uint16_t header_bytes = 112;  // where the body begins
  uint16_t kind = 0;
  uint16_t flags = 0;
  uint16_t handle_count = 0;
  uint16_t error = 0;
  uint64_t time_ns = 0;  // CLOCK_MONOTONIC
  uint64_t flow = 0;
  uint64_t message = 0;  // the same in all records of one message; 0: of none
  uint64_t port = 0;     // or the object that a fact is about
  uint64_t lane = 0;
  uint32_t label = 0;
  uint32_t correlation = 0;
  uint32_t payload_bytes = 0;
  uint32_t parts = 0;  // records that its payload took in the trace ring
  uint64_t interval_ns = 0;
  uint64_t process = 0;  // in whose ring it was; 0: the kernel process
  uint64_t sender = 0;   // of the lane; 0: not known
  uint64_t receiver = 0;
  uint64_t ticks = 0;  // the processor's counter at that time; 0: not known
};
static_assert(sizeof(RecordedHeader) == 112);
static_assert(offsetof(RecordedHeader, ticks) == kRecordedHeaderLeast);
static_assert(offsetof(RecordedHeader, time_ns) == 16);
static_assert(offsetof(RecordedHeader, label) == 56);
static_assert(offsetof(RecordedHeader, interval_ns) == 72);

}  // namespace keyport
