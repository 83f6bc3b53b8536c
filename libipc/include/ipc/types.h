// The words of Keyport's interface: rights, kinds, errors, limits, deadlines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "absl/time/time.h"
#include "libipc/abi/limits.h"
#include "libipc/abi/types.h"

namespace ipc {

using abi::Error;
using abi::Handle;
using abi::ObjectKind;
using abi::Rights;
using abi::Signals;

// ipc::kRightSend and so on, as listed in libipc/abi/rights.def.
#define KEYPORT_RIGHT(Name, bit, text) using abi::kRight##Name;
#include "libipc/abi/rights.def"
#undef KEYPORT_RIGHT
using abi::kBands;
using abi::kRightsAll;
using abi::kRightsSame;
using abi::kSignalDead;
using abi::kSignalExited;
using abi::kSignalNoSenders;
using abi::kSignalNotified;
using abi::kSignalPeerClosed;
using abi::kSignalQuota;

// Bytes of a payload, and text seen as such.
using Bytes = std::span<const std::byte>;
inline Bytes BytesOf(std::string_view text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}
inline std::string_view TextOf(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A point in time until which a call may wait. Always absolute.
// Units: nanoseconds of CLOCK_MONOTONIC.
struct Deadline {
  int64_t ns = std::numeric_limits<int64_t>::max();

  static constexpr Deadline Never() { return {}; }
  // Already over: take what is there, never wait (should_wait otherwise).
  static constexpr Deadline Immediately() { return {0}; }
  static Deadline After(absl::Duration duration);
};

}  // namespace ipc
