#include "libipc/base/slot_lock.h"

#include <algorithm>

#include "libipc/base/clock.h"
#include "libipc/base/futex.h"
#include "libipc/base/spinner.h"

namespace base {
namespace {

using abi::LockKind;

// Looks before it sleeps, each with a few pauses.
constexpr uint32_t kSpinsMost = 16;
constexpr int kPausesEach = 4;
// Looks without sleeping between two looks at the clock; looks after the
// deadline.
constexpr uint32_t kLooksUntimed = 64;
constexpr uint32_t kLateLooks = 4;
// A sleeper asks this often whether the kernel process lives: its death
// changes no word.
constexpr int64_t kWatchNs = 1'000'000'000;
constexpr uint64_t kWaitingFlags =
    uint64_t{abi::kLockWriters} | abi::kLockReaders;

// A time to come, or before all times, was written by one who spoils the lock.
bool IsLong(int64_t since_ns, int64_t now_ns) {
  return since_ns < 0 || since_ns > now_ns ||
         now_ns - since_ns >= abi::kLockPatienceNs;
}

// Tickets are compared as they wrap around.
bool IsBefore(uint32_t ticket, uint32_t other) {
  return ((ticket - other) & abi::kLockTicketMask) > abi::kLockTicketMask / 2;
}

}  // namespace

SlotLock::SlotLock(abi::LockPage* page, const abi::LockRoster* roster,
                   uint32_t slot, uint32_t member, const Watch* watch)
    : page_(page),
      roster_(roster),
      slot_(slot),
      member_(member),
      mine_(uint64_t{member} << 32 | uint64_t{slot + 1} << 24),
      watch_(watch) {
  // The state first: see WasInside.
  SetState(LockKind::idle);
  entered().store(0);
  rung(slot_).store(1);
}

bool SlotLock::HasLivingOwner(uint64_t gate) const {
  const uint32_t slot = SlotOf(gate);
  return IsOwned(gate) && slot < abi::kLockSlots &&
         IsLive(slot, static_cast<uint32_t>(gate >> 32));
}

// Whether the dead owner may have been writing. When its slot has a new user
// nobody knows any more. Whoever takes a slot over writes the state first, so
// that an `entered` it has cleared is not believed.
bool SlotLock::WasInside(uint64_t gate) const {
  const uint32_t slot = SlotOf(gate);
  if (slot >= abi::kLockSlots) return true;
  Step();
  const uint32_t inside = std::atomic_ref<uint32_t>(page_->slots[slot].entered)
                              .load(std::memory_order_acquire);
  return inside != 0 || state(slot).load() >> 32 != gate >> 32;
}

// One whose reader was admitted with it before would let that reader in twice.
uint32_t SlotLock::TakeTicket() {
  const std::atomic_ref<uint32_t> next(page_->next_ticket);
  Step();
  uint32_t ticket = next.fetch_add(1) & abi::kLockTicketMask;
  if (ticket == (admitted(slot_).load() & abi::kLockTicketMask))
    ticket = (ticket + 1) & abi::kLockTicketMask;
  return ticket;
}

SlotLock::Waiting SlotLock::Look() const {
  Waiting waiting;
  uint32_t lowest = 0;
  const uint32_t used = SlotsUsed();
  for (uint32_t slot = 0; slot < used; ++slot) {
    const uint64_t seen = StateOf(slot);
    if (KindOf(seen) == LockKind::wants_read) waiting.readers = true;
    if (KindOf(seen) == LockKind::reading) waiting.trying = true;
    if (KindOf(seen) != LockKind::wants_write) continue;
    const uint32_t ticket = TicketOf(seen);
    if (waiting.first_writer != abi::kLockSlots && !IsBefore(ticket, lowest))
      continue;
    waiting.first_writer = slot;
    lowest = ticket;
  }
  return waiting;
}

bool SlotLock::IsFirst(uint32_t ticket) const {
  const uint32_t used = SlotsUsed();
  for (uint32_t slot = 0; slot < used; ++slot) {
    const uint64_t seen = StateOf(slot);
    if (KindOf(seen) == LockKind::wants_write &&
        IsBefore(TicketOf(seen), ticket))
      return false;
  }
  return true;
}

// Readers who wait may come in, before whoever owns the gate next.
void SlotLock::Admit() const {
  const uint32_t used = SlotsUsed();
  for (uint32_t slot = 0; slot < used; ++slot) {
    const uint64_t seen = StateOf(slot);
    if (KindOf(seen) == LockKind::wants_read)
      admitted(slot).store(TicketOf(seen));
  }
}

void SlotLock::RingReaders() const {
  const uint32_t used = SlotsUsed();
  for (uint32_t slot = 0; slot < used; ++slot)
    if (slot != slot_ && KindOf(StateOf(slot)) == LockKind::wants_read)
      Ring(slot);
}

void SlotLock::Ring(uint32_t slot) const {
  if (slot >= abi::kLockSlots) return;
  if (rung(slot).exchange(1) == 0) WakeWord(&page_->slots[slot].rung, 1);
}

// Takes the gate, as it was seen, from nobody or from a dead one.
bool SlotLock::Claim(uint64_t seen, Place place) {
  if (HasLivingOwner(seen)) return false;
  if (place != Place::kFirst && (seen & abi::kLockHandOver) != 0) return false;
  uint32_t passes = PassesOf(seen);
  if ((seen & kWaitingFlags) != 0 && passes < abi::kLockPassesMax) ++passes;
  const uint64_t claimed =
      mine_ | uint64_t{passes} << 8 | (seen & kWaitingFlags);
  // If this one dies before it has noted the damage, it must pass for one who
  // was inside, too.
  const bool damaged = IsOwned(seen) && WasInside(seen);
  if (damaged) entered().store(1);
  if (!gate().compare_exchange_strong(seen, claimed)) {
    if (damaged) entered().store(0);
    return false;
  }
  if (damaged) repair().store(1);
  if (PassesOf(seen) == 0 && passes != 0) passes_since().store(NowNs());
  return true;
}

bool SlotLock::IsTurn(uint32_t passes) const {
  return passes >= abi::kLockPassesMax &&
         IsLong(passes_since().load(), NowNs());
}

// Since when readers have been passed. None is inside when an owner leaves: one
// whose state is reading tries to come in, and may have to wait on.
void SlotLock::NotePassing(const Waiting& waiting) {
  const int64_t since = readers_since().load();
  if (waiting.readers && since == 0)
    readers_since().store(NowNs());
  else if (!waiting.readers && !waiting.trying && since != 0)
    readers_since().store(0);
}

bool SlotLock::Flag(uint64_t seen, uint32_t flag) {
  return (seen & flag) != 0 ||
         gate().compare_exchange_strong(seen, seen | flag);
}

// Gives the gate up when somebody waits. The flags are cleared before the
// slots are looked at, and whoever waits stores its state before it looks at
// the flags: it is seen here, or sets its flag again and so undoes the last
// step here.
//
// When no writer waits the gate is open, and readers who sleep are woken, but
// not admitted: the next writer would have to wait until each of them has had
// the processor.
void SlotLock::Release() {
  entered().store(0);
  uint64_t seen = gate().load();
  bool woken = false;  // in one of the rounds: who was admitted must be
  while (seen >> 24 == mine_ >> 24) {
    const uint64_t bare = seen & ~uint64_t{0xff};
    if (!gate().compare_exchange_strong(seen, bare)) continue;
    const Waiting waiting = Look();
    const bool writer = waiting.first_writer != abi::kLockSlots;
    const uint32_t passes = PassesOf(bare);
    const bool turn = !writer || IsTurn(passes);
    NotePassing(waiting);
    if (waiting.readers &&
        (writer ? turn : IsLong(readers_since().load(), NowNs()))) {
      Admit();
      readers_since().store(0);
    }
    woken = woken || (turn && waiting.readers);
    uint64_t next = writer ? uint64_t{abi::kLockWriters} : 0;
    if (!turn) {
      next |= uint64_t{passes} << 8;
      if (waiting.readers) next |= abi::kLockReaders;
    } else if (writer) {
      next |= abi::kLockHandOver;
    }
    seen = bare;
    if (!gate().compare_exchange_strong(seen, next)) continue;
    if (woken) RingReaders();
    if (writer) Ring(waiting.first_writer);
    return;
  }
}

// After giving up: nobody may be left waiting for this one, or for flags that
// speak of nobody else.
void SlotLock::Nudge() {
  const uint64_t seen = gate().load();
  if (seen == 0 || HasLivingOwner(seen)) return;
  const Waiting waiting = Look();
  if (waiting.first_writer != abi::kLockSlots)
    Ring(waiting.first_writer);
  else if (Claim(seen, Place::kFirst))
    Release();
}

// A word that changes all the time must not keep it from its deadline. What is
// true by now wins over a passed one, so there are some more looks.
bool SlotLock::Begin(Turn& turn) const {
  turn.deaths = Load(roster_->deaths);
  if (turn.late) return ++turn.late_looks <= kLateLooks;
  if (++turn.looks % kLooksUntimed == 0)
    turn.late = NowNs() >= turn.deadline_ns;
  return true;
}

bool SlotLock::Pause(Turn& turn) {
  if (turn.late || turn.deadline_ns == 0) return false;
  if (!turn.armed) {
    static const bool kSpins = OnlineProcessors() > 1;
    if (kSpins && turn.spins < kSpinsMost) {
      ++turn.spins;
      for (int i = 0; i < kPausesEach; ++i) CpuRelax();
      return true;
    }
    rung(slot_).store(0);
    turn.armed = true;
    return true;
  }
  const FutexWait words[] = {{&page_->slots[slot_].rung, 0},
                             {&roster_->deaths, turn.deaths}};
  const int64_t now = NowNs();
  const bool whole = turn.deadline_ns - now > kWatchNs;
  const auto result =
      WaitOnWords(words, whole ? now + kWatchNs : turn.deadline_ns);
  rung(slot_).store(1);
  turn.armed = false;
  turn.spins = 0;
  turn.late = result == WaitResult::kTimedOut && !whole;
  return result != WaitResult::kTimedOut || watch_ == nullptr ||
         !watch_->IsOver();
}

SlotLock::Got SlotLock::GiveUp(const Turn& turn) {
  rung(slot_).store(1);
  return turn.late || turn.deadline_ns == 0 ? Got::kTimedOut : Got::kLost;
}

bool SlotLock::Drain(Turn& turn) {
  while (Begin(turn)) {
    if (FirstReader() == abi::kLockSlots) return true;
    const uint64_t seen = gate().load();
    if (seen >> 24 != mine_ >> 24) return false;
    if ((seen & abi::kLockDraining) == 0) {
      Flag(seen, abi::kLockDraining);
      continue;
    }
    if (!Pause(turn)) return false;
  }
  return false;
}

// It owns the gate.
SlotLock::Got SlotLock::FinishExclusive(Turn& turn) {
  SetState(LockKind::idle);
  if (!Drain(turn) || !attached()) {
    const Got outcome = attached() ? GiveUp(turn) : Got::kLost;
    rung(slot_).store(1);
    Release();
    return outcome;
  }
  rung(slot_).store(1);
  Enter();
  return broken() ? Got::kOwnerDied : Got::kExclusive;
}

SlotLock::Got SlotLock::Exclusive(int64_t deadline_ns) {
  Turn turn = {.deadline_ns = deadline_ns};
  const uint32_t ticket = TakeTicket();
  SetState(LockKind::wants_write, ticket);
  while (Begin(turn)) {
    if (!attached()) break;
    const uint64_t seen = gate().load();
    if (!HasLivingOwner(seen)) {
      if (Claim(seen, IsFirst(ticket) ? Place::kFirst : Place::kQueue))
        return FinishExclusive(turn);
      if (gate().load() != seen) continue;
    }
    if (!Flag(seen, abi::kLockWriters)) continue;
    if (!Pause(turn)) break;
  }
  SetState(LockKind::idle);
  if (!attached()) return Got::kLost;
  const Got outcome = GiveUp(turn);
  Nudge();
  return outcome;
}

// Tries to become a reader; waits as before if it may not. It must not be idle
// in between: it may have been admitted just now.
bool SlotLock::ReadsNow(uint32_t ticket) {
  SetState(LockKind::reading);
  const uint64_t seen = gate().load();
  if (seen == 0 || admitted(slot_).load() == ticket) return true;
  SetState(LockKind::wants_read, ticket);
  RingIfDraining();
  return false;
}

// The gate is nobody's and yet not open, and no writer is there to change it.
bool SlotLock::MayMendFor(uint64_t seen) const {
  return seen != 0 && !HasLivingOwner(seen) &&
         Look().first_writer == abi::kLockSlots;
}

SlotLock::Got SlotLock::Shared(int64_t deadline_ns) {
  Turn turn = {.deadline_ns = deadline_ns};
  const uint32_t ticket = TakeTicket();
  SetState(LockKind::wants_read, ticket);
  while (Begin(turn)) {
    if (!attached()) break;
    const uint64_t seen = gate().load();
    if (seen == 0 || admitted(slot_).load() == ticket) {
      if (!ReadsNow(ticket)) continue;
      rung(slot_).store(1);
      if (!attached()) break;
      if (!broken()) return Got::kShared;
      EndShared();
      return Exclusive(deadline_ns);
    }
    if (MayMendFor(seen)) {
      if (!Claim(seen, Place::kFirst)) continue;
      if (broken()) return FinishExclusive(turn);
      Release();
      continue;
    }
    if (!Flag(seen, abi::kLockReaders)) continue;
    if (!Pause(turn)) break;
  }
  EndShared();
  if (!attached()) return Got::kLost;
  const Got outcome = GiveUp(turn);
  Nudge();
  return outcome;
}

}  // namespace base
