// Gift: one capability that a process gives away, moved or copied. Checked
// completely before anything changes.
#pragma once

#include <vector>

#include "kernel/object/answer.h"
#include "kernel/session/session.h"

namespace kernel {

struct Gift {
  Capability* capability;
  Rights rights;  // to give
  bool move;
};

// Whether the session may give this away so.
// Errors: bad_handle; access_denied (Transfer or Duplicate); invalid_args
// (mode, more rights than it has).
Result<Gift> CheckGift(Kernel& kernel, Session& session, Handle handle,
                       Rights rights, uint32_t mode);

// The answer to a gift refused: access_denied names the missing right,
// bad_handle what became of the handle.
Answer RefusedGift(const Session& session, Error why, Handle handle,
                   uint32_t mode);

// Rights asked for in a copy; kRightsSame means all. Errors: invalid_args.
Result<Rights> AskedRights(const Capability& capability, uint64_t rights);

// Takes a checked gift out of the giver's hands: the capability, in no table
// and in no transfer, charged to nobody.
Capability* TakeGift(Kernel& kernel, const Session& giver, const Gift& gift);

}  // namespace kernel
