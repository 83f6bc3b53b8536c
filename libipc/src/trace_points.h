// Trace points: where libipc writes trace records when a lane is traced.
#pragma once

#include <memory>

#include "libipc/abi/trace.h"
#include "session_core.h"

namespace ipc {

class LaneEnd;

// Writes the record into this thread's ring of that session; asks the kernel
// process for one the first time. Does nothing when it gives none. Must not be
// called with a lane's mutex held.
void WriteTrace(const std::shared_ptr<SessionCore>& session,
                const abi::TraceRecord& record);

// A record about a message of a lane, time filled in.
abi::TraceRecord TraceOf(const LaneEnd& lane, abi::TraceKind kind);

}  // namespace ipc
