// FlightBoard: the flight recorder's rings, of the living and of the dead.
// Never reads a record.
//
// Of what is kept nobody pushes out others: the account that holds most gives
// way first, and of its processes those of the name that holds most.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kernel/object/answer.h"

namespace kernel {

class Session;

class FlightBoard {
 public:
  // ---- Syscalls.
  Answer GrantRing(Session& session, uint32_t thread_id);
  Answer ReadyRing(const Session& session, uint64_t ring);
  Answer EndRing(const Session& session, uint64_t ring);
  Answer Next(uint64_t after) const;

  // Keeps what the session wrote.
  void EndSession(const Session& session, int64_t now_ns);
  // How the process ended was told.
  void NoteExit(uint64_t process, uint32_t exit);

 private:
  struct Ring {
    uint64_t process;
    uint32_t thread_id;
    UniqueFd memory;  // until it is ready
    UniqueFd reader;  // opened before anybody else could forbid it
    bool ready() const { return !memory.valid(); }
  };
  // A process with rings; outlives it.
  struct Owner {
    pid_t pid;
    std::string name;
    uint64_t account;  // the one below the root that it belongs to
    uint32_t exit = 0;
    uint64_t ended_ns = 0;        // 0: it lives
    std::vector<uint64_t> rings;  // oldest first
  };
  using Owners = std::map<uint64_t, Owner>;  // by process
  // Of which account, and of which name in it.
  using Group = std::pair<uint64_t, std::string>;

  Owner& OwnerOf(const Session& session);
  Ring* Find(const Session& session, uint64_t ring);
  // Of a process that lives: its rings from that one on.
  void DropRings(Owner& owner, size_t from);
  void NoLongerLiving(const Owner& owner, size_t rings);
  void DropOldestOfMost();

  uint64_t next_ring_ = 1;
  std::map<uint64_t, Ring> rings_;
  Owners owners_;
  std::map<uint64_t, uint32_t> living_;  // rings by account
  uint32_t living_count_ = 0;
  uint32_t kept_ = 0;
};

}  // namespace kernel
