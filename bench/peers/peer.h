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
  // Numbered messages of 8 bytes, each after the server has had nothing to do
  // for `idle_ns`: the time from sending one until the server has it, which is
  // what it answers. None: not measured with this peer.
  virtual Times WakeUps(int64_t idle_ns, int rounds) {
    static_cast<void>(idle_ns), static_cast<void>(rounds);
    return {};
  }
};

struct PeerKind {
  const char* name;
  bool (*can_wait)(Waits);
  // Exits with a sentence when it cannot be made.
  std::unique_ptr<Peer> (*make)(Placement placement, Waits waits);
};

}  // namespace bench
