#include "kernel/cap/capability.h"

#include "absl/container/flat_hash_set.h"

namespace kernel {

CapabilityTree::~CapabilityTree() {
  absl::flat_hash_set<Capability*> all;
  for (const auto& [serial, capability] : by_serial_)
    for (Capability* node = capability;
         node != nullptr && all.insert(node).second; node = node->parent) {
    }
  for (Capability* node : all) delete node;
}

Capability* CapabilityTree::Make(Object* object, Rights rights, uint64_t badge,
                                 Capability* parent) {
  auto* capability = new Capability;
  capability->object = object;
  capability->rights = rights;
  capability->badge = badge;
  capability->serial = next_serial_++;
  capability->order = capability->serial;
  Link(capability, parent);
  by_serial_.emplace_hint(by_serial_.end(), capability->serial, capability);
  return capability;
}

void CapabilityTree::Kill(Capability* capability) {
  by_serial_.erase(capability->serial);
  capability->object = nullptr;
  capability->holder = nullptr;
  capability->transfer = nullptr;
  capability->charged = nullptr;
  capability->use.reset();
  Prune(capability);
}

void CapabilityTree::Unpin(Capability* capability) {
  --capability->pins;
  Prune(capability);
}

Capability* CapabilityTree::MakeBasket() {
  auto* basket = new Capability;
  basket->pins = 1;
  return basket;
}

void CapabilityTree::MoveUnder(Capability* capability, Capability* parent) {
  Capability* old = capability->parent;
  Unlink(capability);
  Link(capability, parent);
  if (old != nullptr) Prune(old);
  if (parent == nullptr) Prune(capability);
}

uint64_t CapabilityTree::ParentSerial(const Capability& capability) {
  for (const Capability* node = capability.parent; node != nullptr;
       node = node->parent)
    if (node->live()) return node->serial;
  return 0;
}

void CapabilityTree::Link(Capability* capability, Capability* parent) {
  capability->parent = parent;
  capability->next = nullptr;
  capability->previous = nullptr;
  if (parent == nullptr) return;
  capability->previous = parent->last_child;
  if (parent->last_child != nullptr)
    parent->last_child->next = capability;
  else
    parent->first_child = capability;
  parent->last_child = capability;
}

void CapabilityTree::Unlink(Capability* capability) {
  Capability* parent = capability->parent;
  if (parent == nullptr) return;
  (capability->previous != nullptr ? capability->previous->next
                                   : parent->first_child) = capability->next;
  (capability->next != nullptr ? capability->next->previous
                               : parent->last_child) = capability->previous;
  capability->parent = nullptr;
  capability->next = nullptr;
  capability->previous = nullptr;
}

void CapabilityTree::Splice(Capability* ghost) {
  Capability* child = ghost->first_child;
  Capability* parent = ghost->parent;
  child->parent = parent;
  child->order = ghost->order;
  child->next = ghost->next;
  child->previous = ghost->previous;
  if (parent == nullptr) return;
  (child->previous != nullptr ? child->previous->next : parent->first_child) =
      child;
  (child->next != nullptr ? child->next->previous : parent->last_child) = child;
}

void CapabilityTree::Prune(Capability* node) {
  while (node != nullptr && !node->live() && node->pins == 0) {
    if (node->first_child == nullptr) {
      Capability* parent = node->parent;
      Unlink(node);
      delete node;
      node = parent;
    } else {
      if (node->first_child == node->last_child) {
        Splice(node);
        delete node;
      }
      return;
    }
  }
}

}  // namespace kernel
