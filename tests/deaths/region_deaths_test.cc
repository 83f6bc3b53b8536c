// Those who die while they make, grow, seal or destroy a region, hold a region
// lock, or write the last values.
#include <atomic>
#include <optional>

#include "ipc/region.h"
#include "ipc/region_lock.h"
#include "ipc/seq_ring.h"
#include "tests/deaths/deaths.h"

namespace deaths {
namespace {

using ipc::Mapping;
using ipc::Region;
using ipc::RegionLock;
using ipc::Session;

constexpr uint64_t kPage = 4096;
constexpr uint64_t kPages = 64;

TEST_F(Deaths, OfMakersOfRegionsLeaveNone) {
  const auto make = [](Session& session, Told&) {
    Region region = Must(Region::Create(
        session, {.bytes = kPage, .erasable = ipc::Erasable::kAlways}));
    Mapping mapping = Must(region.MapWrite());
    Must(region.SealSingleWriter());
    ipc::ReadGrant grant = Must(region.GrantRead());
    Region copy = Must(region.Copy());
    Mapping read = Must(copy.MapRead());
    Must(region.DestroyContents());
    Region growing =
        Must(Region::Create(session, {.bytes = 1, .bytes_most = 9 * kPage}));
    Must(growing.Grow(3 * kPage));
    Must(growing.Fix());
  };
  Kill({.initial = {}, .body = make, .meanwhile = [] {}});
}

// Writes a word into each page that it grows by.
void GrowByPages(Session& session, Told&) {
  Region region = Must(Region::Adopt(Must(session.Take("region"))));
  Mapping mapping = Must(region.MapWrite());
  for (uint64_t pages = 2; pages <= kPages / 2; pages += 2) {
    Must(region.Grow(pages * kPage));
    Must(mapping.Refresh());
    mapping.bytes()[(pages - 1) * kPage] = static_cast<std::byte>(pages);
  }
}

TEST_F(Deaths, OfThoseWhoGrowARegionLeaveItGrowingOn) {
  std::optional<Region> region;
  Mapping mapping;
  const auto begin = [&] {
    region.emplace(Must(Region::Create(
        graph_.root(), {.bytes = kPage, .bytes_most = kPages * kPage})));
    mapping = Must(region->MapRead());
  };
  const auto look = [&] {
    const uint64_t before = mapping.bytes().size();
    Must(mapping.Refresh());
    ASSERT_GE(mapping.bytes().size(), before);
    // What it has not written yet is zero.
    for (uint64_t page = 1; page < mapping.bytes().size() / kPage; page += 2) {
      const auto found = static_cast<uint64_t>(mapping.bytes()[page * kPage]);
      EXPECT_TRUE(found == page + 1 || found == 0) << page;
    }
  };
  const auto grow_on = [&] {
    look();
    Must(region->Grow(kPages * kPage));
    Must(mapping.Refresh());
    EXPECT_EQ(mapping.bytes().size(), kPages * kPage);
    mapping = {};
    begin();
  };
  begin();
  Kill({.initial = {{"region", &region->capability()}},
        .body = GrowByPages,
        .meanwhile = look,
        .afterwards = grow_on});
}

struct Pair {
  std::atomic<uint64_t> first;
  std::atomic<uint64_t> second;
};
Pair& PairIn(const Mapping& mapping) {
  return *reinterpret_cast<Pair*>(mapping.bytes().data() + RegionLock::kBytes);
}

// Under the lock, held exclusively: both are the same unless a writer died.
void Write(Pair& pair, ipc::LockGuard& held) {
  const uint64_t first = pair.first;
  if (held.owner_died())
    held.Repaired();
  else if (pair.second != first)
    abort();
  pair.first = first + 1;
  pair.second = first + 1;
}

TEST_F(Deaths, OfThoseWhoLockARegionLeaveItToTheNext) {
  Region region = Must(Region::Create(graph_.root(), 2 * kPage));
  const Mapping mapping = Must(region.MapWrite());
  RegionLock lock = Must(RegionLock::Attach(region, 0));
  const auto use = [](Session& session, Told&) {
    Region mine = Must(Region::Adopt(Must(session.Take("region"))));
    const Mapping memory = Must(mine.MapWrite());
    RegionLock mine_too = Must(RegionLock::Attach(mine, 0));
    for (int i = 0; i < 20; ++i) {
      ipc::LockGuard held = i % 3 == 0 ? Must(mine_too.LockShared(Soon()))
                                       : Must(mine_too.LockExclusive(Soon()));
      Pair& pair = PairIn(memory);
      if (held.exclusive())
        Write(pair, held);
      else if (pair.first != pair.second)
        abort();
    }
  };
  const auto lock_too = [&](ipc::Deadline deadline) {
    auto held = lock.LockExclusive(deadline);
    if (held.ok()) Write(PairIn(mapping), *held);
    return held.status();
  };
  Kill({.initial = {{"region", &region.capability()}},
        .body = use,
        .meanwhile = [&] { lock_too(InAMoment()).IgnoreError(); },
        .afterwards = [&] { Must(lock_too(Soon())); }});
}

struct Value {
  uint64_t words[16];
};

TEST_F(Deaths, OfWritersOfLastValuesLeaveWholeOnes) {
  constexpr uint32_t kValues = 4;
  Region region =
      Must(Region::Create(graph_.root(), ipc::SeqRingBytes<Value>(kValues)));
  const Mapping mapping = Must(region.MapRead());
  const auto write = [](Session& session, Told&) {
    Region mine = Must(Region::Adopt(Must(session.Take("region"))));
    const Mapping memory = Must(mine.MapWrite());
    auto ring =
        Must(ipc::SeqRingWriter<Value>::Create(memory.bytes(), kValues));
    for (uint64_t i = 0; i < 100; ++i) {
      Value value;
      for (uint64_t& word : value.words) word = i;
      ring.Publish(value);
    }
    ring.Wake();
  };
  const auto read = [&] {
    auto ring = ipc::SeqRingReader<Value>::Create(mapping.bytes());
    if (!ring.ok()) return;  // the first has not begun
    const auto value = ring->Latest(InAMoment());
    if (!value.ok()) return;
    for (const uint64_t word : value->value.words)
      EXPECT_EQ(word, value->value.words[0]);
  };
  Kill({.initial = {{"region", &region.capability()}},
        .body = write,
        .meanwhile = read});
}

}  // namespace
}  // namespace deaths
