#include "topic_holds.h"

#include <climits>

#include "libipc/base/barrier.h"
#include "libipc/base/futex.h"

namespace ipc {

void TopicHolds::Follow(std::shared_ptr<base::TopicMemory> theirs,
                        uint64_t start) {
  std::lock_guard lock(mutex_);
  if (theirs == theirs_) return;
  theirs_ = std::move(theirs);
  held_.clear();
  read_ = told_ = start;
  if (page_ != nullptr) page_->held().store(start, std::memory_order_release);
}

void TopicHolds::Hold(uint64_t position, uint64_t end) {
  std::lock_guard lock(mutex_);
  held_.insert(position);
  read_ = end;
  Tell();
}

void TopicHolds::Release(const base::TopicMemory* of, uint64_t position) {
  std::lock_guard lock(mutex_);
  if (of != theirs_.get()) return;
  held_.erase(position);
  Tell();
}

void TopicHolds::Pass(uint64_t end) {
  std::lock_guard lock(mutex_);
  read_ = std::max(read_, end);
  Tell();
}

void TopicHolds::Close() {
  std::lock_guard lock(mutex_);
  page_ = nullptr;
}

void TopicHolds::Tell() {
  const uint64_t now = held_.empty() ? read_ : *held_.begin();
  if (page_ == nullptr || now <= told_) return;
  const uint64_t before = std::exchange(told_, now);
  page_->held().store(now, std::memory_order_release);
  if (theirs_ == nullptr) return;
  // A publisher that makes the barrier for all spares the fence.
  if (!base::HasProcessBarriers() ||
      theirs_->barrier().load(std::memory_order_relaxed) == 0)
    std::atomic_thread_fence(std::memory_order_seq_cst);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  const uint64_t awaited = theirs_->blocks_at().load(std::memory_order_relaxed);
  if (before < awaited && awaited <= now)
    base::WakeWord(page_->held_word(), INT_MAX);
}

bool TopicMessage::IsWhole() const {
  return lent == nullptr || lent->IsWhole();
}

}  // namespace ipc
