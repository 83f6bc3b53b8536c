// SlotLock: one member's part in a region lock (libipc/abi/lock.h): locks
// that several processes use, any of which may die between any two
// instructions.
//
//   reader                              writer
//   state = reading                     gate: nobody -> me
//   gate open? -> in                    wait until no slot reads -> in
//   else state = wants_read, sleep      gate: me -> nobody, or who is next
//
// Each stores first and looks then, so one of the two sees the other.
//
// Order. While a writer waits the gate is not open: readers who come wait
// behind it. While others wait writers pass for kLockPatienceNs, or
// kLockPassesMax of them if that takes longer; then the readers who wait are
// admitted, all at once, and the gate goes to the writer with the lowest
// ticket. So nobody starves, and a lock in much use is not handed from sleeper
// to sleeper each time: that takes as long as a thousand holds of it.
//
// Death. Who is next is never written down: it follows from the states of
// those who live. The gate of a dead owner is free; it is told whether the
// dead one was in the middle of writing (`entered`).
//
// Trust. A process that may write the page can break this lock for all who
// use it, and make them sleep until their deadlines; nothing else.
//
// Thread: one at a time; RegionLock sees to that.
// Source: phase-fair locks: Brandenburg and Anderson, "Reader-Writer
// Synchronization for Shared-Memory Multiprocessor Real-Time Systems" (2009);
// a line a reader: Hsieh and Weihl's "big reader" locks (1992); a state for
// each process instead of a counter: Lamport's bakery (1974).
#pragma once

#include <atomic>
#include <cstdint>

#include "libipc/abi/lock.h"
#include "libipc/base/result.h"

namespace base {

class SlotLock {
 public:
  enum class Got {
    kShared,
    kExclusive,
    kOwnerDied,  // exclusive, and the data are to be repaired
    kTimedOut,
    kLost,  // it is no member any more, or the kernel process is gone
  };
  // Whether whoever keeps the roster is gone; asked about once a second.
  class Watch {
   public:
    virtual ~Watch() = default;
    virtual bool IsOver() const = 0;
  };

  SlotLock(abi::LockPage* page, const abi::LockRoster* roster, uint32_t slot,
           uint32_t member, const Watch* watch);

  // Without waiting, and only when nobody is in the way: they may fail where
  // the others with a deadline of 0 succeed.
  bool TryShared() {
    SetState(abi::LockKind::reading);
    if (gate().load() == 0 && !broken() && attached()) [[likely]]
      return true;
    EndShared();
    return false;
  }
  bool TryExclusive() {
    uint64_t open = 0;
    if (!gate().compare_exchange_strong(open, mine_)) return false;
    if (FirstReader() == abi::kLockSlots && !broken() && attached())
        [[likely]] {
      Enter();
      return true;
    }
    EndExclusive();
    return false;
  }
  // kShared; kOwnerDied when it has to be repaired first.
  Got Shared(int64_t deadline_ns);
  // kExclusive or kOwnerDied.
  Got Exclusive(int64_t deadline_ns);

  void EndShared() {
    SetState(abi::LockKind::idle);
    RingIfDraining();
  }
  void EndExclusive() {
    entered().store(0, std::memory_order_relaxed);
    uint64_t seen = mine_;
    if (!gate().compare_exchange_strong(seen, 0)) [[unlikely]]
      Release();
  }
  // By who holds it exclusively.
  void Repaired() { repair().store(0, std::memory_order_relaxed); }

  // Whether more readers may come in.
  bool open() const { return gate().load(std::memory_order_acquire) == 0; }
  // Whether it is still a member.
  bool attached() const { return IsLive(slot_, member_); }

#ifdef KEYPORT_LOCK_STEPS
  // Tests: called before each step that others can see.
  static inline thread_local void (*step)() = nullptr;
#endif

 private:
  enum class Place { kQueue, kFirst };
  // What stands in the slots of those who live.
  struct Waiting {
    uint32_t first_writer = abi::kLockSlots;  // none
    bool readers = false;
    bool trying = false;  // a reader that looks whether the gate is open
  };
  // Waiting in turns: look, arm, look again, sleep.
  struct Turn {
    int64_t deadline_ns;
    uint32_t deaths = 0;
    uint32_t spins = 0;
    uint32_t looks = 0;
    uint32_t late_looks = 0;
    bool armed = false;
    bool late = false;  // the deadline has passed
  };

  static uint32_t SlotOf(uint64_t gate) {
    return (static_cast<uint32_t>(gate >> 24) & 0xff) - 1;
  }
  static uint32_t PassesOf(uint64_t gate) {
    return static_cast<uint32_t>(gate >> 8) & 0xffff;
  }
  static bool IsOwned(uint64_t gate) { return gate >> 24 != 0; }

