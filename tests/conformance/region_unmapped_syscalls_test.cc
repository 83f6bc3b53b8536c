// region_unmapped: a session says that memory it was given is gone, and no
// longer keeps the region that nobody else has.
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

class RegionUnmapped : public Syscalls {
 protected:
  Handle MakeOnly() {
    const Answer made = Call(Syscall::region_create, budget_, {.args = {4096}});
    return made.error() == Error::ok ? static_cast<Handle>(made.value(0))
                                     : abi::kNoHandle;
  }
  // Whether the account, which has room for one region, has that room now.
  bool IsBack() { return MakeOnly() != abi::kNoHandle; }
  static Error Unmapped(SessionCore& core, uint64_t region) {
    return core
        .Call(Syscall::region_unmapped, abi::kNoHandle, {.args = {region}})
        .error();
  }
  const Handle budget_ = MakeAccount({.limit = {0, 0, 0, 1, 0}});
};

TEST_F(RegionUnmapped, ChecksFields) {
  ExpectDoor(Syscall::region_unmapped, {.args = 1});
}

TEST_F(RegionUnmapped, OfTheLastDescriptorGivesTheRegionBack) {
  const Handle region = MakeOnly();
  const uint64_t id = IdOf(region);
  Call(Syscall::region_map, region);
  Call(Syscall::region_map, region, {.options = abi::kMapWrite});
  Call(Syscall::handle_close, region);
  EXPECT_FALSE(IsBack());
  EXPECT_EQ(Unmapped(root(), id), Error::ok);
  EXPECT_FALSE(IsBack()) << "it was given two";
  EXPECT_EQ(Unmapped(root(), id), Error::ok);
  EXPECT_TRUE(IsBack());
  EXPECT_EQ(Unmapped(root(), id), Error::not_found);
}

TEST_F(RegionUnmapped, SpeaksForItsOwnSessionOnly) {
  const Handle region = MakeOnly();
  const uint64_t id = IdOf(region);
  Other other = MakeOther(region);
  EXPECT_EQ(Unmapped(other.core(), id), Error::not_found);
  other.core().Call(Syscall::region_map, other.handle);
  EXPECT_EQ(Unmapped(root(), id), Error::not_found);
  Call(Syscall::handle_close, region);
  other.core().Call(Syscall::handle_close, other.handle);
  EXPECT_FALSE(IsBack());
  EXPECT_EQ(Unmapped(other.core(), id), Error::ok);
  EXPECT_TRUE(IsBack());
}

TEST_F(RegionUnmapped, OfWhatWasNeverGivenIsNotFound) {
  for (const uint64_t id : {IdOf(MakeOnly()), IdOf(account()), uint64_t{0}})
    EXPECT_EQ(Unmapped(root(), id), Error::not_found);
}

TEST_F(RegionUnmapped, LeavesTheSessionCountedOnceAndToldOfDestruction) {
  const Handle region = MakeOnly();
  const uint64_t id = IdOf(region);
  for (int i = 0; i < 3; ++i) {
    Call(Syscall::region_map, region);
    EXPECT_EQ(Unmapped(root(), id), Error::ok);
  }
  EXPECT_EQ(ErrorOf(Syscall::region_state, abi::kNoHandle, {.args = {id}}),
            Error::not_found);
  abi::RegionFacts facts = {};
  ASSERT_TRUE(Call(Syscall::region_info, region).Read(&facts));
  EXPECT_EQ(facts.sessions, 1u);
  EXPECT_EQ(facts.writers, 1u) << "it may have lied";
  const uint32_t before = root().regions_destroyed();
  Call(Syscall::region_destroy, region);
  EXPECT_EQ(root().regions_destroyed(), before + 1);
}

TEST_F(RegionUnmapped, GoesForWhatCameOverALane) {
  const Handle port = MakePort();
  auto port_inbox = Listen(root(), port);
  auto sender = Connect(root(), port);
  auto listener = Join(root(), *port_inbox);
  const Handle region = MakeOnly();
  const uint64_t id = IdOf(region);
  Call(Syscall::region_seal, region);
  Call(Syscall::lane_attach, sender->handle, {.args = {region}});
  const Answer map = Call(Syscall::lane_map, listener->handle);
  EXPECT_EQ(map.value(1), id);
  EXPECT_EQ(Unmapped(root(), id), Error::ok);
  EXPECT_EQ(Unmapped(root(), id), Error::not_found);
}

TEST_F(RegionUnmapped, GoesForWhatCameWithALock) {
  const Handle region = MakeOnly();
  const Answer member = Call(Syscall::lock_attach, region);
  EXPECT_EQ(member.value(2), IdOf(region));
  EXPECT_EQ(Unmapped(root(), IdOf(region)), Error::ok);
  EXPECT_EQ(Unmapped(root(), IdOf(region)), Error::not_found);
}

}  // namespace
}  // namespace ipc
