// Traces: the fixture of tests of the calls about tracing.
#pragma once

#include "libipc/abi/trace.h"
#include "tests/conformance/syscalls.h"

namespace ipc {

class Traces : public Syscalls {
 protected:
  static Answer Ring(SessionCore& core, abi::TraceRingStep step,
                     uint64_t ring = 0, uint64_t scope = 0) {
    return core.Call(Syscall::trace_ring, abi::kNoHandle,
                     {.options = step, .args = {ring, scope}});
  }
  static uint64_t ReadyRing(SessionCore& core, uint64_t scope) {
    const Answer grant = Ring(core, abi::kTraceRingGrant, 0, scope);
    EXPECT_EQ(grant.error(), Error::ok);
    const uint64_t ring = grant.value(0);
    EXPECT_EQ(Ring(core, abi::kTraceRingReady, ring).error(), Error::ok);
    return ring;
  }
  // Of the root session. Returns the tracing.
  uint64_t Trace(Handle port, uint32_t options = 0,
                 const abi::TraceFilter& filter = {}) {
    const Answer begun = Begin(Syscall::trace_port, port, options, filter);
    EXPECT_EQ(begun.error(), Error::ok);
    return begun.value(0);
  }
  uint64_t TraceEverything(uint32_t options = 0) {
    return Call(Syscall::trace_all, kernel_object(), {.options = options})
        .value(0);
  }
  Answer Begin(Syscall call, Handle handle, uint32_t options,
               const abi::TraceFilter& filter) {
    return Call(
        call, handle,
        {.options = options, .payload = std::as_bytes(std::span(&filter, 1))});
  }
  Error End(uint64_t tracing) {
    return ErrorOf(Syscall::trace_end, abi::kNoHandle, {.args = {tracing}});
  }
  Answer Next(uint64_t tracing, uint64_t after = 0) {
    return Call(Syscall::trace_next, abi::kNoHandle,
                {.args = {after, tracing}});
  }
  // Ids of the rings that a tracing shows.
  std::vector<uint64_t> Visible(uint64_t tracing) {
    std::vector<uint64_t> rings;
    uint64_t after = 0;
    while (true) {
      const Answer next = Next(tracing, after);
      if (next.error() != Error::ok) return rings;
      rings.push_back(next.value(3));
      after = next.value(0);
    }
  }
  // What a lane's end is told next.
  static abi::LaneTracing Told(RawLane& lane) {
    const Answer event = lane.inbox.Await(abi::Event::lane_traced);
    abi::LaneTracing told;
    EXPECT_TRUE(event.Read(&told));
    EXPECT_EQ(event.value(0), told.on());
    return told;
  }
  static uint64_t ScopeOf(RawLane& lane, abi::TraceScopePlace place) {
    return Told(lane).scopes[place].id;
  }
};

}  // namespace ipc
