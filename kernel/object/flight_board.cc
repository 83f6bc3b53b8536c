#include "kernel/object/flight_board.h"

#include <fcntl.h>

#include <algorithm>

#include "kernel/cap/account.h"
#include "kernel/object/trace_scopes.h"
#include "kernel/session/session.h"
#include "libipc/abi/flight.h"
#include "libipc/base/half.h"

namespace kernel {
namespace {

uint64_t TopAccount(const Account& account) {
  const Account* top = &account;
  while (top->parent != nullptr && top->parent->parent != nullptr)
    top = top->parent;
  return top->id;
}

}  // namespace

FlightBoard::Owner& FlightBoard::OwnerOf(const Session& session) {
  const auto [at, added] = owners_.try_emplace(session.id());
  if (added)
    at->second = {.pid = session.process->pid,
                  .name = session.process->name,
                  .account = TopAccount(*session.account)};
  return at->second;
}

FlightBoard::Ring* FlightBoard::Find(const Session& session, uint64_t ring) {
  const auto found = rings_.find(ring);
  if (found == rings_.end() || found->second.process != session.id())
    return nullptr;
  return &found->second;
}

Answer FlightBoard::GrantRing(Session& session, uint32_t thread_id) {
  const auto known = owners_.find(session.id());
  const size_t own = known != owners_.end() ? known->second.rings.size() : 0;
  if (own >= abi::kFlightRingsMax)
    return Answer::Failed(Error::quota_exceeded, own, abi::kFlightRingsMax);
  const auto of_account = living_.find(TopAccount(*session.account));
  const uint32_t used = of_account != living_.end() ? of_account->second : 0;
  const uint32_t left = abi::kFlightRingsLiving - living_count_;
  if (used >= left) return Answer::Failed(Error::quota_exceeded, used, left);
  KP_ASSIGN(UniqueFd memory,
            base::Half::Create(abi::kFlightRingBytes, "keyport-flight"));
  KP_ASSIGN(UniqueFd reader, base::ReopenReadOnly(memory.get()));
  UniqueFd copy(fcntl(memory.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.valid()) return Error::quota_exceeded;
  Owner& owner = OwnerOf(session);
  ++living_[owner.account];
  ++living_count_;
  const uint64_t id = next_ring_++;
  rings_.emplace(
      id, Ring{session.id(), thread_id, std::move(memory), std::move(reader)});
  owner.rings.push_back(id);
  return Answer::Of(id, abi::kFlightRingBytes).With(std::move(copy));
}

Answer FlightBoard::ReadyRing(const Session& session, uint64_t id) {
  Ring* ring = Find(session, id);
  if (ring == nullptr) return Error::not_found;
  if (ring->ready()) return Error::bad_state;
  KP_TRY(base::SealMemory(ring->memory.get(), base::Seal::kSingleWriter));
  ring->memory.Reset();
  return {};
}

Answer FlightBoard::EndRing(const Session& session, uint64_t id) {
  if (Find(session, id) == nullptr) return Error::not_found;
  Owner& owner = owners_.at(session.id());
  const auto end = std::remove(owner.rings.begin(), owner.rings.end(), id);
  *end = id;
  DropRings(owner, owner.rings.size() - 1);
  if (owner.rings.empty()) owners_.erase(session.id());
  return {};
}

void FlightBoard::NoLongerLiving(const Owner& owner, size_t rings) {
  living_count_ -= static_cast<uint32_t>(rings);
  const auto of_account = living_.find(owner.account);
  of_account->second -= static_cast<uint32_t>(rings);
  if (of_account->second == 0) living_.erase(of_account);
}

void FlightBoard::DropRings(Owner& owner, size_t from) {
  NoLongerLiving(owner, owner.rings.size() - from);
  for (size_t i = from; i < owner.rings.size(); ++i)
    rings_.erase(owner.rings[i]);
  owner.rings.resize(from);
}

void FlightBoard::EndSession(const Session& session, int64_t now_ns) {
  const auto found = owners_.find(session.id());
  if (found == owners_.end()) return;
  Owner& owner = found->second;
  const auto ready =
      std::stable_partition(owner.rings.begin(), owner.rings.end(),
                            [&](uint64_t id) { return rings_.at(id).ready(); });
  const auto keeps = std::min<size_t>(
      static_cast<size_t>(ready - owner.rings.begin()), abi::kFlightRingsKept);
  DropRings(owner, keeps);
  if (keeps == 0) {
    owners_.erase(found);
    return;
  }
  NoLongerLiving(owner, keeps);
  owner.exit = session.process->exit;
  owner.ended_ns = static_cast<uint64_t>(now_ns);
  kept_ += static_cast<uint32_t>(keeps);
  while (kept_ > abi::kFlightRingsKeptMax) DropOldestOfMost();
}

void FlightBoard::DropOldestOfMost() {
  std::map<uint64_t, size_t> by_account;
  std::map<Group, size_t> by_name;
  for (const auto& [process, owner] : owners_) {
    if (owner.ended_ns == 0) continue;
    by_account[owner.account] += owner.rings.size();
    by_name[{owner.account, owner.name}] += owner.rings.size();
  }
  const auto held_with = [&](const Owner& owner) {
    return std::pair(by_account[owner.account],
                     by_name[{owner.account, owner.name}]);
  };
  auto oldest = owners_.end();
  for (auto at = owners_.begin(); at != owners_.end(); ++at) {
    if (at->second.ended_ns == 0) continue;
    if (oldest == owners_.end() ||
        held_with(at->second) > held_with(oldest->second))
      oldest = at;
  }
  kept_ -= static_cast<uint32_t>(oldest->second.rings.size());
  for (const uint64_t id : oldest->second.rings) rings_.erase(id);
  owners_.erase(oldest);
}

void FlightBoard::NoteExit(uint64_t process, uint32_t exit) {
  const auto found = owners_.find(process);
  if (found != owners_.end()) found->second.exit = exit;
}

Answer FlightBoard::Next(uint64_t after) const {
  for (auto at = rings_.upper_bound(after); at != rings_.end(); ++at) {
    const Ring& ring = at->second;
    if (!ring.ready()) continue;
    UniqueFd memory(fcntl(ring.reader.get(), F_DUPFD_CLOEXEC, 0));
    if (!memory.valid()) return Error::quota_exceeded;
    const Owner& owner = owners_.at(ring.process);
    abi::FlightEntry entry = {.ring = at->first,
                              .process = ring.process,
                              .ended_ns = owner.ended_ns,
                              .pid = owner.pid,
                              .exit = owner.exit,
                              .thread_id = ring.thread_id};
    CopyName(entry.name, owner.name);
    Answer answer = Answer::Of(at->first);
    answer.Append(entry);
    return std::move(answer).With(std::move(memory));
  }
  return Error::not_found;
}

}  // namespace kernel
