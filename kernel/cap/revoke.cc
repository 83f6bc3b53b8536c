#include "kernel/cap/revoke.h"

namespace kernel {

RevokeJob::RevokeJob(CapabilityTree* tree, Capability* root, uint64_t badge)
    : tree_(tree),
      root_(root),
      badge_(badge),
      serial_end_(tree->next_serial()) {
  tree_->Pin(root_);
  if (badge_ == 0) {
    basket_ = tree_->MakeBasket();
  } else {
    cursor_ = root_;
    tree_->Pin(cursor_);
  }
}

RevokeJob::~RevokeJob() {
  if (basket_ != nullptr) tree_->Unpin(basket_);
  if (cursor_ != nullptr) tree_->Unpin(cursor_);
  tree_->Unpin(root_);
}

bool RevokeJob::Run(uint32_t* steps, const Destroy& destroy) {
  for (; *steps > 0; --*steps)
    if (badge_ == 0 ? StepAll(destroy) : StepBadge(destroy)) return true;
  return false;
}

void RevokeJob::Hit(Capability* capability, const Destroy& destroy) {
  ++receipt_.capabilities;
  receipt_.mappings += capability->grants();
  if (capability->transfer() != nullptr) ++receipt_.messages;
  if (capability->use != nullptr)
    receipt_.lanes += capability->use->lanes.size();
  destroy(capability);
}

// Takes the root's children into the basket one by one, and their children
// too before they are destroyed: each node is moved once or twice, so that the
// whole is linear, whatever the tree's shape.
bool RevokeJob::StepAll(const Destroy& destroy) {
  if (Capability* doomed = tree_->LastChild(*basket_); doomed != nullptr) {
    if (Capability* child = tree_->FirstChild(*doomed); child != nullptr) {
      tree_->MoveUnder(child, basket_);
    } else if (doomed->live()) {
      Hit(doomed, destroy);
    } else {
      // Pinned by another job, which clears it away.
      tree_->MoveUnder(doomed, nullptr);
    }
    return false;
  }
  Capability* child = tree_->FirstChild(*root_);
  if (child == nullptr) return true;
  if (child->order >= serial_end_) return true;
  tree_->MoveUnder(child, basket_);
  return false;
}

// Walks the tree in order, the cursor pinned where it stands.
bool RevokeJob::StepBadge(const Destroy& destroy) {
  Capability* next = After(cursor_);
  if (next != nullptr) tree_->Pin(next);
  tree_->Unpin(cursor_);
  cursor_ = next;
  if (next == nullptr) return true;
  if (next->live() && next->badge == badge_) Hit(next, destroy);
  return false;
}

Capability* RevokeJob::After(Capability* node) const {
  if (Capability* child = tree_->FirstChild(*node); child != nullptr)
    return child;
  while (node != root_ && node != nullptr) {
    if (Capability* next = tree_->Next(*node); next != nullptr) return next;
    node = tree_->Parent(*node);
  }
  // Null: another revoke has carried the cursor away with all around it.
  return node == nullptr ? tree_->FirstChild(*root_) : nullptr;
}

}  // namespace kernel
