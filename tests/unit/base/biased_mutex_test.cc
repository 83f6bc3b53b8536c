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

  void Add() {
    const std::lock_guard lock(mutex);
    EXPECT_EQ(count, again);
    const uint64_t next = count + 1;
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
