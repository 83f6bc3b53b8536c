#include "kernel/object/trace_board.h"

#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "kernel/object/kernel.h"
#include "libipc/base/clock.h"

namespace kernel {
namespace {

// Only who has to do with a port may write about it.
bool MayWrite(const Session& session, const TraceScope& scope) {
  return scope.port == nullptr ||
         scope.port->by_sender.contains(session.id()) ||
         scope.port->FindListener(&session) != nullptr;
}

}  // namespace

const std::shared_ptr<TraceOwner>& TraceBoard::OwnerOf(Session& session) {
  if (session.trace_owner == nullptr)
    session.trace_owner = std::make_shared<TraceOwner>(
        TraceOwner{session.id(), session.process->pid, session.process->name});
  return session.trace_owner;
}

TraceBoard::Ring* TraceBoard::Find(const Session& session, uint64_t ring) {
  const auto found = rings_.find(ring);
  if (found == rings_.end() || found->second.session != session.id())
    return nullptr;
  return &found->second;
}

Answer TraceBoard::GrantRing(Session& session, uint64_t scope_id) {
  TraceScope* const scope = scopes_.Find(scope_id);
  if (scope == nullptr || !MayWrite(session, *scope)) return Error::not_found;
  if (session.trace_rings >= abi::kTraceRingsMax)
    return Answer::Failed(Error::quota_exceeded, session.trace_rings,
                          abi::kTraceRingsMax);
  KP_ASSIGN(UniqueFd memory, base::Half::Create(abi::kTraceRingBytes));
  KP_ASSIGN(UniqueFd reader, base::ReopenReadOnly(memory.get()));
  UniqueFd copy(fcntl(memory.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return Error::quota_exceeded;
  const uint64_t id = next_ring_;
  Answer answer =
      Answer::Of(id, RandomKey(), abi::kTraceRingBytes).With(std::move(copy));
  Ring ring = {OwnerOf(session), scope, std::move(memory), std::move(reader),
               session.id()};
  KP_TRY(AddHeads(session, &ring, &answer));
  ++session.trace_rings;
  ++next_ring_;
  rings_.emplace(id, std::move(ring));
  return answer;
}

Result<void> TraceBoard::AddHeads(const Session& session, Ring* ring,
                                  Answer* answer) {
  const Tracing* const tracing = ring->scope->lossless;
  if (tracing == nullptr || !tracing->heads->ready() ||
      tracing->session == &session)
    return {};
  UniqueFd heads = tracing->heads->ForWriter();
  if (!heads.valid()) return Error::quota_exceeded;
  ring->slot = tracing->heads->Take();
  if (ring->slot == 0) return {};
  ring->heads = tracing->heads;
  answer->Append(
      abi::TraceRingWaits{ring->slot, 0, ring->heads->wait_ns(), tracing->id});
  answer->descriptors.push_back(std::move(heads));
  return {};
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
  ring.place = next_place_++;
  listed_.emplace(ring.place, id);
}

void TraceBoard::Erase(uint64_t id) {
  const auto found = rings_.find(id);
  if (found == rings_.end()) return;
  if (found->second.session != 0)
    --kernel_->FindSession(found->second.session)->trace_rings;
  found->second.GiveSlotBack();
  listed_.erase(found->second.place);
  rings_.erase(found);
}

Answer TraceBoard::EndRing(Session& session, uint64_t id) {
  if (Find(session, id) == nullptr) return Error::not_found;
  Forget(id);
  return {};
}

// Kept while there are tracers: they may not have read it yet.
void TraceBoard::Forget(uint64_t id) {
  Ring& ring = rings_.at(id);
  if (ring.place == 0) return Erase(id);
  if (ring.session != 0)
    --kernel_->FindSession(std::exchange(ring.session, 0))->trace_rings;
  ring.GiveSlotBack();
  AddEnded(id);
}

void TraceBoard::AddEnded(uint64_t id) {
  ended_.push_back(id);
  if (ended_.size() <= kEndedRingsMax) return;
  Erase(ended_.front());
  ended_.pop_front();
}

void TraceBoard::ForgetRings(const TraceScope& scope) {
  std::vector<uint64_t> written;
  for (const auto& [id, ring] : rings_)
    if (ring.scope == &scope && ring.session != 0) written.push_back(id);
  for (const uint64_t id : written) Forget(id);
}

void TraceBoard::EraseRings(const TraceScope* scope) {
  std::erase_if(ended_,
                [&](uint64_t id) { return rings_.at(id).scope == scope; });
  std::vector<uint64_t> all;
  for (const auto& [id, ring] : rings_)
    if (ring.scope == scope) all.push_back(id);
  for (const uint64_t id : all) Erase(id);
}

Answer TraceBoard::Begin(Session& session, Capability& capability,
                         const TraceScopes::Wish& wish) {
  if (session.tracings.size() >= abi::kTracingsMax)
    return Answer::Failed(Error::quota_exceeded, session.tracings.size(),
                          abi::kTracingsMax);
  if (!scopes_.HasPlace(wish))
    return Answer::Failed(Error::quota_exceeded, abi::kTraceLimitedMax,
                          abi::kTraceLimitedMax);
  std::shared_ptr<TraceHeads> heads;
  UniqueFd to_map;
  if (wish.wait_ns != 0) {
    if (scopes_.HasLossless(wish)) return Error::bad_state;
    KP_ASSIGN(heads, TraceHeads::Create(wish.wait_ns));
    to_map = heads->ForTracer();
    if (!to_map.valid()) return Error::quota_exceeded;
  }
  if (wish.port == nullptr && scopes_.everything().tracers() == 0 &&
      !OpenFacts())
    return Error::quota_exceeded;
  const Tracing& tracing =
      scopes_.Begin(session, capability, wish, std::move(heads));
  if (wish.port != nullptr) kernel_->Use(*wish.port);
  TellFact(tracing, *tracing.scope, abi::kTracedBegins);
  TellLanes(wish.port);
  Answer answer =
      Answer::Of(tracing.id, wish.port != nullptr ? wish.port->id : 0);
  if (to_map.valid()) answer.descriptors.push_back(std::move(to_map));
  return answer;
}

Answer TraceBoard::Ready(Session& session, uint64_t id) {
  const auto found = session.tracings.find(id);
  if (found == session.tracings.end()) return Error::not_found;
  Tracing& tracing = *found->second;
  if (tracing.heads == nullptr || tracing.scope == nullptr)
    return Error::bad_state;
  KP_TRY(tracing.heads->Seal());
  scopes_.BeginWaiting(tracing);
  ForgetRings(*tracing.scope);
  TellLanes(tracing.scope->port);
  return {};
}

Answer TraceBoard::End(Session& session, uint64_t id) {
  const auto found = session.tracings.find(id);
  if (found == session.tracings.end()) return Error::not_found;
  Tracing& tracing = *found->second;
  if (tracing.capability != nullptr)
    std::erase(tracing.capability->Use().tracings, &tracing);
  if (tracing.scope != nullptr) Leave(tracing);
  session.tracings.erase(found);
  return {};
}

void TraceBoard::LoseCapability(Tracing& tracing, Ending ending) {
  std::erase(tracing.capability->Use().tracings, &tracing);
  tracing.capability = nullptr;
  tracing.over = ErrorOf(ending);
  Leave(tracing);
}

void TraceBoard::Leave(Tracing& tracing) {
  TraceScope& scope = *tracing.scope;
  Port* const port = scope.port;
  TellFact(tracing, scope, abi::kTracedEnds);
  if (const auto over = scopes_.Leave(tracing); over != nullptr)
    EraseRings(over.get());
  else
    ForgetRings(scope);
  if (port == nullptr) CloseFacts();
  TellLanes(port);
  if (port != nullptr) kernel_->Unuse(*port);
}

void TraceBoard::TellLanes(Port* port) {
  if (port != nullptr) {
    for (auto& [id, lane] : port->lanes) kernel_->lanes().Enqueue(*lane);
    return;
  }
  for (const auto& [id, object] : kernel_->objects(ObjectKind::port))
    TellLanes(&As<Port>(*object));
}

void TraceBoard::EndSession(Session& session) {
  while (!session.tracings.empty())
    End(session, session.tracings.begin()->first);
  if (session.trace_rings == 0) return;
  std::vector<uint64_t> own;
  for (const auto& [id, ring] : rings_)
    if (ring.session == session.id()) own.push_back(id);
  for (const uint64_t id : own) Forget(id);
}

bool TraceBoard::IsVisible(const Tracing& tracing, const Ring& ring) {
  if (ring.scope == nullptr) return tracing.scope->port == nullptr;
  return ring.scope == tracing.scope;
}

Answer TraceBoard::Next(Session& session, uint64_t after, uint64_t id) {
  const auto found = session.tracings.find(id);
  if (found == session.tracings.end()) return Error::invalid_args;
  const Tracing& tracing = *found->second;
  if (tracing.over != Error::ok) return tracing.over;
  for (auto at = listed_.upper_bound(after); at != listed_.end(); ++at) {
    const Ring& ring = rings_.at(at->second);
    if (!IsVisible(tracing, ring)) continue;
    UniqueFd memory(fcntl(ring.reader.get(), F_DUPFD_CLOEXEC, 0));
    if (!memory.valid()) return Error::quota_exceeded;
    const uint64_t slot =
        ring.heads != nullptr && ring.heads == tracing.heads ? ring.slot : 0;
    Answer answer = Answer::Of(
        at->first, ring.owner->process,
        static_cast<uint32_t>(ring.owner->pid) | slot << 32, at->second);
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
  auto owner = std::make_shared<TraceOwner>(TraceOwner{0, getpid(), "kernel"});
  const uint64_t id = next_ring_++;
  rings_[id] = {std::move(owner), nullptr, {}, *std::move(reader)};
  List(id);
  facts_ring_ = id;
  return true;
}

// Somebody has stopped tracing everything: who goes on gets other memory. Where
// there is none, no facts are written until everybody has stopped.
void TraceBoard::CloseFacts() {
  facts_.reset();
  if (scopes_.everything().tracers() == 0) {
    facts_ring_ = 0;
    return EraseRings(nullptr);
  }
  if (facts_ring_ != 0) AddEnded(std::exchange(facts_ring_, 0));
  OpenFacts();
}

void TraceBoard::TellFact(const Tracing& tracing, const TraceScope& scope,
                          abi::TracedFact begins) {
  Fact(abi::TraceKind::traced, scope.port != nullptr ? scope.port->id : 0,
       tracing.session->id(),
       begins | (scope.payload ? abi::kTracedPayload : 0) |
           (tracing.heads != nullptr ? abi::kTracedLossless : 0));
}

void TraceBoard::Fact(abi::TraceKind kind, uint64_t port, uint64_t lane,
                      uint32_t label) {
  if (!facts_.has_value()) return;
  abi::TraceRecord record = {};
  record.time_ns = static_cast<uint64_t>(base::NowNs());
  record.port = port;
  record.lane = lane;
  record.label = label;
  record.kind = static_cast<uint16_t>(kind);
  facts_->Append(record);
}

}  // namespace kernel
