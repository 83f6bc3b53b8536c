// TraceBoard: who traces what, the rings in which processes write their trace
// records, and the kernel's own ring of facts. Never reads a record.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "kernel/object/answer.h"
#include "libipc/base/trace_ring.h"

namespace kernel {

class Kernel;
class Port;

// Whose records they are; outlives the process.
struct TraceOwner {
  uint64_t process = 0;
  pid_t pid = 0;
  std::string name;
  absl::flat_hash_set<uint64_t> ports;  // traced by name, that it has used
  absl::flat_hash_set<uint64_t> rings;
};

class TraceBoard {
 public:
  // Rings of the dead that are kept for tracers to drain.
  static constexpr size_t kEndedRingsMax = 1024;

  explicit TraceBoard(Kernel* kernel) : kernel_(kernel) {}

  // ---- Syscalls.
  Answer GrantRing(Session& session);
  Answer ReadyRing(Session& session, uint64_t ring);
  Answer EndRing(Session& session, uint64_t ring);
  Answer TracePort(Session& session, Port& port, bool on);
  Answer TraceAll(Session& session, bool on);
  Answer Next(Session& session, uint64_t after);

  bool Traces(const Port& port) const;
  // The session has a lane on the port, and may now write about it.
  void LaneJoined(Session& session, const Port& port);
  void EndSession(Session& session);
  // Notes what the kernel did, if somebody traces everything.
  void Fact(abi::TraceKind kind, uint64_t port, uint64_t lane);

 private:
  struct Ring {
    std::shared_ptr<TraceOwner> owner;
    UniqueFd memory;
    UniqueFd reader;       // opened before anybody else could forbid it
    uint64_t session = 0;  // 0: ended, or the kernel's own
    uint64_t place = 0;    // in the list; 0: not ready
  };

  TraceOwner& OwnerOf(Session& session);
  Ring* Find(const Session& session, uint64_t ring);
  void Forget(uint64_t ring);
  // Behind all others: more sessions than before may read it now.
  void List(uint64_t ring);
  void Erase(uint64_t ring);
  void TracerCountChanged();
  bool Visible(const Session& tracer, const Ring& ring) const;
  bool OpenFacts();
  void SettleAll();

  Kernel* const kernel_;
  uint64_t next_ring_ = 1;
  std::map<uint64_t, Ring> rings_;
  uint64_t next_place_ = 1;
  std::map<uint64_t, uint64_t> listed_;  // rings by their places
  std::deque<uint64_t> ended_;           // oldest first
  uint32_t tracers_ = 0;                 // of ports and of everything
  uint32_t all_tracers_ = 0;
  std::optional<base::TraceRingWriter> facts_;
};

}  // namespace kernel
