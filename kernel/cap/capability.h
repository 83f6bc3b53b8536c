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
#include <map>
#include <memory>
#include <vector>

#include "kernel/object/object.h"

namespace kernel {

class Account;
class Lane;
struct Transfer;

// What hangs on a capability; most have none of it.
struct CapabilityUse {
  std::vector<Lane*> lanes;  // made with this Send capability
  std::vector<Wait*> waits;
  bool listening = false;  // the holder listens with it
};

struct Capability {
  Object* object = nullptr;  // null: a ghost
  Rights rights = 0;
  Handle handle = abi::kNoHandle;
  uint64_t badge = 0;
  uint64_t serial = 0;
  // Siblings stand in this order. A ghost's only child inherits it, so that
  // a copy made during a revoke cannot pass for one of the revoked one.
  uint64_t order = 0;

  // Exactly one of holder and transfer is set while it lives.
  Session* holder = nullptr;
  Transfer* transfer = nullptr;
  uint32_t transfer_index = 0;
  uint32_t grants = 0;         // descriptors of a region given out with it
  Account* charged = nullptr;  // for one handle

  std::unique_ptr<CapabilityUse> use;

  Capability* parent = nullptr;
  Capability* first_child = nullptr;
  Capability* last_child = nullptr;
  Capability* next = nullptr;
  Capability* previous = nullptr;
  uint32_t pins = 0;  // a running revoke needs its place

  bool live() const { return object != nullptr; }
  CapabilityUse& Use() {
    if (use == nullptr) use = std::make_unique<CapabilityUse>();
    return *use;
  }
};

class CapabilityTree {
 public:
  CapabilityTree() = default;
  CapabilityTree(const CapabilityTree&) = delete;
  CapabilityTree& operator=(const CapabilityTree&) = delete;
  ~CapabilityTree();

  Capability* Make(Object* object, Rights rights, uint64_t badge,
                   Capability* parent);
  // The capability is gone; it may stay as a ghost. The pointer is dead
  // unless it is pinned.
  void Kill(Capability* capability);

  // A pinned node keeps its place, alive or ghost.
  void Pin(Capability* capability) { ++capability->pins; }
  void Unpin(Capability* capability);
  // A node of no object, pinned once: takes what a revoke is destroying.
  Capability* MakeBasket();
  void MoveUnder(Capability* capability, Capability* parent);

  // The nearest living ancestor's serial, 0 if none.
  static uint64_t ParentSerial(const Capability& capability);

  uint64_t next_serial() const { return next_serial_; }
  const std::map<uint64_t, Capability*>& by_serial() const {
    return by_serial_;
  }

 private:
  void Link(Capability* capability, Capability* parent);
  void Unlink(Capability* capability);
  // The only child takes the place of `ghost`.
  void Splice(Capability* ghost);
  void Prune(Capability* capability);

  uint64_t next_serial_ = 1;
  std::map<uint64_t, Capability*> by_serial_;  // the living
};

}  // namespace kernel
