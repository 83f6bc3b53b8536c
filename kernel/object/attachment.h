// Attachment: a region whose blocks may be lent over a lane or in a topic.
#pragma once

#include <memory>

#include "kernel/cap/capability.h"

namespace kernel {

class Region;

// A region that the other side may map, until what it is attached to is over,
// or what it was attached with is revoked.
struct Attachment {
  Region* region;
  std::shared_ptr<const Warrant> warrant;
  bool mapped = false;  // by the other side, which is told when it ends
};

}  // namespace kernel
