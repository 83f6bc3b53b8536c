// RegionLock: what its users see, over sessions of one process and over real
// processes that die.
#include "ipc/region_lock.h"

#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <thread>

#include "ipc/notification.h"
#include "ipc/process.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;

constexpr Rights kLockRights = kRightRead | kRightWrite | kRightMap;

// What the lock guards, behind its page.
struct Data {
  std::atomic<uint64_t> first;
  std::atomic<uint64_t> second;
};

class RegionLockTest : public ::testing::Test {
 protected:
  // A peer's view: "region" and "ready" are given to it.
  struct View {
    explicit View(Session& session)
        : region(Must(Region::Adopt(Must(session.Take("region"))))),
          lock(Must(RegionLock::Attach(region, 0))),
          mapping(Must(region.MapWrite())),
          data(*reinterpret_cast<Data*>(mapping.bytes().data() +
                                        RegionLock::kBytes)) {}
    Region region;
    RegionLock lock;
    Mapping mapping;
    Data& data;
  };
  static void SayReady(Session& session) {
    Must(Notification::Adopt(Must(session.Take("ready")))).SignalSoon();
  }
  // Until it is killed, which may be before it waits.
  static void Hang(Session& session) {
    auto word = session.Take("never");
    if (!word.ok()) return;
    const auto never = Notification::Adopt(*std::move(word));
    if (never.ok()) (void)never->Wait();
  }
  std::vector<InitialCapability> Gifts() {
    return {{"region", &region_.capability(), kLockRights},
            {"ready", &ready_.capability(), kRightSignal},
            {"never", &never_.capability(), kRightWait}};
  }
  // One more session of this process.
  std::unique_ptr<View> NewView() {
    sessions_.push_back(world_->NewSession("view", Gifts()));
    return std::make_unique<View>(sessions_.back());
  }
  std::unique_ptr<testing_kit::Peer> StartPeer(testing_kit::World::Body body) {
    return world_->StartPeer("peer", Gifts(), std::move(body));
  }
  void AwaitReady(uint64_t word = 1) {
    for (uint64_t had = 0; had < word;) had += Must(ready_.Wait(Soon()));
  }

  std::unique_ptr<testing_kit::World> world_ = testing_kit::World::Start();
  Region region_ = Must(Region::Create(world_->root(), 8192));
  Notification ready_ =
      Must(Notification::Create(world_->root(), NotificationKind::counter));
  Notification never_ =
      Must(Notification::Create(world_->root(), NotificationKind::bits));
  std::deque<Session> sessions_;
  // Of a peer that never gives it back.
  std::optional<View> dead_;
  LockGuard dead_guard_;
  RegionLock lock_ = Must(RegionLock::Attach(region_, 0));
};

TEST_F(RegionLockTest, ReadersShareItAndAWriterIsAlone) {
  const auto other = NewView();
  LockGuard reader = Must(lock_.LockShared());
  EXPECT_FALSE(reader.exclusive());
  LockGuard second = Must(other->lock.TryLockShared());
  EXPECT_EQ(ErrorOf(NewView()->lock.TryLockExclusive().status()),
            Error::should_wait);
  reader.Unlock();
  second.Unlock();
  LockGuard writer = Must(other->lock.TryLockExclusive());
  EXPECT_TRUE(writer.exclusive());
  EXPECT_EQ(ErrorOf(lock_.TryLockShared().status()), Error::should_wait);
  EXPECT_EQ(
      ErrorOf(
          lock_.LockShared(Deadline::After(absl::Milliseconds(2))).status()),
      Error::timed_out);
}

TEST_F(RegionLockTest, AFreeLockWinsOverAPassedDeadline) {
  const Deadline passed = {1};
  Must(lock_.LockShared(passed));
  Must(lock_.LockExclusive(passed));
}

TEST_F(RegionLockTest, UpgradingAndRelockingAreRefused) {
  LockGuard reader = Must(lock_.LockShared());
  EXPECT_EQ(ErrorOf(lock_.LockExclusive().status()), Error::bad_state);
  EXPECT_EQ(ErrorOf(lock_.LockShared().status()), Error::bad_state);
  reader.Unlock();
  LockGuard writer = Must(lock_.LockExclusive());
  EXPECT_EQ(ErrorOf(lock_.LockExclusive().status()), Error::bad_state);
  EXPECT_EQ(ErrorOf(lock_.LockShared().status()), Error::bad_state);
}

TEST_F(RegionLockTest, AGuardMayBeGivenBackByAnotherThread) {
  LockGuard writer = Must(lock_.LockExclusive());
  std::thread([&] { LockGuard mine = std::move(writer); }).join();
  Must(lock_.LockExclusive(Deadline::Immediately()));
}

TEST_F(RegionLockTest, ThreadsOfOneProcessShareIt) {
  // A plain word, where each view has mapped it.
  const auto sum_of = [](View& view) -> uint64_t& {
    return *reinterpret_cast<uint64_t*>(&view.data.first);
  };
  const auto work = [&](View& view) {
    for (int i = 0; i < 500; ++i) {
      if (i % 3 == 0) {
        LockGuard held = Must(view.lock.LockExclusive(Soon()));
        ++sum_of(view);
      } else {
        LockGuard held = Must(view.lock.LockShared(Soon()));
        EXPECT_LE(sum_of(view), 8u * 167);
      }
    }
  };
  const auto one = NewView();
  const auto other = NewView();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back(work, std::ref(i < 4 ? *one : *other));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum_of(*one), 8u * 167);
}

