// Many lanes to one port, all senders in the calling process.
#pragma once

#include <vector>

#include "bench/light/keyport_rig.h"

namespace bench {

class LanesRig {
 public:
  // Each lane has carried a call. Apart, waiting as by default.
  explicit LanesRig(int lanes);

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
