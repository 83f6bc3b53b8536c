// TraceScopes: who traces what, and what lanes' ends are told of it.
//
//   Tracing (a session's, made with a capability)
//      |  several share one
//   TraceScope (a port or everything, headers or payload, with which limits;
//      lasts as long as it is traced)
//      |
//   LaneScope (its id now: a new one whenever somebody stops tracing it, so
//      that who has stopped reads nothing that is written later)
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "kernel/object/answer.h"
#include "kernel/object/trace_heads.h"
#include "libipc/abi/tracing.h"

namespace kernel {

class Kernel;
class Port;
struct TraceScope;
enum class Ending;

struct Tracing {
  uint64_t id;
  Session* session;
  Capability* capability;  // null once it is gone
  abi::TraceFilter filter;
  std::shared_ptr<TraceHeads> heads;  // null: nobody waits for it
  TraceScope* scope;                  // null once it is over
  Error over = Error::ok;             // why
};

struct TraceScope {
  Port* port;  // null: everything
  bool payload;
  // Of all its tracings, so that what one asks for is never beyond another's.
  abi::TraceLimits limits;
  uint64_t id = 0;
  std::vector<Tracing*> tracings;
  abi::TraceFilter filter;      // lets through what any of them wants
  Tracing* lossless = nullptr;  // one of them at most
};

// What one port, or everything, is traced at, by places: headers, payload, and
// those with limits in the order in which they came.
struct TraceScopeSet {
  std::array<std::unique_ptr<TraceScope>, abi::kScopesOfPort> at;

  uint32_t tracers() const;
  uint32_t payload_tracers() const;
};

class TraceScopes {
 public:
  struct Wish {
    Port* port;  // null: everything
    bool payload;
    abi::TraceFilter filter;  // within the limits
    abi::TraceLimits limits;  // of the capability
    uint64_t wait_ns = 0;     // not 0: it is lossless
  };

  // Whether the same is traced losslessly, with whatever limits.
  bool HasLossless(const Wish& wish);
  // Whether there is such a scope, or a place for it.
  bool HasPlace(const Wish& wish) { return PlaceOf(wish) != nullptr; }
  // Room was checked. `heads`: of one that is lossless.
  Tracing& Begin(Session& session, Capability& capability, const Wish& wish,
                 std::shared_ptr<TraceHeads> heads);
  // From now on its heads go with new rings, and everybody needs a new one.
  void BeginWaiting(Tracing& tracing) { Renew(*tracing.scope); }
  // It takes no part in its scope any more. Who was there besides goes on under
  // another id. Returns the scope, if it is over with that: for the last time.
  std::unique_ptr<TraceScope> Leave(Tracing& tracing);

  abi::LaneTracing Of(const Port& port) const;
  const TraceScopeSet& everything() const { return everything_; }
  // Whoever traces the port, or everything.
  void ForEach(const Port& port,
               absl::FunctionRef<void(const Tracing&)> look) const;
  // By the id that lanes' ends were told last; else null.
  TraceScope* Find(uint64_t id) const;

 private:
  using Place = std::unique_ptr<TraceScope>;
  TraceScopeSet& SetOf(Port* port);
  // Null: there is none left.
  Place* PlaceOf(const Wish& wish);
  void Renew(TraceScope& scope);

  uint64_t next_id_ = 1;
  TraceScopeSet everything_;
  std::map<uint64_t, TraceScope*> by_id_;
};

}  // namespace kernel
