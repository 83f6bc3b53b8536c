// The metadata of a CTF 1.8 trace, in TSDL, and the numbers that its streams
// share with it. Source: the Common Trace Format's specification, version 1.8.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace keyport {

using CtfUuid = std::array<uint8_t, 16>;
// Facts of the kernel process have an event layout of their own.
inline constexpr uint16_t kCtfFirstFact = 32;
// Kinds that are not known are this event, whose field tells them.
inline constexpr uint16_t kCtfUnknown = 0;

// Of a trace's stamps.
struct CtfClock {
  const char* name;
  const char* description;
  uint64_t hertz;
  // Its zero, since 1970: seconds, and cycles, fewer than of a second.
  uint64_t offset_seconds;
  uint64_t offset_cycles;
  uint64_t precision = 0;  // cycles by which it may be wrong; 0: not known
};
std::string CtfMetadata(const CtfUuid& uuid, const CtfClock& clock);

}  // namespace keyport