TEST_F(RegionLockTest, AStreamOfReadersDoesNotStarveAWriter) {
  const auto first = NewView();
  const auto second = NewView();
  std::atomic<bool> stop{false};
  const auto read = [&](RegionLock& lock) {
    while (!stop.load()) LockGuard held = Must(lock.LockShared(Soon()));
  };
  std::thread one(read, std::ref(first->lock));
  std::thread two(read, std::ref(second->lock));
  for (int i = 0; i < 200; ++i)
    LockGuard held = Must(lock_.LockExclusive(Soon()));
  stop.store(true);
  one.join();
  two.join();
}

TEST_F(RegionLockTest, AStreamOfWritersDoesNotStarveAReader) {
  const auto first = NewView();
  const auto second = NewView();
  std::atomic<bool> stop{false};
  const auto write = [&](RegionLock& lock) {
    while (!stop.load()) LockGuard held = Must(lock.LockExclusive(Soon()));
  };
  std::thread one(write, std::ref(first->lock));
  std::thread two(write, std::ref(second->lock));
  for (int i = 0; i < 200; ++i) LockGuard held = Must(lock_.LockShared(Soon()));
  stop.store(true);
  one.join();
  two.join();
}

// Holds the lock, half-way through a change, until it is killed.
TEST_F(RegionLockTest, TheNextAfterAWriterWhoDiedRepairsAndSaysSo) {
  auto peer = StartPeer([this](Session& session) {
    dead_.emplace(session);
    dead_guard_ = Must(dead_->lock.LockExclusive());
    dead_->data.first.store(1);
    SayReady(session);
    Hang(session);
  });
  AwaitReady();
  const auto view = NewView();
  EXPECT_EQ(ErrorOf(lock_.TryLockShared().status()), Error::should_wait);
  peer->Kill();
  LockGuard held = Must(lock_.LockShared(Soon()));
  EXPECT_TRUE(held.owner_died());
  EXPECT_TRUE(held.exclusive());
  EXPECT_NE(view->data.first.load(), view->data.second.load());
  held.Unlock();
  // Nobody has repaired it.
  held = Must(view->lock.LockExclusive(Soon()));
  EXPECT_TRUE(held.owner_died());
  view->data.second.store(view->data.first.load());
  held.Repaired();
  EXPECT_FALSE(held.owner_died());
  held.Unlock();
  held = Must(lock_.LockShared(Soon()));
  EXPECT_FALSE(held.owner_died());
}

TEST_F(RegionLockTest, AReaderWhoDiedIsForgotten) {
  auto peer = StartPeer([](Session& session) {
    View view(session);
    LockGuard held = Must(view.lock.LockShared());
    SayReady(session);
    Hang(session);
  });
  AwaitReady();
  EXPECT_EQ(ErrorOf(lock_.TryLockExclusive().status()), Error::should_wait);
  std::thread writer(
      [&] { EXPECT_FALSE(Must(lock_.LockExclusive(Soon())).owner_died()); });
  peer->Kill();
  writer.join();
}

TEST_F(RegionLockTest, WhoLosesTheRegionLosesTheLock) {
  const auto view = NewView();
  LockGuard held = Must(view->lock.LockExclusive());
  std::thread waits(
      [&] { EXPECT_TRUE(Must(lock_.LockExclusive(Soon())).owner_died()); });
  Must(region_.capability().Revoke());
  waits.join();
  held.Unlock();
  EXPECT_EQ(ErrorOf(view->lock.LockShared().status()), Error::revoked);
  EXPECT_EQ(ErrorOf(view->lock.TryLockExclusive().status()), Error::revoked);
}

TEST_F(RegionLockTest, AClosedHandleCancelsIt) {
  Region copy = Must(Region::Adopt(Must(region_.capability().Duplicate())));
  RegionLock lock = Must(RegionLock::Attach(copy, 0));
  Must(lock.LockShared());
  Must(copy.TakeCapability().Close());
  EXPECT_EQ(ErrorOf(lock.LockShared().status()), Error::canceled);
}

TEST_F(RegionLockTest, AMovedFromLockSaysSo) {
  RegionLock taken = std::move(lock_);
  EXPECT_EQ(ErrorOf(lock_.LockShared().status()), Error::bad_handle);
  Must(taken.LockShared());
}

// A thread whose session ends goes on writing, so this takes real processes.
TEST_F(RegionLockTest, ManyProcessesDyingLeaveItUsable) {
  if (testing_kit::CurrentFlavour() == testing_kit::Flavour::kInProcess)
    GTEST_SKIP() << "nobody dies in here";
  for (int round = 0; round < 20; ++round) {
    std::vector<std::unique_ptr<testing_kit::Peer>> peers;
    for (int i = 0; i < 4; ++i)
      peers.push_back(StartPeer([i](Session& session) {
        View view(session);
        SayReady(session);
        while (session.connected()) {
          absl::StatusOr<LockGuard> held =
              i % 2 == 0 ? view.lock.LockExclusive() : view.lock.LockShared();
          if (!held.ok()) return;
          const bool same = view.data.first == view.data.second;
          EXPECT_TRUE(same || held->owner_died());
          if (!held->exclusive()) continue;
          view.data.first.fetch_add(1);
          view.data.second.store(view.data.first.load());
          if (held->owner_died()) held->Repaired();
        }
      }));
    AwaitReady(peers.size());
    for (auto& peer : peers) peer->Kill();
  }
  LockGuard held = Must(lock_.LockExclusive(Soon()));
  if (held.owner_died()) held.Repaired();
}

}  // namespace
}  // namespace ipc
