#include "trace_points.h"

#include <unistd.h>

#include <algorithm>
#include <list>

#include "lane_end.h"
#include "libipc/base/flow_ranks.h"
#include "libipc/base/trace_filter.h"
#include "libipc/base/trace_heads.h"
#include "libipc/base/trace_ring.h"

namespace ipc {
namespace {

// The ring of each place that was written to last.
struct LastRing {
  uint64_t session_serial;
  uint64_t scope;
  base::TraceRingWriter* writer;
};
constinit thread_local LastRing t_last[abi::kTraceScopes] = {};

// A thread's ring of one scope. Ended when the thread ends, or when the port is
// traced anew.
struct ThreadRing {
  std::weak_ptr<SessionCore> session;
  uint64_t session_serial = 0;
  uint64_t scope = 0;
  uint64_t port = 0;
  uint32_t place = 0;
  uint64_t number = 0;
  const pid_t process = getpid();
  std::unique_ptr<base::TraceRingWriter> writer;  // null: none was granted
  std::unique_ptr<base::TraceRoom> room;          // null: it overwrites at once

  // The tracing that the thread waits for no more until it reads; 0: none.
  uint64_t GivenUp() const {
    return room != nullptr && room->GaveUp(writer->position()) ? room->tracing()
                                                               : 0;
  }

  ~ThreadRing() {
    LastRing& last = t_last[place];
    if (last.writer == writer.get()) last = {};
    // After a fork it is the parent's: something else lies at its address here.
    if (process != getpid()) {
      (void)writer.release();
      return;
    }
    if (auto alive = session.lock(); alive != nullptr && writer != nullptr)
      alive->Post(abi::Syscall::trace_ring, abi::kNoHandle,
                  {.options = abi::kTraceRingEnd, .args = {number}});
  }
};

// More are of ports that are traced no longer: the oldest goes.
constexpr size_t kRingsOfAThread = 64;
using Rings = std::list<ThreadRing>;

constinit thread_local bool t_ends = false;
struct OwnRings {
  ~OwnRings() { t_ends = true; }
  Rings rings;
};

// Null when the thread ends: what it held until then may end after its rings.
Rings* RingsOfThread() {
  if (t_ends) return nullptr;
  thread_local OwnRings own;
  return &own.rings;
}

bool IsOfAll(uint32_t place) { return place >= abi::kScopeAll; }

void Grant(SessionCore& session, ThreadRing& ring) {
  const Answer answer =
      session.Call(abi::Syscall::trace_ring, abi::kNoHandle,
                   {.options = abi::kTraceRingGrant, .args = {0, ring.scope}});
  if (answer.error() != Error::ok || answer.descriptors.empty()) return;
  auto half = base::Half::Map(answer.descriptors[0].get(),
                              static_cast<uint32_t>(answer.value(2)),
                              answer.value(1), base::Access::kReadWrite);
  if (!half.ok()) return;
  ring.number = answer.value(0);
  if (abi::TraceRingWaits waits;
      answer.descriptors.size() == 2 && answer.Read(&waits)) {
    auto room = base::TraceRoom::Map(answer.descriptors[1].get(), waits,
                                     ring.number, *half);
    if (room.ok()) ring.room = *std::move(room);
  }
  // Tracers see it from its first record on.
  session.Call(abi::Syscall::trace_ring, abi::kNoHandle,
               {.options = abi::kTraceRingReady, .args = {ring.number}});
  ring.writer = std::make_unique<base::TraceRingWriter>(*std::move(half));
}

ThreadRing* FindRing(const LaneEnd& lane, uint32_t place, uint64_t scope) {
  Rings* const rings = RingsOfThread();
  if (rings == nullptr) return nullptr;
  const uint64_t serial = lane.session().serial();
  for (ThreadRing& ring : *rings)
    if (ring.scope == scope && ring.session_serial == serial) return &ring;
  const uint64_t port = IsOfAll(place) ? 0 : lane.port_id();
  uint64_t given_up = 0;
  std::erase_if(*rings, [&](const ThreadRing& ring) {
    const bool older = ring.session_serial == serial && ring.port == port &&
                       ring.place == place && ring.scope < scope;
    if (older) given_up = std::max(given_up, ring.GivenUp());
    return older || ring.session.expired();
  });
  if (rings->size() == kRingsOfAThread) rings->pop_front();
  ThreadRing& ring = rings->emplace_back();
  ring.session = lane.session_ptr();
  ring.session_serial = serial;
  ring.scope = scope;
  ring.port = port;
  ring.place = place;
  Grant(lane.session(), ring);
  // Another tracer has left, say: that is no reason to wait again.
  if (ring.room != nullptr && ring.room->tracing() == given_up)
    ring.room->GiveUp();
  return &ring;
}

// With room for what is to be written, or none that will come.
base::TraceRingWriter* RingOf(const LaneEnd& lane, uint32_t place,
                              uint64_t scope, size_t payload_bytes) {
  LastRing& last = t_last[place];
  if (last.scope == scope && last.session_serial == lane.session().serial())
      [[likely]]
    return last.writer;
  ThreadRing* const ring = FindRing(lane, place, scope);
  base::TraceRingWriter* const writer =
      ring != nullptr ? ring->writer.get() : nullptr;
  // One that waits is looked for each time, so that others need not ask.
  if (writer != nullptr && ring->room != nullptr)
    ring->room->Await(writer->position(),
                      base::TraceRingWriter::BytesOf(payload_bytes));
  else
    last = {lane.session().serial(), scope, writer};
  return writer;
}

// Of a tracing at that rate. Beside whole flows it takes those without a rank.
bool IsWithinRate(uint64_t flow, uint32_t rate) {
  static constinit thread_local base::FlowPlaces t_places;
  return base::IsWithinRate(flow, rate, t_places, base::CoarseSecond);
}

}  // namespace

void WriteTrace(const LaneEnd& lane, const abi::TraceRecord& record,
                Bytes payload) {
  lane.tracing().ForEach([&](uint32_t place, const abi::LaneScope& scope) {
    if (scope.id == 0 || !base::IsKept(record, scope.filter) ||
        !IsWithinRate(record.flow, scope.filter.rate))
      return;
    const size_t shown = std::min<size_t>(payload.size(), scope.filter.snaplen);
    base::TraceRingWriter* const writer = RingOf(lane, place, scope.id, shown);
    if (writer == nullptr) return;
    if (shown == 0)
      writer->Append(record);
    else
      writer->Append(record, payload.first(shown));
  });
}

abi::TraceRecord TraceOf(const LaneEnd& lane, abi::TraceKind kind,
                         base::TraceStamp at) {
  abi::TraceRecord record = {};
  record.time_ns = at;
  record.port = lane.port_id();
  record.lane = lane.lane_id();
  record.kind = static_cast<uint16_t>(kind);
  return record;
}

TracedPrefix::TracedPrefix(const LaneEnd& lane)
    : left_(lane.tracing().snaplen()) {}

void TracedPrefix::Add(Bytes bytes) {
  const Bytes taken = bytes.first(std::min(left_, bytes.size()));
  left_ -= taken.size();
  bytes_.insert(bytes_.end(), taken.begin(), taken.end());
}

}  // namespace ipc
