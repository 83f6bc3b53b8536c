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

// `offset_ns`: of the records' clock's zero, since 1970.
std::string CtfMetadata(const CtfUuid& uuid, uint64_t offset_ns);

}  // namespace keyport
