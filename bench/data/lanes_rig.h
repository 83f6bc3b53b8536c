// Many lanes to one port, all senders in the calling process.
#pragma once

#include <vector>

#include "bench/light/keyport_rig.h"

namespace bench {

// How the receiver takes messages: one after the other, or many where they
// lie (ReceiveInPlace).
enum class Takes { kEach, kInPlace };

class LanesRig {
 public:
  // Each lane has carried a call. Apart, waiting as by default.
  explicit LanesRig(int lanes, Takes takes = Takes::kEach);

  // From the first `senders` in turn, 64 bytes each; the receiver checks the
  // order of each and the content. Units: nanoseconds a message.
  double OneWayNs(int senders, int messages);
  // Calls on the first lane.
  Times RoundTrips(int rounds);

 private:
  KeyportRig rig_;
  std::vector<ipc::Sender> senders_;
  std::vector<uint64_t> sent_;  // by each
};

}  // namespace bench
