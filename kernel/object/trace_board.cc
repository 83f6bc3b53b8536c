#include "kernel/object/trace_board.h"

#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "kernel/object/kernel.h"
#include "libipc/base/clock.h"

namespace kernel {

TraceOwner& TraceBoard::OwnerOf(Session& session) {
  if (session.trace_owner == nullptr) {
    session.trace_owner = std::make_shared<TraceOwner>();
    session.trace_owner->process = session.id();
    session.trace_owner->pid = session.process->pid;
    session.trace_owner->name = session.process->name;
  }
  return *session.trace_owner;
}

TraceBoard::Ring* TraceBoard::Find(const Session& session, uint64_t ring) {
  const auto found = rings_.find(ring);
  if (found == rings_.end() || found->second.session != session.id())
    return nullptr;
  return &found->second;
}

Answer TraceBoard::GrantRing(Session& session) {
  if (session.trace_rings >= abi::kTraceRingsMax)
    return Answer::Failed(Error::quota_exceeded, session.trace_rings,
                          abi::kTraceRingsMax);
  KP_ASSIGN(UniqueFd memory, base::Half::Create(abi::kTraceRingBytes));
  KP_ASSIGN(UniqueFd reader, base::ReopenReadOnly(memory.get()));
  UniqueFd copy(fcntl(memory.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return Error::quota_exceeded;
  OwnerOf(session);
  ++session.trace_rings;
  const uint64_t id = next_ring_++;
  rings_[id] = {session.trace_owner, std::move(memory), std::move(reader),
                session.id()};
  session.trace_owner->rings.insert(id);
  return Answer::Of(id, RandomKey(), abi::kTraceRingBytes)
      .With(std::move(copy));
}

Answer TraceBoard::ReadyRing(Session& session, uint64_t id) {
  Ring* ring = Find(session, id);
  if (ring == nullptr) return Error::not_found;
  if (ring->place != 0) return Error::bad_state;
  KP_TRY(base::SealMemory(ring->memory.get(), base::Seal::kSingleWriter));
  ring->memory.Reset();
  List(id);
  return {};
}

void TraceBoard::List(uint64_t id) {
  Ring& ring = rings_.at(id);
  listed_.erase(ring.place);
  ring.place = next_place_++;
  listed_.emplace(ring.place, id);
}

void TraceBoard::Erase(uint64_t id) {
  const auto found = rings_.find(id);
  listed_.erase(found->second.place);
  found->second.owner->rings.erase(id);
  rings_.erase(found);
}

Answer TraceBoard::EndRing(Session& session, uint64_t id) {
  Ring* ring = Find(session, id);
  if (ring == nullptr) return Error::not_found;
  --session.trace_rings;
  Forget(id);
  return {};
}

// Kept while there are tracers: they may not have read it yet.
void TraceBoard::Forget(uint64_t id) {
  Ring& ring = rings_.at(id);
  ring.session = 0;
  if (tracers_ == 0 || ring.place == 0) return Erase(id);
  ended_.push_back(id);
  if (ended_.size() <= kEndedRingsMax) return;
  Erase(ended_.front());
  ended_.pop_front();
}

void TraceBoard::TracerCountChanged() {
  if (all_tracers_ == 0) facts_.reset();
  if (tracers_ != 0) return;
  for (const uint64_t id : ended_) Erase(id);
  ended_.clear();
}

Answer TraceBoard::TracePort(Session& session, Port& port, bool on) {
  if (on == session.traced_ports.contains(&port)) return {};
  if (on) {
    session.traced_ports.insert(&port);
    kernel_->Use(port);
    ++port.tracers;
    ++tracers_;
  } else {
    session.traced_ports.erase(&port);
    --port.tracers;
    --tracers_;
    TracerCountChanged();
  }
  for (auto& [id, lane] : port.lanes) {
    // A tracer of everything may have set `traced` already; who uses the
    // port must be known all the same.
    for (const Lane::End& end : lane->ends)
      if (end.handle != nullptr) LaneJoined(*end.session, port);
    kernel_->lanes().Enqueue(*lane);
  }
  if (!on) kernel_->Unuse(port);
  return {};
}

Answer TraceBoard::TraceAll(Session& session, bool on) {
  if (on == session.traces_all) return {};
  if (on && all_tracers_ == 0 && !OpenFacts()) return Error::quota_exceeded;
  session.traces_all = on;
  all_tracers_ += on ? 1u : -1u;
  tracers_ += on ? 1u : -1u;
  TracerCountChanged();
  SettleAll();
  return {};
}

void TraceBoard::SettleAll() {
  for (const auto& [id, object] : kernel_->objects(ObjectKind::port))
    for (auto& [lane_id, lane] : As<Port>(*object).lanes)
      kernel_->lanes().Enqueue(*lane);
}

bool TraceBoard::Traces(const Port& port) const {
  return all_tracers_ != 0 || port.tracers != 0;
}

void TraceBoard::LaneJoined(Session& session, const Port& port) {
  if (port.tracers == 0) return;
  TraceOwner& owner = OwnerOf(session);
  if (!owner.ports.insert(port.id).second) return;
  for (const uint64_t id : owner.rings)
    if (rings_.at(id).place != 0) List(id);
}

void TraceBoard::EndSession(Session& session) {
  TraceAll(session, false);
  while (!session.traced_ports.empty())
    TracePort(session, **session.traced_ports.begin(), false);
  if (session.trace_rings == 0) return;
  std::vector<uint64_t> own;
  for (const auto& [id, ring] : rings_)
    if (ring.session == session.id()) own.push_back(id);
  for (const uint64_t id : own) Forget(id);
}

bool TraceBoard::Visible(const Session& tracer, const Ring& ring) const {
  if (tracer.traces_all) return true;
  for (const Port* port : tracer.traced_ports)
    if (ring.owner->ports.contains(port->id)) return true;
  return false;
}

Answer TraceBoard::Next(Session& session, uint64_t after) {
  for (auto at = listed_.upper_bound(after); at != listed_.end(); ++at) {
    const Ring& ring = rings_.at(at->second);
    if (!Visible(session, ring)) continue;
    UniqueFd memory(fcntl(ring.reader.get(), F_DUPFD_CLOEXEC, 0));
    if (!memory.valid()) return Error::quota_exceeded;
    Answer answer =
        Answer::Of(at->first, ring.owner->process,
                   static_cast<uint64_t>(ring.owner->pid), at->second);
    answer.AppendBytes(ring.owner->name.data(), ring.owner->name.size());
    return std::move(answer).With(std::move(memory));
  }
  return Error::not_found;
}

bool TraceBoard::OpenFacts() {
  auto memory = base::Half::Create(abi::kTraceRingBytes);
  if (!memory.ok()) return false;
  auto half = base::Half::Map(memory->get(), abi::kTraceRingBytes, 0,
                              base::Access::kReadWrite);
  if (!half.ok() ||
      !base::SealMemory(memory->get(), base::Seal::kSingleWriter).ok())
    return false;
  auto reader = base::ReopenReadOnly(memory->get());
  if (!reader.ok()) return false;
  facts_.emplace(*std::move(half));
  auto owner = std::make_shared<TraceOwner>();
  owner->pid = getpid();
  owner->name = "kernel";
  const uint64_t id = next_ring_++;
  owner->rings.insert(id);
  rings_[id] = {std::move(owner), {}, *std::move(reader)};
  List(id);
  ended_.push_back(id);  // goes when the last tracer goes
  return true;
}

void TraceBoard::Fact(abi::TraceKind kind, uint64_t port, uint64_t lane) {
  if (!facts_.has_value()) return;
  abi::TraceRecord record = {};
  record.time_ns = static_cast<uint64_t>(base::NowNs());
  record.port = port;
  record.lane = lane;
  record.kind = static_cast<uint16_t>(kind);
  facts_->Append(record);
}

}  // namespace kernel
