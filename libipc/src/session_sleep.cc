// SessionCore: arming, sleeping, and waking who sleeps.
#include <sys/single_threaded.h>

#include <algorithm>
#include <climits>

#include "libipc/base/socket.h"
#include "session_core.h"

namespace ipc {

void SessionCore::Arm() {
  std::lock_guard lock(arm_mutex_);
  ++sleepers_;
  ++arm_generation_;
  requests_->armed().store(
      arm_generation_ * abi::kArmGeneration | abi::kArmRecordsFutex |
          (bell_users_ > 0 ? abi::kArmRecordsBell : 0u) |
          (room_waiters_.load() > 0 ? abi::kArmRoomFutex : 0u),
      std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void SessionCore::Disarm() {
  std::lock_guard lock(arm_mutex_);
  if (--sleepers_ == 0)
    requests_->armed().store(bell_users_ > 0 ? abi::kArmRecordsBell : 0u,
                             std::memory_order_relaxed);
}

void SessionCore::AddBellUser() {
  std::lock_guard lock(arm_mutex_);
  if (++bell_users_ == 1) requests_->armed().fetch_or(abi::kArmRecordsBell);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void SessionCore::RemoveBellUser() {
  std::lock_guard lock(arm_mutex_);
  if (--bell_users_ == 0)
    requests_->armed().fetch_and(~uint32_t{abi::kArmRecordsBell});
}

void SessionCore::Sleep(uint32_t seen, std::span<const base::FutexWait> words,
                        int64_t deadline_ns) {
  epoch_sleepers_.fetch_add(1);
  Arm();
  const uint32_t tail = std::atomic_ref<uint32_t>(
                            *const_cast<uint32_t*>(completions_->tail_word()))
                            .load(std::memory_order_acquire);
  if (epoch() == seen && !HasNews() && over() == Error::ok) {
    base::FutexWait waits[base::kFutexWaitsMax];
    size_t count = 0;
    waits[count++] = {completions_->tail_word(), tail};
    // The epoch is other threads' to change.
    if (!__libc_single_threaded)
      waits[count++] = {reinterpret_cast<const uint32_t*>(&epoch_), seen, true};
    for (const base::FutexWait& word : words) {
      if (count == base::kFutexWaitsMax) break;
      waits[count++] = word;
    }
    const int64_t liveness = base::NowNs() + kLivenessNs;
    const auto result =
        base::WaitOnWords({waits, count}, std::min(deadline_ns, liveness));
    if (result == base::WaitResult::kTimedOut && liveness <= deadline_ns &&
        base::HasHungUp(socket_.get()) && !HasNews())
      EndWith(Error::peer_closed);
  }
  Disarm();
  epoch_sleepers_.fetch_sub(1);
}

void SessionCore::WakeAll() {
  epoch_.fetch_add(1);
  if (epoch_sleepers_.load() > 0)
    base::WakeWord(reinterpret_cast<const uint32_t*>(&epoch_), INT_MAX,
                   base::WakeScope::kPrivate);
}

}  // namespace ipc
