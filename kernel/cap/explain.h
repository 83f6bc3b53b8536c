// Explain: how a session came by a capability, and how it lost one.
#pragma once

#include "kernel/cap/capability.h"
#include "kernel/object/answer.h"

namespace kernel {

class Kernel;

// Of a capability that was taken from its holder: what it was, and who did it.
// The newest are kept.
struct Obituary {
  static constexpr size_t kKept = 64;  // a session

  Handle handle;
  abi::HandleFate fate;
  uint64_t by;  // process id; 0: by itself, at its end
  int64_t at_ns;
  abi::ExplainStep what;
  Capability::Index parent;  // 0: none; else true while its serial is this:
  uint64_t parent_serial;
};
// Who takes capabilities away, and what they were derived from: a revoke has
// taken them out of their place in the tree by then.
struct Revoker {
  uint64_t process = 0;
  const Capability* root = nullptr;
};
// Notes that a capability in a table is being taken away; not while memory is
// short.
void Bury(Kernel& kernel, const Capability& capability, abi::HandleFate fate,
          const Revoker& by);

// What is, or was, behind the handle of that session, and from what it was
// derived, up to the first. Payload: ExplainHead, ExplainStep[].
Answer ExplainHandle(Kernel& kernel, const Session& session, Handle handle);

}  // namespace kernel
