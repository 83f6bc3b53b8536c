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
// Notes that a capability in a table is being taken away; not while memory is
// short.
void Bury(Kernel& kernel, const Capability& capability, abi::HandleFate fate,
          uint64_t by);

// What is, or was, behind the handle of that session, and from what it was
// derived, up to the first. Payload: ExplainHead, ExplainStep[].
Answer ExplainHandle(Kernel& kernel, const Session& session, Handle handle);

}  // namespace kernel
