#include "topic_holds.h"

#include <climits>

#include "libipc/base/barrier.h"
#include "libipc/base/clock.h"
#include "libipc/base/futex.h"

namespace ipc {

void TopicHolds::Follow(std::shared_ptr<base::TopicMemory> theirs,
                        uint64_t start) {
  std::lock_guard lock(mutex_);
  if (theirs == theirs_) return;
  theirs_ = std::move(theirs);
  held_.clear();
  bytes_ = 0;
  read_ = start;
  if (page_ != nullptr) Say(start);
}

void TopicHolds::Hold(uint64_t position, uint64_t end, uint64_t bytes) {
  std::lock_guard lock(mutex_);
  held_[position] = {bytes, base::CoarseNowNs()};
  bytes_ += bytes;
  read_ = end;
  Tell();
}

void TopicHolds::Release(const base::TopicMemory* of, uint64_t position) {
  std::lock_guard lock(mutex_);
  if (of != theirs_.get()) return;
  const auto found = held_.find(position);
  if (found == held_.end()) return;
  bytes_ -= found->second.bytes;
  held_.erase(found);
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
  if (page_ == nullptr) return;
  Claim();
  const uint64_t now = held_.empty() ? read_ : held_.begin()->first;
  if (now > told_) Say(now);
}

void TopicHolds::Claim() {
  const int64_t since = held_.empty() ? 0 : held_.begin()->second.since_ns;
  base::Claim(page_->holding(),
              {held_.size(), bytes_, static_cast<uint64_t>(since)});
}

void TopicHolds::Say(uint64_t now) {
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
