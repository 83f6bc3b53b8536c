// Trace points: where libipc writes trace records when a lane is traced.
#pragma once

#include <memory>
#include <vector>

#include "libipc/abi/trace.h"
#include "libipc/base/trace_clock.h"
#include "session_core.h"

namespace ipc {

class LaneEnd;

// Writes the record into this thread's ring of each scope that wants it, with
// as much of `payload` as the scope takes; asks the kernel process for a ring
// the first time. Does nothing where it gives none. Must not be called with a
// lane's mutex held.
void WriteTrace(const LaneEnd& lane, const abi::TraceRecord& record,
                Bytes payload = {});

// A record about a message of a lane.
abi::TraceRecord TraceOf(const LaneEnd& lane, abi::TraceKind kind,
                         base::TraceStamp at);

// A copy of a message's first bytes, as many as anybody traces.
class TracedPrefix {
 public:
  TracedPrefix() = default;
  explicit TracedPrefix(const LaneEnd& lane);
  void Add(Bytes bytes);
  Bytes bytes() const { return bytes_; }

 private:
  size_t left_ = 0;
  std::vector<std::byte> bytes_;
};

}  // namespace ipc
