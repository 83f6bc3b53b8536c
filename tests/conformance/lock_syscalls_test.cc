// The calls about region locks.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libipc/abi/lock.h"
#include "libipc/base/memory.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using ::testing::ElementsAre;

class LockSyscalls : public Syscalls {
 protected:
  Answer Attach(SessionCore& core, Handle region, uint64_t offset = 0) {
    return core.Call(Syscall::lock_attach, region, {.args = {offset}}, Soon());
  }
  Answer Attach(Handle region, uint64_t offset = 0) {
    return Attach(root(), region, offset);
  }
  Answer Detach(Handle region, uint64_t offset, uint64_t slot) {
    return Call(Syscall::lock_detach, region, {.args = {offset, slot}});
  }
  static base::Mapping MapRoster(const Answer& attached) {
    return *base::Mapping::Map(attached.descriptors.at(0).get(), 0,
                               abi::kLockBytes, base::Access::kRead);
  }
  static const abi::LockRoster& RosterIn(const base::Mapping& mapping) {
    return *reinterpret_cast<const abi::LockRoster*>(mapping.data());
  }
  // The kernel process hears of an end in its own time.
  void AwaitGone(const abi::LockRoster& roster, uint64_t slot) {
    const Deadline deadline = Soon();
    while (base::ValueOf(&roster.members[slot]) != 0 &&
           base::NowNs() < deadline.ns) {
      const base::FutexWait word = {&roster.deaths,
                                    base::ValueOf(&roster.deaths)};
      if (base::ValueOf(&roster.members[slot]) != 0)
        base::WaitOnWords({&word, 1}, deadline.ns);
    }
    EXPECT_EQ(base::ValueOf(&roster.members[slot]), 0u);
  }
};

// ---- lock_attach

using LockAttach = LockSyscalls;

TEST_F(LockAttach, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::lock_attach, {.args = 1});
}

TEST_F(LockAttach, GivesASlotAMemberNumberAndBothMemories) {
  const Handle region = MakeRegion(8192);
  const Answer first = Attach(region, 4096);
  ASSERT_EQ(first.error(), Error::ok);
  ASSERT_EQ(first.descriptors.size(), 2u);
  const Answer second = Attach(region, 4096);
  EXPECT_EQ(first.value(0), 0u);
  EXPECT_EQ(second.value(0), 1u);
  EXPECT_NE(first.value(1), 0u);
  EXPECT_NE(first.value(1), second.value(1));
  const base::Mapping mapping = MapRoster(first);
  const abi::LockRoster& roster = RosterIn(mapping);
  EXPECT_EQ(roster.slots, 2u);
  EXPECT_EQ(roster.members[0], first.value(1));
  EXPECT_EQ(roster.members[1], second.value(1));
  EXPECT_TRUE(base::Mapping::Map(first.descriptors[1].get(), 4096,
                                 abi::kLockBytes, base::Access::kReadWrite)
                  .ok());
}

