// Processes that take one lock again and again, as fast as they get it. What it
// guards is checked each time, and in the end.
#pragma once

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "bench/common/timing.h"
#include "bench/sharing/lock_rigs.h"
#include "bench/sharing/rows.h"

namespace bench {

struct Arena {
  // Guarded: equal, and as many as there were writes.
  alignas(128) uint64_t one;
  uint64_t other;
  alignas(128) std::atomic<uint64_t> ready;
  std::atomic<int64_t> began_ns;
  alignas(128) std::atomic<uint64_t> writes;
  uint64_t counts[32];  // of each user, written by it
};

// All of them share the processors.
template <typename Ready>
void YieldUntil(const Ready& ready) {
  while (!ready()) sched_yield();
}

// The optimiser keeps both halves.
inline void ReadGuarded(const Arena& arena) {
  const uint64_t one = *const_cast<const volatile uint64_t*>(&arena.one);
  const uint64_t other = *const_cast<const volatile uint64_t*>(&arena.other);
  Expect(one == other, "a writer was seen at work");
}
inline void WriteGuarded(Arena& arena) {
  volatile uint64_t& one = arena.one;
  volatile uint64_t& other = arena.other;
  one = one + 1;
  other = other + 1;
}

constexpr uint64_t WriteEvery(Access access) {
  return access == Access::kWriting   ? 1
         : access == Access::kReading ? ~uint64_t{0}
                                      : 10;
}

template <typename User>
struct Turns {
  Arena& arena;
  User& user;
  uint64_t write_every;
  uint64_t count = 0;
  uint64_t writes = 0;

  void Take(int times) {
    for (int i = 0; i < times; ++i) {
      if (++count % write_every == 0) {
        user.Write([&] { WriteGuarded(arena); });
        ++writes;
      } else {
        user.Read([&] { ReadGuarded(arena); });
      }
    }
  }
};

// By one process alone. Units: nanoseconds a lock and unlock.
template <typename Rig>
double FreeLockNs(int rounds, Access access) {
  Rig rig(1);
  const Shared<Arena> arena;
  const Shared<double> ns;
  Join(rig.Start(0, [&](typename Rig::User& user) {
    PinTo(kApart.first);
    Turns<typename Rig::User> turns{*arena.get(), user, WriteEvery(access)};
    turns.Take(rounds / 8 + 1);
    *ns.get() = TimeAll([&] { turns.Take(rounds); }) / rounds;
    Expect(arena->one == turns.writes, "a write was lost");
  }));
  return *ns.get();
}

template <typename User>
void Contend(Arena& arena, User& user, uint32_t number, Access access,
             int64_t time_ns) {
  arena.ready.fetch_add(1);
  YieldUntil([&] { return arena.began_ns.load() != 0; });
  const int64_t end = arena.began_ns.load() + time_ns;
  Turns<User> turns{arena, user, WriteEvery(access)};
  while (base::NowNs() < end) turns.Take(16);
  arena.counts[number] = turns.count;
  arena.writes.fetch_add(turns.writes);
}

// The time over all locks that were taken, in nanoseconds; and what the least
// served had of the mean, in percent.
template <typename Rig>
std::vector<double> ContendedLock(uint32_t users, Access access,
                                  int64_t time_ns) {
  Rig rig(users);
  const Shared<Arena> arena;
  std::vector<pid_t> children;
  for (uint32_t number = 0; number < users; ++number)
    children.push_back(rig.Start(number, [&](typename Rig::User& user) {
      Contend(*arena.get(), user, number, access, time_ns);
    }));
  YieldUntil([&] { return arena->ready.load() == users; });
  arena->began_ns.store(base::NowNs());
  for (const pid_t child : children) Join(child);
  const uint64_t writes = arena->writes.load();
  Expect(arena->one == writes && arena->other == writes, "a write was lost");
  uint64_t all = 0;
  for (uint32_t i = 0; i < users; ++i) all += arena->counts[i];
  const double mean = static_cast<double>(all) / users + 1e-9;
  const uint64_t least =
      *std::min_element(arena->counts, arena->counts + users);
  return {static_cast<double>(time_ns) / (static_cast<double>(all) + 1),
          100 * static_cast<double>(least) / mean};
}

}  // namespace bench
