// Raw rings of several senders to one receiver, which takes them in turn. The
// senders are the calling process, the receiver is its child.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/common/placement.h"
#include "bench/common/raw_way.h"

namespace bench {

class RawLanes {
 public:
  // Publishes every so many messages of a sender.
  RawLanes(Placement placement, int senders, int publish_every = 1);
  RawLanes(const RawLanes&) = delete;
  RawLanes& operator=(const RawLanes&) = delete;
  ~RawLanes();

  // From the senders in turn, 64 bytes each; the receiver checks the order of
  // each and the content. Units: nanoseconds a message.
  double OneWayNs(int messages);

 private:
  void Serve();
  void Receive(uint64_t messages);

  Shared<RawRing> rings_;
  RawWay orders_, answers_;
  // The sender's side, or the receiver's in the child.
  std::vector<RawWriter> writers_;
  std::vector<RawReader> readers_;
  std::vector<uint64_t> numbers_;  // next of each
  uint64_t publish_every_;
  pid_t receiver_;
};

}  // namespace bench
