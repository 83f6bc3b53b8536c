#include "kernel/object/trace_scopes.h"

#include <utility>

#include "kernel/object/port.h"
#include "kernel/session/session.h"
#include "libipc/base/trace_filter.h"

namespace kernel {
namespace {

void Refilter(TraceScope& scope) {
  scope.filter = scope.tracings.front()->filter;
  for (const Tracing* tracing : scope.tracings)
    scope.filter = base::UnionOf(scope.filter, tracing->filter);
}

abi::LaneScope ToldOf(const std::unique_ptr<TraceScope>& scope) {
  if (scope == nullptr) return {};
  return {scope->id, scope->filter};
}

}  // namespace

std::unique_ptr<TraceScope>& TraceScopes::PlaceOf(Port* port, bool payload) {
  TraceScopePair& pair = port != nullptr ? port->traced : everything_;
  return payload ? pair.payload : pair.headers;
}

void TraceScopes::Renew(TraceScope& scope) {
  by_id_.erase(scope.id);
  scope.id = next_id_++;
  by_id_.emplace(scope.id, &scope);
}

bool TraceScopes::HasLossless(const Wish& wish) {
  const auto& scope = PlaceOf(wish.port, wish.payload);
  return scope != nullptr && scope->lossless != nullptr;
}

Tracing& TraceScopes::Begin(Session& session, Capability& capability,
                            const Wish& wish,
                            std::shared_ptr<TraceHeads> heads) {
  std::unique_ptr<TraceScope>& scope = PlaceOf(wish.port, wish.payload);
  if (scope == nullptr) {
    scope = std::make_unique<TraceScope>(
        TraceScope{.port = wish.port, .payload = wish.payload});
    Renew(*scope);
  }
  const uint64_t id = next_id_++;
  auto made = std::make_unique<Tracing>(Tracing{
      id, &session, &capability, wish.filter, std::move(heads), scope.get()});
  Tracing& tracing =
      *session.tracings.emplace(id, std::move(made)).first->second;
  capability.Use().tracings.push_back(&tracing);
  scope->tracings.push_back(&tracing);
  if (tracing.heads != nullptr) scope->lossless = &tracing;
  Refilter(*scope);
  return tracing;
}

std::unique_ptr<TraceScope> TraceScopes::Leave(Tracing& tracing) {
  TraceScope& scope = *std::exchange(tracing.scope, nullptr);
  std::erase(scope.tracings, &tracing);
  if (scope.lossless == &tracing) {
    scope.lossless = nullptr;
    tracing.heads->End();
  }
  if (!scope.tracings.empty()) {
    Renew(scope);
    Refilter(scope);
    return nullptr;
  }
  by_id_.erase(scope.id);
  return std::move(PlaceOf(scope.port, scope.payload));
}

abi::LaneTracing TraceScopes::Of(const Port& port) const {
  abi::LaneTracing told;
  told.scopes[abi::kScopePort] = ToldOf(port.traced.headers);
  told.scopes[abi::kScopePortPayload] = ToldOf(port.traced.payload);
  told.scopes[abi::kScopeAll] = ToldOf(everything_.headers);
  told.scopes[abi::kScopeAllPayload] = ToldOf(everything_.payload);
  if (port.secret()) told.scopes[abi::kScopeAllPayload].filter.snaplen = 0;
  return told;
}

void TraceScopes::ForEach(const Port& port,
                          absl::FunctionRef<void(const Tracing&)> look) const {
  const TraceScope* const scopes[] = {
      port.traced.headers.get(), port.traced.payload.get(),
      everything_.headers.get(), everything_.payload.get()};
  for (const TraceScope* scope : scopes) {
    if (scope == nullptr) continue;
    for (const Tracing* tracing : scope->tracings) look(*tracing);
  }
}

TraceScope* TraceScopes::Find(uint64_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

}  // namespace kernel
