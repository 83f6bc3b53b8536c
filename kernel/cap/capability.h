// Capability: object, rights and badge, held in one table or in flight, and
// its place in the derivation tree.
//
//   A closed capability that others were derived from stays in the tree as a
//   ghost, so that revoking an ancestor still reaches them. A ghost with one
//   child is replaced by it, so ghosts are always fewer than leaves, and no
//   operation on the tree is longer than one capability's own work.
//
// The tree knows no sessions and has no effects on objects.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernel/object/object.h"
#include "libipc/abi/tracing.h"

namespace kernel {

class Account;
class Lane;
class Subscription;
struct LockMember;
struct Tracing;
struct Transfer;

// What attachments made with a capability hang on. It outlives a handle that is
// closed, since messages under way need what was attached; but not a revoke of
// what the capability was derived from.
struct Warrant {
  uint64_t badge;
  bool revoked = false;
};

// What hangs on a capability; most have none of it.
struct CapabilityUse {
  std::vector<Lane*> lanes;  // made with this Send capability
  std::vector<Wait*> waits;
  std::vector<Subscription*> subscriptions;  // made with this capability
  std::vector<LockMember*> locks;            // of a region
  std::vector<Tracing*> tracings;            // made with this capability
  // For what it attached to lanes; and those of closed ones derived from it.
  std::shared_ptr<Warrant> warrant;
  std::vector<std::shared_ptr<Warrant>> left_warrants;
  size_t prune_at = 64;
  bool listening = false;   // the holder listens with it
  bool publishing = false;  // the holder publishes with it
  uint32_t grants = 0;      // descriptors of a region given out with it
  int64_t ends_ns = 0;      // CLOCK_MONOTONIC; 0: it does not end by itself
  std::unique_ptr<const abi::TraceLimits> trace_limits;  // null: none
};

// There are up to millions: rare state is in `use`, links are indexes.
struct Capability {
  using Index = uint32_t;  // in the tree's storage; 0: none
  enum class Where : uint8_t { kNowhere, kTable, kFlight };

  bool live() const { return object != nullptr; }
  Session* holder() const { return where == Where::kTable ? session : nullptr; }
  Transfer* transfer() const {
    return where == Where::kFlight ? in_transfer : nullptr;
  }
  CapabilityUse& Use() {
    if (use == nullptr) use = std::make_unique<CapabilityUse>();
    return *use;
  }
  // Of a region, to attach it.
  const std::shared_ptr<Warrant>& MakeWarrant();
  // It is revoked, or what was derived from it (only with that badge).
  void RevokeWarrants();
  void RevokeLeftWarrants(uint64_t badge);
  void Inherit(std::vector<std::shared_ptr<Warrant>> warrants);
  uint32_t grants() const { return use != nullptr ? use->grants : 0; }
  int64_t ends_ns() const { return use != nullptr ? use->ends_ns : 0; }
  const abi::TraceLimits* trace_limits() const {
    return use != nullptr ? use->trace_limits.get() : nullptr;
  }
  // For who is told: those that limit nothing where there are none.
  abi::TraceLimits TraceLimitsTold() const {
    return trace_limits() != nullptr ? *trace_limits() : abi::TraceLimits();
  }

  void PutInto(Session& table, Handle number) {
    where = Where::kTable;
    session = &table;
    handle = number;
  }
  void PutInto(Transfer& flight, uint32_t item) {
    where = Where::kFlight;
    in_transfer = &flight;
    transfer_index = item;
  }
  // `account`: who pays for it on its way, if anybody.
  void PutNowhere(Account* account = nullptr) {
    where = Where::kNowhere;
    payer = account;
    handle = abi::kNoHandle;
  }

  // Running revokes need its place.
  void Pin() {
    if (++pins_low == 0) ++pins_high;
  }
  void Unpin() {
    if (pins_low-- == 0) --pins_high;
  }
  bool pinned() const { return pins_low != 0 || pins_high != 0; }

