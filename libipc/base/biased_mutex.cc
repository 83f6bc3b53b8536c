#include "libipc/base/biased_mutex.h"

#include "libipc/base/barrier.h"
#include "libipc/base/clock.h"
#include "libipc/base/futex.h"

namespace base {
namespace {

// After it lost its bias this often, an owner has to wait a million locks.
constexpr uint32_t kStreakMost = 1u << 20;

// Thread sanitizer does not know that membarrier orders anything.
#if defined(__SANITIZE_THREAD__)
constexpr bool kMayBias = false;
#else
constexpr bool kMayBias = true;
#endif

std::atomic<uint32_t> g_next_number{1};

}  // namespace

uint32_t ThreadNumber() {
  if (t_thread_number == 0)
    t_thread_number = g_next_number.fetch_add(1, std::memory_order_relaxed);
  return t_thread_number;
}

void BiasedMutex::LockOrdinary() {
  mutex_.lock();
  if (bias_.load(std::memory_order_relaxed) != kNobody) TakeBias();
  Count();
  ordinary_ = true;
}

void BiasedMutex::UnlockOrdinary() {
  ordinary_ = false;
  mutex_.unlock();
}

void BiasedMutex::TakeBias() {
  bias_.store(kNobody, std::memory_order_relaxed);
  FenceThreads();
  while (busy_.load(std::memory_order_acquire) != 0) {
    const FutexWait word = {reinterpret_cast<const uint32_t*>(&busy_), 1, true};
    WaitOnWords({&word, 1}, kNoDeadline);
  }
}

// The owner's busy is 0 here, and it finds no bias: it may be made the owner
// by itself only, so that none of its stores is on the way.
void BiasedMutex::Count() {
  const uint32_t me = ThreadNumber();
  streak_ = last_ == me ? streak_ + 1 : 0;
  last_ = me;
  if (!kMayBias || streak_ < streak_needed_ || !HasThreadBarriers()) return;
  if (owner_ != kNobody && owner_ != me) return;
  if (owner_ == me && streak_needed_ < kStreakMost) streak_needed_ *= 4;
  owner_ = me;
  streak_ = 0;
  bias_.store(me, std::memory_order_relaxed);
}

void BiasedMutex::WakeTaker() {
  WakeWord(reinterpret_cast<const uint32_t*>(&busy_), 1, WakeScope::kPrivate);
}

}  // namespace base
