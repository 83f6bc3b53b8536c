// TraceBoard: the rings in which processes write their trace records, who may
// read them, and the kernel's own ring of facts. Never reads a record.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "kernel/object/answer.h"
#include "kernel/object/trace_scopes.h"
#include "libipc/base/trace_ring.h"

namespace kernel {

class Lane;

// Whose records they are; outlives the process.
struct TraceOwner {
  uint64_t process = 0;
  pid_t pid = 0;
  std::string name;
};

class TraceBoard {
 public:
  // Rings that nobody writes any more, kept for tracers to drain.
  static constexpr size_t kEndedRingsMax = 1024;

  explicit TraceBoard(Kernel* kernel) : kernel_(kernel) {}

  // ---- Syscalls.
  Answer GrantRing(Session& session, uint64_t scope);
  Answer ReadyRing(Session& session, uint64_t ring);
  Answer EndRing(Session& session, uint64_t ring);
  Answer Begin(Session& session, Capability& capability,
               const TraceScopes::Wish& wish);
  // Its tracer has mapped its heads.
  Answer Ready(Session& session, uint64_t tracing);
  Answer End(Session& session, uint64_t tracing);
  Answer Next(Session& session, uint64_t after, uint64_t tracing);

  const TraceScopes& scopes() const { return scopes_; }
  // A tracing's capability is gone: it is over.
  void LoseCapability(Tracing& tracing, Ending ending);
  void EndSession(Session& session);
  // Notes what the kernel did, if somebody traces everything.
  void Fact(abi::TraceKind kind, uint64_t port, uint64_t lane,
            uint32_t label = 0);

 private:
  struct Ring {
    std::shared_ptr<TraceOwner> owner;
    TraceScope* scope;  // null: of facts
    UniqueFd memory;
    UniqueFd reader;       // opened before anybody else could forbid it
    uint64_t session = 0;  // 0: ended, or the kernel's own
    uint64_t place = 0;    // in the list; 0: not ready
    std::shared_ptr<TraceHeads> heads;  // null: its writer never waits
    uint32_t slot = 0;                  // in them
    void GiveSlotBack() {
      if (auto from = std::exchange(heads, nullptr); from != nullptr)
        from->GiveBack(slot);
    }
  };

  const std::shared_ptr<TraceOwner>& OwnerOf(Session& session);
  Ring* Find(const Session& session, uint64_t ring);
  // Its writer shall wait for the scope's lossless tracing, if there is one
  // that is not its own and has a slot left.
  Result<void> AddHeads(const Session& session, Ring* ring, Answer* answer);
  // Nobody writes to it from now on.
  void Forget(uint64_t ring);
  void List(uint64_t ring);
  // It is kept for a while.
  void AddEnded(uint64_t ring);
  void Erase(uint64_t ring);
  // With `scope`: erases its rings, or (when it goes on) forgets them.
  void EraseRings(const TraceScope* scope);
  void ForgetRings(const TraceScope& scope);
  void Leave(Tracing& tracing);
  void TellLanes(Port* port);
  void TellFact(const Tracing& tracing, const TraceScope& scope,
                abi::TracedFact begins);
  static bool IsVisible(const Tracing& tracing, const Ring& ring);
  bool OpenFacts();
  void CloseFacts();

  Kernel* const kernel_;
  TraceScopes scopes_;
  uint64_t next_ring_ = 1;
  std::map<uint64_t, Ring> rings_;
  uint64_t next_place_ = 1;
  std::map<uint64_t, uint64_t> listed_;  // rings by their places
  std::deque<uint64_t> ended_;           // oldest first
  std::optional<base::TraceRingWriter> facts_;
  uint64_t facts_ring_ = 0;
};

}  // namespace kernel