  Object* object = nullptr;  // null: a ghost
  uint64_t badge = 0;
  // Numbers share their words with what is small: 48 bits last for four years
  // at two million a second.
  uint64_t serial : 48 = 0;
  uint64_t pins_low : 16 = 0;
  // Siblings stand in this order. A ghost's only child inherits it, so that
  // a copy made during a revoke cannot pass for one of the revoked one.
  uint64_t order : 48 = 0;
  Where where : 2 = Where::kNowhere;
  // One handle is charged for it: to its holder's account, to the transfer's,
  // or to the payer.
  bool charged : 1 = false;
  uint8_t band : 3 = 0;  // of its badge
  uint64_t pins_high : 10 = 0;
  uint64_t made_by : 48 = 0;  // process id of whose request made it
  Rights rights : 16 = 0;
  union {
    Session* session = nullptr;  // in a table
    Transfer* in_transfer;       // in flight
    Account* payer;              // nowhere
  };
  std::unique_ptr<CapabilityUse> use;
  union {
    Handle handle = abi::kNoHandle;  // in a table
    uint32_t transfer_index;         // in flight
  };

  // The tree's. `previous` of a first child is the last one.
  Index index = 0;
  Index parent = 0;
  Index first_child = 0;
  Index next = 0;
  Index previous = 0;
};
static_assert(sizeof(Capability) <= 80);
static_assert(abi::kBands <= 8);

class CapabilityTree {
 public:
  CapabilityTree() = default;
  CapabilityTree(const CapabilityTree&) = delete;
  CapabilityTree& operator=(const CapabilityTree&) = delete;

  struct Making {
    Object* object;
    Rights rights;
    uint64_t badge = 0;
    uint8_t band = 0;  // the parent's stays, if that has one
    Capability* parent = nullptr;
    uint64_t made_by = 0;
    int64_t ends_ns = 0;  // 0: with its parent, if that ends
    // Within the parent's; null: those of the parent, if it has any.
    const abi::TraceLimits* trace_limits = nullptr;
  };
  Capability* Make(const Making& making);
  // The capability is gone; it may stay as a ghost. The pointer is dead
  // unless it is pinned.
  void Kill(Capability* capability);
  // Of one that is closed: its warrants go to who can still revoke them.
  void LeaveWarrants(Capability& capability);

  // A pinned node keeps its place, alive or ghost.
  void Pin(Capability* capability) { capability->Pin(); }
  void Unpin(Capability* capability);
  // A node of no object, pinned once: takes what a revoke is destroying.
  Capability* MakeBasket();
  void MoveUnder(Capability* capability, Capability* parent);

  // Null for index 0.
  Capability* At(Capability::Index index) const {
    if (index == 0) return nullptr;
    return &blocks_[index / kBlock]->items[index % kBlock];
  }
  // What had that place once: null if it has left it since. May be a ghost.
  const Capability* Find(Capability::Index index, uint64_t serial) const;
  Capability* Parent(const Capability& node) const { return At(node.parent); }
  Capability* Next(const Capability& node) const { return At(node.next); }
  Capability* FirstChild(const Capability& node) const {
    return At(node.first_child);
  }
  Capability* LastChild(const Capability& node) const {
    return node.first_child == 0 ? nullptr : At(At(node.first_child)->previous);
  }
  // The nearest living ancestor; null if there is none within kGhostsPassed.
  const Capability* LivingParent(const Capability& capability) const;
  static constexpr uint32_t kGhostsPassed = 256;
  // The next living one in the order of storage, or null.
  const Capability* LivingAfter(Capability::Index index) const;

  uint64_t next_serial() const { return next_serial_; }
  uint64_t living() const { return living_; }
  // Of storage, held now.
  size_t blocks() const { return blocks_.size() - vacant_.size(); }

 private:
  static constexpr uint32_t kBlock = 1024;
  // A block gives out its own places, so that an empty one can be freed.
  struct Block {
    Capability items[kBlock];
    Capability::Index free = 0;
    uint32_t used = 0;
    uint32_t living = 0;
    bool offered = false;  // stands in with_room_
  };

  Capability* Allocate();
  void Free(Capability* node);
  void AddBlock();
  void Link(Capability* capability, Capability* parent);
  void Unlink(Capability* capability);
  // The only child takes the place of `ghost`.
  void Splice(Capability* ghost);
  void Prune(Capability* capability);

  uint64_t next_serial_ = 1;
  uint64_t living_ = 0;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<uint32_t> with_room_;
  std::vector<uint32_t> vacant_;  // numbers of blocks that were freed
  uint32_t empty_ = 0;            // blocks without a capability
};

}  // namespace kernel