TEST_F(LockAttach, NobodyButTheKernelProcessCanWriteTheRoster) {
  const Answer attached = Attach(MakeRegion());
  const int roster = attached.descriptors.at(0).get();
  EXPECT_FALSE(
      base::Mapping::Map(roster, 0, abi::kLockBytes, base::Access::kReadWrite)
          .ok());
  const std::string path = "/proc/self/fd/" + std::to_string(roster);
  const base::UniqueFd again(open(path.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(again.valid());
  EXPECT_FALSE(base::Mapping::Map(again.get(), 0, abi::kLockBytes,
                                  base::Access::kReadWrite)
                   .ok());
  EXPECT_LT(pwrite(again.get(), "x", 1, 0), 0);
}

// As root all may be opened: this can fail for other users only.
TEST_F(LockAttach, GoesOnThoughAMemberWouldForbidToReadTheRoster) {
  const Handle region = MakeRegion();
  const Answer first = Attach(region);
  ASSERT_EQ(fchmod(first.descriptors.at(0).get(), 0), 0);
  EXPECT_EQ(Attach(region).error(), Error::ok);
}

TEST_F(LockAttach, ChecksTheOffset) {
  const Handle region = MakeRegion(8192);
  EXPECT_EQ(Attach(region, 64).error(), Error::invalid_args);
  for (const uint64_t offset : {uint64_t{8192}, ~uint64_t{4095}}) {
    const Answer outside = Attach(region, offset);
    EXPECT_EQ(outside.error(), Error::out_of_range);
    EXPECT_EQ(outside.value(0), 0u);
    EXPECT_EQ(outside.value(1), 4096u);
  }
}

TEST_F(LockAttach, OfASealedRegionIsBadState) {
  const Handle region = MakeRegion();
  Call(Syscall::region_seal, region);
  EXPECT_EQ(Attach(region).error(), Error::bad_state);
}

TEST_F(LockAttach, IsChargedAsASmallRegion) {
  const Handle region = MakeRegion();
  const Handle budget = MakeAccount({.limit = {0, 0, 0, 1, 4096}});
  Other poor = MakePoor(budget, region);
  EXPECT_EQ(Attach(poor.core(), poor.handle).error(), Error::ok);
  const Answer refused = Attach(poor.core(), poor.handle);
  EXPECT_EQ(refused.error(), Error::quota_exceeded);
  EXPECT_THAT(refused.completion.values,
              ElementsAre(1, 1, IdOf(budget),
                          static_cast<uint64_t>(abi::AccountItem::regions)));
  poor.core().Call(Syscall::lock_detach, poor.handle);
  EXPECT_EQ(Attach(poor.core(), poor.handle).error(), Error::ok);
}

TEST_F(LockAttach, StopsAtTheLocksSlots) {
  const Handle region = MakeRegion();
  for (uint32_t i = 0; i < abi::kLockSlots; ++i)
    ASSERT_EQ(Attach(region).value(0), i);
  const Answer full = Attach(region);
  EXPECT_EQ(full.error(), Error::quota_exceeded);
  EXPECT_EQ(full.value(0), abi::kLockSlots);
  EXPECT_EQ(full.value(1), abi::kLockSlots);
  EXPECT_EQ(Detach(region, 0, 17).error(), Error::ok);
  EXPECT_EQ(Attach(region).value(0), 17u);
}

TEST_F(LockAttach, StopsAtTheSessionsLimit) {
  const Handle region = MakeRegion(17 * 4096);
  for (uint32_t i = 0; i < abi::kLocksMax; ++i)
    ASSERT_EQ(Attach(region, i / abi::kLockSlots * 4096).error(), Error::ok);
  const Answer refused = Attach(region, 16 * 4096);
  EXPECT_EQ(refused.error(), Error::quota_exceeded);
  EXPECT_EQ(refused.value(1), abi::kLocksMax);
}

TEST_F(LockAttach, EndsWithTheHandleHoweverThatGoes) {
  const Handle region = MakeRegion();
  const Answer looks = Attach(region);
  const base::Mapping mapping = MapRoster(looks);
  const abi::LockRoster& roster = RosterIn(mapping);
  const Handle closed = Weaker(region, kRightsAll);
  ASSERT_EQ(Attach(closed).value(0), 1u);
  Call(Syscall::handle_close, closed);
  EXPECT_EQ(roster.members[1], 0u);
  const Handle replaced = Weaker(region, kRightsAll);
  ASSERT_EQ(Attach(replaced).value(0), 1u);
  Call(Syscall::handle_replace, replaced, {.args = {kRightsSame}});
  EXPECT_EQ(roster.members[1], 0u);
  Weaker(region, kRightsAll);
  Other other = MakeOther(region);
  ASSERT_EQ(Attach(other.core(), other.handle).value(0), 1u);
  Call(Syscall::handle_revoke, region);
  EXPECT_EQ(roster.members[1], 0u);
  EXPECT_EQ(base::ValueOf(&roster.deaths), 3u);
  EXPECT_EQ(roster.members[0], looks.value(1));
}

TEST_F(LockAttach, EndsWithTheSession) {
  const Handle region = MakeRegion();
  const Answer looks = Attach(region);
  const base::Mapping mapping = MapRoster(looks);
  Other other = MakeOther(region);
  ASSERT_EQ(Attach(other.core(), other.handle).value(0), 1u);
  other.session.Close();
  AwaitGone(RosterIn(mapping), 1);
}

// ---- lock_detach

using LockDetach = LockSyscalls;

TEST_F(LockDetach, ChecksHandleAndFields) {
  ExpectDoor(Syscall::lock_detach, {.args = 2});
}

TEST_F(LockDetach, TakesTheMemberOutOfTheRoster) {
  const Handle region = MakeRegion();
  const Answer attached = Attach(region);
  const base::Mapping mapping = MapRoster(attached);
  EXPECT_EQ(Detach(region, 0, 0).error(), Error::ok);
  EXPECT_EQ(RosterIn(mapping).members[0], 0u);
  EXPECT_EQ(RosterIn(mapping).deaths, 1u);
  EXPECT_EQ(Detach(region, 0, 0).error(), Error::not_found);
}

TEST_F(LockDetach, FindsOnlyWhatThisHandleAttached) {
  const Handle region = MakeRegion(8192);
  Attach(region);
  Other other = MakeOther(region);
  EXPECT_EQ(other.core().Call(Syscall::lock_detach, other.handle).error(),
            Error::not_found);
  EXPECT_EQ(Detach(Weaker(region, kRightsAll), 0, 0).error(), Error::not_found);
  EXPECT_EQ(Detach(region, 4096, 0).error(), Error::not_found);
  EXPECT_EQ(Detach(region, 0, ~uint64_t{0}).error(), Error::not_found);
  EXPECT_EQ(Detach(region, 0, 0).error(), Error::ok);
}

TEST_F(LockDetach, MemberNumbersAreNotGivenAgain) {
  const Handle region = MakeRegion();
  const Answer first = Attach(region);
  Detach(region, 0, 0);
  const Answer second = Attach(region);
  EXPECT_EQ(second.value(0), first.value(0));
  EXPECT_NE(second.value(1), first.value(1));
}

}  // namespace
}  // namespace ipc
