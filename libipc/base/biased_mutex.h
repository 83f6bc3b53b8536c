// BiasedMutex: a mutex that costs its usual thread two plain stores and no
// atomic operation. A thread that takes it kStreak times in a row becomes its
// owner; when another thread comes, that one takes the bias away, which costs
// it a membarrier, and from then on it is an ordinary mutex until the owner
// has taken it long enough in a row again.
//
//   owner                              another thread
//   busy = 1                           lock the ordinary mutex
//   bias still mine? -> held           bias = none
//   else busy = 0, ordinary mutex      FenceThreads()
//                                      wait until busy is 0 -> held
//
// Why it works: after the barrier the owner either sees that the bias is gone
// or its busy is seen here (tests/model/biased_mutex.pml). Only one thread is
// ever the owner, so a late store of `busy` by it touches nobody else's.
//
// Source: Kawachiya, Koseki and Onodera, "Lock reservation" (2002), with the
// barrier on the rare side.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace base {

// Never reused, unlike Linux's. Not 0.
inline constinit thread_local uint32_t t_thread_number = 0;
// The calling thread's; gives it one.
uint32_t ThreadNumber();

class BiasedMutex {
 public:
  BiasedMutex() = default;
  BiasedMutex(const BiasedMutex&) = delete;
  BiasedMutex& operator=(const BiasedMutex&) = delete;

  [[gnu::always_inline]] void lock() {
    if (!LockAsOwner()) LockOrdinary();
  }
  [[gnu::always_inline]] void unlock() {
    if (ordinary_) {
      UnlockOrdinary();
      return;
    }
    busy_.store(0, std::memory_order_release);
    // As with the bias itself: seen here, or busy was seen there.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (bias_.load(std::memory_order_relaxed) == kNobody) WakeTaker();
  }

 private:
  static constexpr uint32_t kNobody = 0xffff'ffff;
  static constexpr uint32_t kStreak = 16;

  [[gnu::always_inline]] bool LockAsOwner() {
    const uint32_t me = t_thread_number;
    if (bias_.load(std::memory_order_relaxed) != me) return false;
    busy_.store(1, std::memory_order_relaxed);
    // The processor may do what follows first; the compiler must not. Whoever
    // takes the bias away mends the rest with FenceThreads.
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (bias_.load(std::memory_order_relaxed) == me) [[likely]]
      return true;
    busy_.store(0, std::memory_order_release);
    WakeTaker();
    return false;
  }
  void LockOrdinary();
  void UnlockOrdinary();
  void TakeBias();
  void Count();
  void WakeTaker();

  // Who may lock without the ordinary mutex. Changed under it.
  std::atomic<uint32_t> bias_{kNobody};
  std::atomic<uint32_t> busy_{0};  // written by the owner; a futex word
  // Guarded by the mutex itself, in whichever way it is held.
  bool ordinary_ = false;
  uint32_t owner_ = kNobody;  // the one there is, once chosen
  uint32_t last_ = kNobody;
  uint32_t streak_ = 0;
  uint32_t streak_needed_ = kStreak;
  std::mutex mutex_;
};

// As std::lock_guard, in line wherever it stands.
class BiasedLock {
 public:
  [[gnu::always_inline]] explicit BiasedLock(BiasedMutex& mutex)
      : mutex_(mutex) {
    mutex_.lock();
  }
  [[gnu::always_inline]] ~BiasedLock() { mutex_.unlock(); }
  BiasedLock(const BiasedLock&) = delete;
  BiasedLock& operator=(const BiasedLock&) = delete;

 private:
  BiasedMutex& mutex_;
};

}  // namespace base
