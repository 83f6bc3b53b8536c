#include "libipc/base/biased_mutex.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "libipc/base/barrier.h"

namespace base {
namespace {

// Not atomic: two holders at once lose some.
struct Counted {
  BiasedMutex mutex;
  uint64_t count = 0;
  uint64_t again = 0;
  bool torn = false;

  void Add() {
    const std::lock_guard lock(mutex);
    const uint64_t next = count + 1;
    if (again != count) torn = true;
    count = next;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    again = next;
  }
};

TEST(BiasedMutexTest, OneThreadHoldsItAgainAndAgain) {
  JoinBarriers();
  Counted counted;
  for (int i = 0; i < 100'000; ++i) counted.Add();
  EXPECT_EQ(counted.count, 100'000u);
}

TEST(BiasedMutexTest, AnotherThreadTakesItFromAnOwnerWhoIsBusyWithIt) {
  JoinBarriers();
  Counted counted;
  std::atomic<bool> stop{false};
  std::atomic<bool> owns{false};
  std::thread owner([&] {
    uint64_t turns = 0;
    while (!stop.load(std::memory_order_relaxed)) {
      counted.Add();
      if (++turns == 1'000) owns.store(true);
    }
  });
  while (!owns.load()) std::this_thread::yield();
  // Each time the owner has it for itself again after a while.
  uint64_t mine = 0;
  for (int i = 0; i < 2'000; ++i, ++mine) counted.Add();
  stop = true;
  owner.join();
  EXPECT_GE(counted.count, mine + 1'000);
}

TEST(BiasedMutexTest, NobodyIsLostAmongManyThreads) {
  JoinBarriers();
  Counted counted;
  for (int i = 0; i < 1'000; ++i) counted.Add();  // this thread owns it
  constexpr int kThreads = 4;
  constexpr int kTurns = 20'000;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      for (int turn = 0; turn < kTurns; ++turn) counted.Add();
    });
  for (int turn = 0; turn < kTurns; ++turn) counted.Add();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(counted.count, 1'000u + (kThreads + 1) * kTurns);
}

// The first time another thread comes is when the barrier counts: many mutexes,
// each taken away once while its owner is at it.
TEST(BiasedMutexTest, ABiasIsTakenAwayWhileTheOwnerLocksAndUnlocks) {
  JoinBarriers();
  constexpr size_t kMutexes = 1'000;
  constexpr uint64_t kPrimed = 20;
  constexpr uint64_t kTurns = 30;
  std::vector<Counted> all(kMutexes);
  for (Counted& counted : all)
    for (uint64_t i = 0; i < kPrimed; ++i) counted.Add();
  std::atomic<size_t> owner_at{0};
  std::atomic<size_t> taker_at{0};
  std::thread taker([&] {
    for (size_t at = 0; at < kMutexes; ++at) {
      taker_at.store(at);
      while (owner_at.load(std::memory_order_relaxed) < at)
        std::this_thread::yield();
      all[at].Add();
    }
    taker_at.store(kMutexes);
  });
  for (size_t at = 0; at < kMutexes; ++at) {
    owner_at.store(at);
    while (taker_at.load(std::memory_order_relaxed) < at)
      std::this_thread::yield();
    for (uint64_t turn = 0; turn < kTurns; ++turn) all[at].Add();
  }
  taker.join();
  for (Counted& counted : all) ASSERT_EQ(counted.count, kPrimed + kTurns + 1);
}

TEST(BiasedMutexTest, AnOwnerThatHasEndedIsNotWaitedFor) {
  JoinBarriers();
  Counted counted;
  std::thread([&] {
    for (int i = 0; i < 1'000; ++i) counted.Add();
  }).join();
  counted.Add();
  EXPECT_EQ(counted.count, 1'001u);
}

}  // namespace
}  // namespace base
