#include "trace_points.h"

#include <vector>

#include "lane_end.h"
#include "libipc/base/trace_ring.h"

namespace ipc {
namespace {

// A thread's ring with one session. Ended when the thread ends.
struct ThreadRing {
  std::weak_ptr<SessionCore> session;
  uint64_t session_serial = 0;
  uint64_t number = 0;
  std::unique_ptr<base::TraceRingWriter> writer;  // null: none was granted

  ThreadRing() = default;
  ThreadRing(ThreadRing&&) = default;
  ThreadRing& operator=(ThreadRing&&) = default;
  ~ThreadRing() {
    if (auto alive = session.lock(); alive != nullptr && writer != nullptr)
      alive->Post(abi::Syscall::trace_ring, abi::kNoHandle,
                  {.options = abi::kTraceRingEnd, .args = {number}});
  }
};

thread_local std::vector<ThreadRing> t_rings;

ThreadRing Grant(const std::shared_ptr<SessionCore>& session) {
  ThreadRing ring;
  ring.session = session;
  ring.session_serial = session->serial();
  const Answer answer = session->Call(abi::Syscall::trace_ring, abi::kNoHandle,
                                      {.options = abi::kTraceRingGrant});
  if (answer.error() != Error::ok || answer.descriptors.size() != 1)
    return ring;
  auto half = base::Half::Map(answer.descriptors[0].get(),
                              static_cast<uint32_t>(answer.value(2)),
                              answer.value(1), base::Access::kReadWrite);
  if (!half.ok()) return ring;
  ring.number = answer.value(0);
  session->Post(abi::Syscall::trace_ring, abi::kNoHandle,
                {.options = abi::kTraceRingReady, .args = {ring.number}});
  ring.writer = std::make_unique<base::TraceRingWriter>(*std::move(half));
  return ring;
}

}  // namespace

void WriteTrace(const std::shared_ptr<SessionCore>& session,
                const abi::TraceRecord& record) {
  for (ThreadRing& ring : t_rings) {
    if (ring.session_serial != session->serial()) continue;
    if (ring.writer != nullptr) ring.writer->Append(record);
    return;
  }
  std::erase_if(t_rings,
                [](const ThreadRing& ring) { return ring.session.expired(); });
  t_rings.push_back(Grant(session));
  if (t_rings.back().writer != nullptr) t_rings.back().writer->Append(record);
}

abi::TraceRecord TraceOf(const LaneEnd& lane, abi::TraceKind kind) {
  abi::TraceRecord record = {};
  record.time_ns = static_cast<uint64_t>(base::NowNs());
  record.port = lane.port_id();
  record.lane = lane.lane_id();
  record.kind = static_cast<uint16_t>(kind);
  return record;
}

}  // namespace ipc
