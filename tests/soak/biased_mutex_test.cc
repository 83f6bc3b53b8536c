// The biased mutex among threads that come alone for long, in turns, or all at
// once: what it guards is never touched by two.
#include "libipc/base/biased_mutex.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <thread>
#include <vector>

#include "libipc/base/barrier.h"
#include "libipc/base/clock.h"
#include "tests/soak/options.h"
#include "tests/soak/random.h"

namespace soak {
namespace {

// Plain words: the thread sanitizer looks on, and a second thread inside leaves
// them different.
struct Guarded {
  base::BiasedMutex mutex;
  uint64_t first = 0;
  uint64_t second = 0;
  std::atomic<int> inside{0};
  std::atomic<uint64_t> wrong{0};
};

void Dwell() {
  std::atomic<int> left{200};
  while (left.fetch_sub(1, std::memory_order_relaxed) > 1) {
  }
}

void Enter(Guarded& guarded) {
  guarded.mutex.lock();
  const bool alone =
      guarded.inside.exchange(1, std::memory_order_relaxed) == 0 &&
      guarded.first == guarded.second;
  if (!alone) guarded.wrong.fetch_add(1);
  ++guarded.first;
  // Long enough now and then for a second thread to come.
  if (guarded.first % 4 == 0) Dwell();
  ++guarded.second;
  guarded.inside.store(0, std::memory_order_relaxed);
  guarded.mutex.unlock();
}

// How often it was in. The first thread comes in long streaks and so becomes
// the owner again and again; the others come now and then.
uint64_t ComeAndGo(Guarded& guarded, int thread, int64_t end_ns) {
  Random random(CurrentOptions().seed * 1000 + static_cast<uint64_t>(thread) +
                static_cast<uint64_t>(end_ns));
  uint64_t entered = 0;
  while (base::NowNs() < end_ns) {
    const uint64_t streak = thread == 0 ? random.Below(2000) : random.Below(20);
    for (uint64_t i = 0; i < streak; ++i) Enter(guarded);
    entered += streak;
    if (random.OneIn(2)) sched_yield();
    if (thread == 0) continue;
    const int64_t pause_ns = static_cast<int64_t>(random.Below(100'000));
    for (const int64_t until = base::NowNs() + pause_ns; base::NowNs() < until;)
      sched_yield();
  }
  return entered;
}

// An owner that lost its bias often waits long to have it back, so each round
// has a new mutex.
void DoRound(int thread_count) {
  const int64_t end = base::NowNs() + 3'000'000;
  Guarded guarded;
  std::atomic<uint64_t> entered{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i)
    threads.emplace_back(
        [&, i] { entered.fetch_add(ComeAndGo(guarded, i, end)); });
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(guarded.wrong.load(), 0u);
  ASSERT_EQ(guarded.first, entered.load());
  ASSERT_EQ(guarded.second, entered.load());
}

class BiasedMutexAmong : public ::testing::TestWithParam<int> {};

TEST_P(BiasedMutexAmong, ThreadsLetsOneInAtATime) {
  base::JoinBarriers();
  const int64_t end =
      base::NowNs() + CurrentOptions().seconds * int64_t{250'000'000};
  while (base::NowNs() < end && !HasFailure()) DoRound(GetParam());
}

// As often as can be: an owner that is always at it loses its bias once.
struct Lost {
  static constexpr size_t kRounds = 50;
  std::vector<Guarded> rounds{kRounds};
  std::atomic<size_t> taken{0};  // rounds in which the other thread was in
  std::atomic<size_t> begun{0};  // rounds in which there is an owner
};

void Own(Lost& lost) {
  for (size_t i = 0; i < Lost::kRounds; ++i) {
    for (int k = 0; k < 32; ++k) Enter(lost.rounds[i]);
    lost.begun = i + 1;
    while (lost.taken.load(std::memory_order_relaxed) <= i)
      Enter(lost.rounds[i]);
  }
}

void TakeAway(Lost& lost, Random& random) {
  for (size_t i = 0; i < Lost::kRounds; ++i) {
    for (int spins = 0; lost.begun.load() <= i; ++spins)
      if (spins > 1000) sched_yield();
    std::atomic<uint64_t> left{random.Below(100)};
    while (left.fetch_sub(1, std::memory_order_relaxed) > 1 &&
           left.load() < 100) {
    }
    Enter(lost.rounds[i]);
    lost.taken = i + 1;
  }
}

TEST(BiasedMutex, IsNeverHeldByTwoWhenItsBiasIsTaken) {
  base::JoinBarriers();
  Random random(CurrentOptions().seed);
  const int64_t end =
      base::NowNs() + CurrentOptions().seconds * int64_t{250'000'000};
  while (base::NowNs() < end && !HasFailure()) {
    Lost lost;
    std::thread owner([&] { Own(lost); });
    TakeAway(lost, random);
    owner.join();
    for (const Guarded& guarded : lost.rounds) {
      ASSERT_EQ(guarded.wrong.load(), 0u);
      ASSERT_EQ(guarded.first, guarded.second);
    }
  }
}

// An owner that ends leaves a mutex that others can take.
TEST(BiasedMutex, OutlivesItsOwner) {
  base::JoinBarriers();
  base::BiasedMutex mutex;
  for (int i = 0; i < 4; ++i)
    std::thread([&] {
      for (int k = 0; k < 1000; ++k) {
        mutex.lock();
        mutex.unlock();
      }
    }).join();
  mutex.lock();
  mutex.unlock();
}

INSTANTIATE_TEST_SUITE_P(Threads, BiasedMutexAmong, ::testing::Values(2, 4));

}  // namespace
}  // namespace soak
