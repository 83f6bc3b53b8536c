#include "libipc/base/slot_lock.h"

#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <vector>

#include "libipc/base/clock.h"
#include "tests/testing/fake_roster.h"

namespace base {
namespace {

using Got = SlotLock::Got;

int64_t Soon() { return NowNs() + 20'000'000'000; }
int64_t InMs(int64_t ms) { return NowNs() + ms * 1'000'000; }

class SlotLockTest : public ::testing::Test {
 protected:
  SlotLock& Slot(uint32_t slot) {
    if (locks_[slot] == nullptr) locks_[slot] = roster_.Attach(slot);
    return *locks_[slot];
  }
  // As after kill -9.
  void Kill(uint32_t slot) {
    locks_[slot].reset();
    roster_.Take(slot);
  }
  uint64_t flags() { return Gate() & 0xff; }
  uint64_t Gate() {
    return std::atomic_ref<uint64_t>(roster_.page().gate).load();
  }
  // Waits until somebody waits for the lock.
  void AwaitFlag(uint64_t flag) {
    while ((flags() & flag) == 0) std::this_thread::yield();
  }

  testing_kit::FakeRoster roster_;
  std::array<std::unique_ptr<SlotLock>, ipc::abi::kLockSlots> locks_;
};

TEST_F(SlotLockTest, ZerosAreAFreeLock) {
  EXPECT_TRUE(Slot(0).TryExclusive());
  Slot(0).EndExclusive();
  EXPECT_TRUE(Slot(0).TryShared());
  Slot(0).EndShared();
  EXPECT_EQ(Gate(), 0u);
}

TEST_F(SlotLockTest, ReadersShareAndAWriterIsAlone) {
  EXPECT_TRUE(Slot(0).TryShared());
  EXPECT_EQ(Slot(1).Shared(0), Got::kShared);
  EXPECT_FALSE(Slot(2).TryExclusive());
  EXPECT_EQ(Slot(2).Exclusive(0), Got::kTimedOut);
  Slot(0).EndShared();
  Slot(1).EndShared();
  EXPECT_TRUE(Slot(2).TryExclusive());
  EXPECT_FALSE(Slot(0).TryShared());
  EXPECT_EQ(Slot(0).Shared(0), Got::kTimedOut);
  EXPECT_EQ(Slot(1).Exclusive(0), Got::kTimedOut);
  Slot(2).EndExclusive();
  EXPECT_EQ(Gate(), 0u);
}

TEST_F(SlotLockTest, DeadlinesEndWaitsAndLeaveNothingBehind) {
  ASSERT_TRUE(Slot(0).TryShared());
  EXPECT_EQ(Slot(1).Exclusive(InMs(5)), Got::kTimedOut);
  EXPECT_EQ(Gate(), 0u);
  EXPECT_EQ(Slot(2).Shared(0), Got::kShared);
  Slot(2).EndShared();
  Slot(0).EndShared();
  ASSERT_TRUE(Slot(0).TryExclusive());
  EXPECT_EQ(Slot(1).Exclusive(InMs(5)), Got::kTimedOut);
  EXPECT_EQ(Slot(1).Shared(InMs(5)), Got::kTimedOut);
  Slot(0).EndExclusive();
  EXPECT_EQ(Gate(), 0u);
}

TEST_F(SlotLockTest, ReadersWhoComeWhileAWriterWaitsStayBehindIt) {
  ASSERT_TRUE(Slot(0).TryShared());
  SlotLock& writer = Slot(1);
  std::thread waits([&] {
    EXPECT_EQ(writer.Exclusive(Soon()), Got::kExclusive);
    writer.EndExclusive();
  });
  AwaitFlag(ipc::abi::kLockDraining);
  EXPECT_FALSE(Slot(2).TryShared());
  EXPECT_EQ(Slot(2).Shared(0), Got::kTimedOut);
  Slot(0).EndShared();
  waits.join();
  EXPECT_TRUE(Slot(2).TryShared());
}

TEST_F(SlotLockTest, WritersOvertakeReadersAFewTimesOnly) {
  ASSERT_TRUE(Slot(0).TryExclusive());
  SlotLock& reader = Slot(1);
  std::atomic<bool> read{false};
  std::thread reads([&] {
    EXPECT_EQ(reader.Shared(Soon()), Got::kShared);
    read.store(true);
    reader.EndShared();
  });
  AwaitFlag(ipc::abi::kLockReaders);
  SlotLock& other = Slot(2);
  std::thread writes([&] {
    EXPECT_EQ(other.Exclusive(Soon()), Got::kExclusive);
    other.EndExclusive();
  });
  AwaitFlag(ipc::abi::kLockWriters);
  int64_t late = 0;  // when those who wait have waited long
  int late_passes = 0;
  do {
    // One that was woken and has not had the processor yet does not count: it
    // is seen to wait when it has looked.
    if (late != 0 && NowNs() > late && (flags() & ipc::abi::kLockReaders) != 0)
      ++late_passes;
    Slot(0).EndExclusive();
    ASSERT_EQ(Slot(0).Exclusive(Soon()), Got::kExclusive);
    if (late == 0) late = NowNs() + ipc::abi::kLockPatienceNs;
  } while (!read.load());
  EXPECT_LE(late_passes, static_cast<int>(ipc::abi::kLockPassesMax) + 2);
  Slot(0).EndExclusive();
  reads.join();
  writes.join();
}

TEST_F(SlotLockTest, AWriterNeedNotAwaitReadersWhoWereWokenUntilItIsTheirTurn) {
  // A reader that was woken and gets no processor.
  const uint32_t member = roster_.Give(1);
  ipc::abi::LockSlot& reader = roster_.page().slots[1];
  constexpr uint32_t kTicket = 7;
  std::atomic_ref<uint64_t>(reader.state)
      .store(uint64_t{member} << 32 |
             uint64_t{static_cast<uint32_t>(ipc::abi::LockKind::wants_read)}
                 << ipc::abi::kLockTicketBits |
             kTicket);
  const auto write = [&] {
    if (!Slot(0).TryExclusive()) return false;
    // It has looked and found the gate shut.
    std::atomic_ref<uint64_t>(roster_.page().gate)
        .fetch_or(ipc::abi::kLockReaders);
    Slot(0).EndExclusive();
    EXPECT_EQ(Gate(), 0u);
    return true;
  };
  EXPECT_TRUE(write());
  EXPECT_NE(reader.admitted, kTicket);
  const int64_t begun = NowNs();
  while (write()) ASSERT_LT(NowNs(), begun + 20'000'000'000);
  EXPECT_GE(NowNs() - begun, ipc::abi::kLockPatienceNs / 2);
  EXPECT_EQ(reader.admitted, kTicket);
  EXPECT_EQ(Slot(2).Exclusive(0), Got::kTimedOut);
  EXPECT_TRUE(Slot(2).TryShared());
}

TEST_F(SlotLockTest, TheNextAfterAWriterWhoDiedMustRepair) {
  ASSERT_TRUE(Slot(0).TryExclusive());
  Kill(0);
  EXPECT_FALSE(Slot(1).TryExclusive());
  EXPECT_EQ(Slot(1).Exclusive(0), Got::kOwnerDied);
  // Not repaired: so must the next.
  Slot(1).EndExclusive();
  EXPECT_FALSE(Slot(2).TryShared());
  EXPECT_EQ(Slot(2).Shared(0), Got::kOwnerDied);
  EXPECT_FALSE(Slot(1).TryShared());
  Slot(2).Repaired();
  Slot(2).EndExclusive();
  EXPECT_TRUE(Slot(1).TryShared());
}

TEST_F(SlotLockTest, AReaderWhoDiedIsNotWaitedFor) {
  ASSERT_TRUE(Slot(0).TryShared());
  SlotLock& writer = Slot(1);
  std::thread waits([&] {
    EXPECT_EQ(writer.Exclusive(Soon()), Got::kExclusive);
    writer.EndExclusive();
  });
  AwaitFlag(ipc::abi::kLockDraining);
  Kill(0);
  waits.join();
}

TEST_F(SlotLockTest, SleepersHearOfADeath) {
  ASSERT_TRUE(Slot(0).TryExclusive());
  SlotLock& writer = Slot(1);
  SlotLock& reader = Slot(2);
  std::atomic<int> repairs{0};
  const auto next = [&](Got got, SlotLock& lock) {
    if (got == Got::kOwnerDied) {
      ++repairs;
      lock.Repaired();
    }
    if (got == Got::kShared)
      lock.EndShared();
    else
      lock.EndExclusive();
  };
  std::thread writes([&] { next(writer.Exclusive(Soon()), writer); });
  std::thread reads([&] { next(reader.Shared(Soon()), reader); });
  AwaitFlag(ipc::abi::kLockWriters);
  AwaitFlag(ipc::abi::kLockReaders);
  Kill(0);
  writes.join();
  reads.join();
  EXPECT_EQ(repairs, 1);
  EXPECT_EQ(Gate(), 0u);
}

TEST_F(SlotLockTest, ASlotUsedAnewIsNotItsDeadUser) {
  ASSERT_TRUE(Slot(0).TryExclusive());
  Kill(0);
  // It cannot be known any more where the dead one was.
  EXPECT_EQ(Slot(0).Exclusive(0), Got::kOwnerDied);
  Slot(0).Repaired();
  Slot(0).EndExclusive();
  ASSERT_TRUE(Slot(0).TryShared());
  Kill(0);
  EXPECT_TRUE(Slot(0).TryExclusive());
}

TEST_F(SlotLockTest, WhoseAttachmentHasEndedGetsNothing) {
  SlotLock& lost = Slot(0);
  roster_.Take(0);
  EXPECT_FALSE(lost.TryExclusive());
  EXPECT_EQ(lost.Exclusive(Soon()), Got::kLost);
  EXPECT_EQ(lost.Shared(Soon()), Got::kLost);
  EXPECT_TRUE(Slot(1).TryExclusive());
}

TEST_F(SlotLockTest, RubbishInThePageIsADeadWritersLock) {
  for (uint64_t seed = 1; seed < 300; ++seed) {
    uint64_t word = seed;
    auto* words = reinterpret_cast<uint64_t*>(&roster_.page());
    for (size_t i = 0; i < sizeof(roster_.page()) / 8; ++i)
      words[i] = word = word * 6364136223846793005u + 1442695040888963407u;
    // The first two are this test's own.
    locks_ = {};
    const Got got = Slot(0).Exclusive(InMs(100));
    EXPECT_EQ(got, Got::kOwnerDied) << seed;
    Slot(0).Repaired();
    Slot(0).EndExclusive();
    EXPECT_EQ(Slot(1).Shared(InMs(100)), Got::kShared) << seed;
    Slot(1).EndShared();
  }
}

TEST_F(SlotLockTest, AWordThatAlwaysChangesKeepsNobodyFromItsDeadline) {
  ASSERT_TRUE(Slot(0).TryExclusive());
  SlotLock& victim = Slot(1);
  std::atomic<bool> stop{false};
  const uint64_t gate = Gate();
  std::thread scribbles([&] {
    std::atomic_ref<uint64_t> word(roster_.page().gate);
    std::atomic_ref<uint32_t> rung(roster_.page().slots[1].rung);
    for (uint64_t i = 0; !stop.load(); ++i) {
      word.store(gate | (i & 0xff) << 8);
      rung.store(1);
    }
  });
  EXPECT_EQ(victim.Exclusive(InMs(20)), Got::kTimedOut);
  EXPECT_EQ(victim.Shared(InMs(20)), Got::kTimedOut);
  stop.store(true);
  scribbles.join();
}

// Counts what each gets; sums show whether two were ever in at once.
TEST_F(SlotLockTest, ThirtyTwoContendersExcludeEachOtherAndAllGetOn) {
  constexpr uint32_t kContenders = 32;
  constexpr int kEach = 300;
  uint64_t sum = 0;  // guarded by the lock; not atomic on purpose
  std::array<std::atomic<int>, kContenders> counts = {};
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < kContenders; ++i) {
    SlotLock& lock = Slot(i);
    threads.emplace_back([&, i] {
      uint64_t last = 0;
      for (int n = 0; n < kEach; ++n) {
        if (n % 4 == 0) {
          if (!lock.TryExclusive()) {
            ASSERT_EQ(lock.Exclusive(Soon()), Got::kExclusive);
          }
          ++sum;
          lock.EndExclusive();
        } else {
          if (!lock.TryShared()) {
            ASSERT_EQ(lock.Shared(Soon()), Got::kShared);
          }
          EXPECT_GE(sum, last);
          last = sum;
          lock.EndShared();
        }
        ++counts[i];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum, kContenders * kEach / 4);
  EXPECT_EQ(Gate(), 0u);
}

}  // namespace
}  // namespace base
