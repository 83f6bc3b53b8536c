// Messages of 64 bytes, sent 16 at a time and received where they lie.
#pragma once

#include "bench/light/keyport_rig.h"

namespace bench {

class BatchedSends {
 public:
  BatchedSends();
  // The receiver copies each out and checks order and content.
  // Units: nanoseconds a message.
  double OneWayNs(int messages);

 private:
  KeyportRig rig_;
};

}  // namespace bench
