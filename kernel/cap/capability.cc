#include "kernel/cap/capability.h"

#include <algorithm>
#include <utility>

namespace kernel {

const std::shared_ptr<Warrant>& Capability::MakeWarrant() {
  std::shared_ptr<Warrant>& warrant = Use().warrant;
  if (warrant == nullptr) warrant = std::make_shared<Warrant>(Warrant{badge});
  return warrant;
}

void Capability::RevokeWarrants() {
  if (use->warrant != nullptr) use->warrant->revoked = true;
  RevokeLeftWarrants(0);
}

void Capability::RevokeLeftWarrants(uint64_t only_badge) {
  if (use == nullptr) return;
  std::erase_if(use->left_warrants, [only_badge](const auto& warrant) {
    if (only_badge != 0 && warrant->badge != only_badge) return false;
    warrant->revoked = true;
    return true;
  });
}

Capability* CapabilityTree::Make(const Making& making) {
  Capability* capability = Allocate();
  capability->object = making.object;
  capability->rights = static_cast<uint16_t>(making.rights);
  capability->badge = making.badge;
  capability->band = making.band;
  if (making.parent != nullptr && making.parent->band != 0)
    capability->band = making.parent->band;
  capability->made_by = making.made_by;
  capability->serial = next_serial_++;
  capability->order = capability->serial;
  ++living_;
  ++blocks_[capability->index / kBlock]->living;
  Link(capability, making.parent);
  return capability;
}

void CapabilityTree::Kill(Capability* capability) {
  --living_;
  --blocks_[capability->index / kBlock]->living;
  capability->object = nullptr;
  capability->PutNowhere();
  capability->charged = false;
  capability->use.reset();
  Prune(capability);
}

void CapabilityTree::Unpin(Capability* capability) {
  capability->Unpin();
  Prune(capability);
}

Capability* CapabilityTree::MakeBasket() {
  Capability* basket = Allocate();
  basket->Pin();
  return basket;
}

void CapabilityTree::MoveUnder(Capability* capability, Capability* parent) {
  Capability* old = Parent(*capability);
  Unlink(capability);
  Link(capability, parent);
  if (old != nullptr) Prune(old);
  if (parent == nullptr) Prune(capability);
}

const Capability* CapabilityTree::Find(Capability::Index index,
                                       uint64_t serial) const {
  if (index == 0 || index / kBlock >= blocks_.size()) return nullptr;
  const Block* block = blocks_[index / kBlock].get();
  if (block == nullptr) return nullptr;
  const Capability& found = block->items[index % kBlock];
  return found.serial == serial ? &found : nullptr;
}

const Capability* CapabilityTree::LivingParent(
    const Capability& capability) const {
  const Capability* node = Parent(capability);
  for (uint32_t passed = 0; node != nullptr && !node->live(); ++passed) {
    if (passed == kGhostsPassed) return nullptr;
    node = Parent(*node);
  }
  return node;
}

const Capability* CapabilityTree::LivingAfter(Capability::Index index) const {
  for (uint64_t at = uint64_t{index} + 1; at < blocks_.size() * kBlock;) {
    const Block* block = blocks_[at / kBlock].get();
    if (block == nullptr || block->living == 0) {
      at = (at / kBlock + 1) * kBlock;
      continue;
    }
    if (block->items[at % kBlock].live()) return &block->items[at % kBlock];
    ++at;
  }
  return nullptr;
}

// ---- storage

void CapabilityTree::AddBlock() {
  uint32_t number = static_cast<uint32_t>(blocks_.size());
  if (vacant_.empty()) {
    blocks_.emplace_back();
  } else {
    number = vacant_.back();
    vacant_.pop_back();
  }
  blocks_[number] = std::make_unique<Block>();
  Block& block = *blocks_[number];
  for (uint32_t i = kBlock; i-- > 0;) {
    Capability& item = block.items[i];
    item.index = number * kBlock + i;
    if (item.index == 0) continue;  // names none
    item.next = block.free;
    block.free = item.index;
  }
  block.offered = true;
  with_room_.push_back(number);
  ++empty_;
}

Capability* CapabilityTree::Allocate() {
  if (with_room_.empty()) AddBlock();
  Block& block = *blocks_[with_room_.back()];
  Capability* node = At(block.free);
  block.free = node->next;
  node->next = 0;
  if (block.used++ == 0) --empty_;
  if (block.free == 0) {
    block.offered = false;
    with_room_.pop_back();
  }
  return node;
}

void CapabilityTree::Free(Capability* node) {
  const uint32_t number = node->index / kBlock;
  const Capability::Index index = node->index;
  Block& block = *blocks_[number];
  *node = Capability();
  node->index = index;
  node->next = block.free;
  block.free = index;
  --block.used;
  if (!block.offered) {
    block.offered = true;
    with_room_.push_back(number);
  }
  if (block.used != 0) return;
  // One empty block is kept for what comes next; block 0 always is.
  if (number == 0 || empty_ == 0) {
    ++empty_;
    return;
  }
  std::erase(with_room_, number);
  blocks_[number].reset();
  vacant_.push_back(number);
}

// ---- links

void CapabilityTree::Link(Capability* capability, Capability* parent) {
  capability->parent = parent != nullptr ? parent->index : 0;
  capability->next = 0;
  capability->previous = capability->index;
  if (parent == nullptr) return;
  if (Capability* first = FirstChild(*parent); first != nullptr) {
    capability->previous = first->previous;
    At(first->previous)->next = capability->index;
    first->previous = capability->index;
  } else {
    parent->first_child = capability->index;
  }
}

void CapabilityTree::Unlink(Capability* capability) {
  Capability* parent = Parent(*capability);
  if (parent == nullptr) return;
  Capability* first = FirstChild(*parent);
  if (first == capability)
    parent->first_child = capability->next;
  else
    At(capability->previous)->next = capability->next;
  // Who comes after, or the first one, says who came before.
  if (Capability* next = Next(*capability); next != nullptr)
    next->previous = capability->previous;
  else if (first != capability)
    first->previous = capability->previous;
  capability->parent = 0;
  capability->next = 0;
  capability->previous = capability->index;
}

void CapabilityTree::Splice(Capability* ghost) {
  Capability* child = FirstChild(*ghost);
  Capability* parent = Parent(*ghost);
  child->order = ghost->order;
  child->parent = ghost->parent;
  child->next = ghost->next;
  const bool alone = ghost->previous == ghost->index;
  child->previous = alone ? child->index : ghost->previous;
  if (parent == nullptr) return;
  Capability* first = FirstChild(*parent);
  if (first == ghost)
    parent->first_child = child->index;
  else
    At(ghost->previous)->next = child->index;
  if (Capability* next = Next(*ghost); next != nullptr)
    next->previous = child->index;
  else if (first != ghost)
    first->previous = child->index;
}

void CapabilityTree::Prune(Capability* node) {
  while (node != nullptr && !node->live() && !node->pinned()) {
    if (node->first_child == 0) {
      Capability* parent = Parent(*node);
      Unlink(node);
      Free(node);
      node = parent;
    } else {
      if (FirstChild(*node) == LastChild(*node)) {
        Splice(node);
        Free(node);
      }
      return;
    }
  }
}

void CapabilityTree::LeaveWarrants(Capability& capability) {
  std::vector<std::shared_ptr<Warrant>> left =
      std::exchange(capability.use->left_warrants, {});
  if (capability.use->warrant != nullptr)
    left.push_back(std::exchange(capability.use->warrant, nullptr));
  std::erase_if(left, [](const auto& one) { return one.use_count() == 1; });
  if (left.empty()) return;
  const Capability* at = &capability;
  for (uint32_t passed = 0; at->parent != 0; ++passed) {
    Capability* above = At(at->parent);
    // Under a revoke that runs; or further off than is looked.
    if (above->pinned() || passed == kGhostsPassed) {
      for (const auto& warrant : left) warrant->revoked = true;
      return;
    }
    if (above->live()) return above->Inherit(std::move(left));
    at = above;
  }
}

void Capability::Inherit(std::vector<std::shared_ptr<Warrant>> left) {
  auto& all = Use().left_warrants;
  if (left.size() > all.size()) all.swap(left);
  all.insert(all.end(), left.begin(), left.end());
  left.clear();
  if (all.size() < use->prune_at) return;
  std::erase_if(all, [](const auto& one) { return one.use_count() == 1; });
  use->prune_at = std::max<size_t>(64, 2 * all.size());
}

}  // namespace kernel
