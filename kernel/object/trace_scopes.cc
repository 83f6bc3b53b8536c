#include "kernel/object/trace_scopes.h"

#include <algorithm>
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

// Those of payload only count where payload is traced.
abi::TraceLimits LimitsOf(const TraceScopes::Wish& wish) {
  abi::TraceLimits limits = wish.limits;
  if (!wish.payload) limits.snaplen_max = abi::TraceLimits().snaplen_max;
  return limits;
}

uint32_t CountTracings(const TraceScopeSet& set,
                       absl::FunctionRef<bool(const TraceScope&)> counts) {
  size_t count = 0;
  for (const auto& scope : set.at)
    if (scope != nullptr && counts(*scope)) count += scope->tracings.size();
  return static_cast<uint32_t>(count);
}

}  // namespace

uint32_t TraceScopeSet::tracers() const {
  return CountTracings(*this, [](const TraceScope&) { return true; });
}

uint32_t TraceScopeSet::payload_tracers() const {
  return CountTracings(*this,
                       [](const TraceScope& scope) { return scope.payload; });
}

TraceScopeSet& TraceScopes::SetOf(Port* port) {
  return port != nullptr ? port->traced : everything_;
}

TraceScopes::Place* TraceScopes::PlaceOf(const Wish& wish) {
  TraceScopeSet& set = SetOf(wish.port);
  const abi::TraceLimits limits = LimitsOf(wish);
  if (!limits.any())
    return &set.at[wish.payload ? abi::kScopePortPayload : abi::kScopePort];
  Place* free = nullptr;
  for (size_t i = abi::kScopePortLimited; i < set.at.size(); ++i) {
    Place& place = set.at[i];
    if (place == nullptr)
      free = free == nullptr ? &place : free;
    else if (place->payload == wish.payload && place->limits == limits)
      return &place;
  }
  return free;
}

void TraceScopes::Renew(TraceScope& scope) {
  by_id_.erase(scope.id);
  scope.id = next_id_++;
  by_id_.emplace(scope.id, &scope);
}

bool TraceScopes::HasLossless(const Wish& wish) {
  for (const Place& scope : SetOf(wish.port).at)
    if (scope != nullptr && scope->payload == wish.payload &&
        scope->lossless != nullptr)
      return true;
  return false;
}

Tracing& TraceScopes::Begin(Session& session, Capability& capability,
                            const Wish& wish,
                            std::shared_ptr<TraceHeads> heads) {
  Place& scope = *PlaceOf(wish);
  if (scope == nullptr) {
    scope = std::make_unique<TraceScope>(TraceScope{
        .port = wish.port, .payload = wish.payload, .limits = LimitsOf(wish)});
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
  auto& all = SetOf(scope.port).at;
  return std::move(
      *std::find_if(all.begin(), all.end(),
                    [&](const Place& place) { return place.get() == &scope; }));
}

abi::LaneTracing TraceScopes::Of(const Port& port) const {
  abi::LaneTracing told;
  for (size_t i = 0; i < abi::kScopesOfPort; ++i) {
    told.scopes[i] = ToldOf(port.traced.at[i]);
    abi::LaneScope& of_all = told.scopes[abi::kScopeAll + i];
    of_all = ToldOf(everything_.at[i]);
    if (port.secret()) of_all.filter.snaplen = 0;
  }
  return told;
}

void TraceScopes::ForEach(const Port& port,
                          absl::FunctionRef<void(const Tracing&)> look) const {
  for (const TraceScopeSet* set : {&port.traced, &everything_})
    for (const Place& scope : set->at) {
      if (scope == nullptr) continue;
      for (const Tracing* tracing : scope->tracings) look(*tracing);
    }
}

TraceScope* TraceScopes::Find(uint64_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

}  // namespace kernel