  std::atomic_ref<uint64_t> gate() const {
    Step();
    return std::atomic_ref<uint64_t>(page_->gate);
  }
  std::atomic_ref<uint32_t> repair() const {
    Step();
    return std::atomic_ref<uint32_t>(page_->repair);
  }
  std::atomic_ref<uint64_t> state(uint32_t slot) const {
    Step();
    return std::atomic_ref<uint64_t>(page_->slots[slot].state);
  }
  std::atomic_ref<uint32_t> entered() const {
    Step();
    return std::atomic_ref<uint32_t>(page_->slots[slot_].entered);
  }
  std::atomic_ref<uint32_t> admitted(uint32_t slot) const {
    Step();
    return std::atomic_ref<uint32_t>(page_->slots[slot].admitted);
  }
  std::atomic_ref<uint32_t> rung(uint32_t slot) const {
    Step();
    return std::atomic_ref<uint32_t>(page_->slots[slot].rung);
  }
  static uint32_t Load(const uint32_t& word) {
    return std::atomic_ref<uint32_t>(const_cast<uint32_t&>(word))
        .load(std::memory_order_acquire);
  }
  static void Step() {
#ifdef KEYPORT_LOCK_STEPS
    if (step != nullptr) step();
#endif
  }

  bool broken() const { return repair().load(std::memory_order_relaxed) != 0; }
  bool IsLive(uint32_t slot, uint32_t member) const {
    return Load(roster_->members[slot]) == member;
  }
  bool HasLivingOwner(uint64_t gate) const;
  uint32_t SlotsUsed() const {
    const uint32_t slots = Load(roster_->slots);
    return slots < abi::kLockSlots ? slots : abi::kLockSlots;
  }
  // The state, or idle for who is dead.
  uint64_t StateOf(uint32_t slot) const {
    const uint64_t seen = state(slot).load();
    return IsLive(slot, static_cast<uint32_t>(seen >> 32)) ? seen : 0;
  }
  static abi::LockKind KindOf(uint64_t state) {
    return static_cast<abi::LockKind>(static_cast<uint32_t>(state) >>
                                      abi::kLockTicketBits);
  }
  static uint32_t TicketOf(uint64_t state) {
    return static_cast<uint32_t>(state) & abi::kLockTicketMask;
  }
  void SetState(abi::LockKind kind, uint32_t ticket = 0) {
    state(slot_).store(uint64_t{member_} << 32 |
                       static_cast<uint32_t>(kind) << abi::kLockTicketBits |
                       ticket);
  }
  // The first slot that reads or may; kLockSlots if there is none.
  uint32_t FirstReader() const {
    const uint32_t used = SlotsUsed();
    for (uint32_t slot = 0; slot < used; ++slot)
      if (slot != slot_ && IsIn(slot)) [[unlikely]]
        return slot;
    return abi::kLockSlots;
  }
  bool IsIn(uint32_t slot) const {
    const uint64_t seen = StateOf(slot);
    if (KindOf(seen) == abi::LockKind::reading) return true;
    return KindOf(seen) == abi::LockKind::wants_read &&
           admitted(slot).load() == TicketOf(seen);
  }
  std::atomic_ref<int64_t> passes_since() const {
    Step();
    return std::atomic_ref<int64_t>(page_->passes_since_ns);
  }
  std::atomic_ref<int64_t> readers_since() const {
    Step();
    return std::atomic_ref<int64_t>(page_->readers_since_ns);
  }
  // Whether those who wait have been passed for long enough.
  bool IsTurn(uint32_t passes) const;
  void NotePassing(const Waiting& waiting);
  void Enter() {
    entered().store(1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
  }

  void RingIfDraining() const {
    const uint64_t seen = gate().load();
    if ((seen & abi::kLockDraining) != 0) [[unlikely]]
      Ring(SlotOf(seen));
  }

  uint32_t TakeTicket();
  Waiting Look() const;
  void Admit() const;
  bool IsFirst(uint32_t ticket) const;
  bool WasInside(uint64_t gate) const;
  bool Claim(uint64_t seen, Place place);
  bool Flag(uint64_t seen, uint32_t flag);
  void Release();
  void Nudge();
  void Ring(uint32_t slot) const;
  void RingReaders() const;
  bool Drain(Turn& turn);
  Got FinishExclusive(Turn& turn);
  Got GiveUp(const Turn& turn);
  bool ReadsNow(uint32_t ticket);
  bool MayMendFor(uint64_t seen) const;
  // Before each look, and after it. False when it is time to give up.
  bool Begin(Turn& turn) const;
  bool Pause(Turn& turn);

  abi::LockPage* const page_;
  const abi::LockRoster* const roster_;
  const uint32_t slot_;
  const uint32_t member_;
  const uint64_t mine_;  // the gate, owned by this slot, without flags
  const Watch* const watch_;
};

}  // namespace base
