// The calls that change what a region has: growing it, destroying its
// contents; and region_state, which tells of both.
#include "libipc/base/memory.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using ::testing::ElementsAre;

constexpr uint64_t kPage = 4096;

class RegionChanges : public Syscalls {
 protected:
  Handle MakeWith(uint32_t options, uint64_t bytes, uint64_t most = 0,
                  Handle budget = abi::kNoHandle) {
    const Answer made = Call(Syscall::region_create,
                             budget == abi::kNoHandle ? account() : budget,
                             {.options = options, .args = {bytes, most}});
    EXPECT_EQ(made.error(), Error::ok);
    return static_cast<Handle>(made.value(0));
  }
  Handle MakeGrowable(uint64_t most = 16 * kPage) {
    return MakeWith(abi::kRegionGrowable, kPage, most);
  }
  static abi::RegionFacts FactsIn(const Answer& answer) {
    abi::RegionFacts facts = {};
    EXPECT_TRUE(answer.Read(&facts));
    return facts;
  }
  abi::RegionFacts FactsOf(Handle region) {
    return FactsIn(Call(Syscall::region_info, region));
  }
  // A mapping of all that the region may become.
  base::Mapping MapAll(Handle region, uint32_t access) {
    const Answer map = Call(Syscall::region_map, region, {.options = access});
    return *base::Mapping::Map(
        map.descriptors.at(0).get(), 0, FactsIn(map).bytes_most,
        access == abi::kMapWrite ? base::Access::kReadWrite
                                 : base::Access::kRead);
  }
  abi::RegionState Destroy(Handle region) {
    const Answer receipt = Call(Syscall::region_destroy, region);
    EXPECT_EQ(receipt.error(), Error::ok);
    return static_cast<abi::RegionState>(receipt.value(3));
  }
};

// ---- region_grow

using RegionGrow = RegionChanges;

TEST_F(RegionGrow, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::region_grow,
             {.known_options = abi::kRegionGrowNoMore, .args = 1});
}

TEST_F(RegionGrow, TakesWhatMayGrowToWhatWasAskedForInPages) {
  const Handle region = MakeGrowable();
  const Answer grown =
      Call(Syscall::region_grow, region, {.args = {2 * kPage + 1}});
  EXPECT_EQ(grown.error(), Error::ok);
  EXPECT_EQ(grown.value(0), 3 * kPage);
  EXPECT_EQ(FactsOf(region).bytes, 3 * kPage);
  EXPECT_EQ(FactsOf(region).bytes_most, 16 * kPage);
}

TEST_F(RegionGrow, NeverTakesAnythingAway) {
  const Handle region = MakeGrowable();
  Call(Syscall::region_grow, region, {.args = {4 * kPage}});
  EXPECT_EQ(Call(Syscall::region_grow, region, {.args = {kPage}}).value(0),
            4 * kPage);
}

TEST_F(RegionGrow, StopsAtItsMost) {
  const Handle region = MakeGrowable();
  const Answer large =
      Call(Syscall::region_grow, region, {.args = {16 * kPage + 1}});
  EXPECT_EQ(large.error(), Error::out_of_range);
  EXPECT_EQ(large.value(0), kPage);
  EXPECT_EQ(large.value(1), 16 * kPage);
}

TEST_F(RegionGrow, IsChargedToWhoPaysForTheRegionAndStopsAtItsLimit) {
  const Handle budget = MakeAccount({.limit = {0, 0, 0, 1, 2 * kPage}});
  const Handle region =
      MakeWith(abi::kRegionGrowable, kPage, 16 * kPage, budget);
  EXPECT_EQ(ErrorOf(Syscall::region_grow, region, {.args = {2 * kPage}}),
            Error::ok);
  const Answer large =
      Call(Syscall::region_grow, region, {.args = {3 * kPage}});
  EXPECT_EQ(large.error(), Error::quota_exceeded);
  EXPECT_THAT(large.completion.values,
              ElementsAre(2 * kPage, 2 * kPage, IdOf(budget),
                          static_cast<uint64_t>(abi::AccountItem::bytes)));
  EXPECT_EQ(FactsOf(region).bytes, 2 * kPage);
  // All of it comes back.
  Call(Syscall::handle_close, region);
  EXPECT_EQ(ErrorOf(Syscall::region_create, budget, {.args = {2 * kPage}}),
            Error::ok);
}

TEST_F(RegionGrow, OfOneThatDoesNotGrowAnyMoreIsBadState) {
  EXPECT_EQ(ErrorOf(Syscall::region_grow, MakeRegion()), Error::bad_state);
  const Handle fixed = MakeGrowable();
  EXPECT_EQ(Call(Syscall::region_grow, fixed,
                 {.options = abi::kRegionGrowNoMore, .args = {2 * kPage}})
                .value(0),
            2 * kPage);
  EXPECT_EQ(ErrorOf(Syscall::region_grow, fixed, {.args = {3 * kPage}}),
            Error::bad_state);
  const Handle immutable = MakeGrowable();
  Call(Syscall::region_seal, immutable, {.options = abi::kSealImmutable});
  EXPECT_EQ(ErrorOf(Syscall::region_grow, immutable), Error::bad_state);
}

TEST_F(RegionGrow, KeepsMappingsAndTheOneWriterReachesTheNewPart) {
  const Handle region = MakeGrowable();
  const base::Mapping writer = MapAll(region, abi::kMapWrite);
  ASSERT_EQ(ErrorOf(Syscall::region_seal, region), Error::ok);
  const base::Mapping reader = MapAll(region, abi::kMapRead);
  writer.data()[0] = 1;
  Call(Syscall::region_grow, region, {.args = {16 * kPage}});
  EXPECT_EQ(reader.data()[0], 1);
  EXPECT_EQ(reader.data()[15 * kPage], 0);
  writer.data()[15 * kPage] = 2;
  EXPECT_EQ(reader.data()[15 * kPage], 2);
}

TEST_F(RegionGrow, CannotMapWhatItHasNotYet) {
  const Handle region = MakeGrowable();
  EXPECT_EQ(ErrorOf(Syscall::region_map, region, {.args = {kPage}}),
            Error::out_of_range);
  Call(Syscall::region_grow, region, {.args = {2 * kPage}});
  EXPECT_EQ(ErrorOf(Syscall::region_map, region, {.args = {kPage}}), Error::ok);
}

// ---- region_destroy

using RegionDestroy = RegionChanges;

TEST_F(RegionDestroy, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::region_destroy, {});
}

TEST_F(RegionDestroy, ErasesMappingsOfOneThatIsNotSealed) {
  const Handle region = MakeRegion(64 * kPage);
  const base::Mapping writer = MapAll(region, abi::kMapWrite);
  const base::Mapping reader = MapAll(region, abi::kMapRead);
  for (uint64_t i = 0; i < 64; ++i) writer.data()[i * kPage] = 42;
  EXPECT_EQ(Destroy(region), abi::RegionState::erased);
  for (uint64_t i = 0; i < 64; ++i) EXPECT_EQ(reader.data()[i * kPage], 0);
}

TEST_F(RegionDestroy, ErasesASealedOneOnlyIfItWasMadeErasable) {
  const struct {
    uint32_t options, seal;
    abi::RegionState reached;
  } cases[] = {
      {0, abi::kSealSingleWriter, abi::RegionState::kept},
      {abi::kRegionErasable, abi::kSealSingleWriter, abi::RegionState::erased},
      {0, abi::kSealImmutable, abi::RegionState::kept},
      {abi::kRegionErasable, abi::kSealImmutable, abi::RegionState::kept},
  };
  for (const auto& one : cases) {
    const Handle region = MakeWith(one.options, 4 * kPage);
    { MapAll(region, abi::kMapWrite).data()[kPage] = 42; }
    ASSERT_EQ(ErrorOf(Syscall::region_seal, region, {.options = one.seal}),
              Error::ok);
    const base::Mapping reader = MapAll(region, abi::kMapRead);
    EXPECT_EQ(Destroy(region), one.reached);
    EXPECT_EQ(reader.data()[kPage],
              one.reached == abi::RegionState::erased ? 0 : 42);
  }
}

TEST_F(RegionDestroy, ErasesTheFarEndsOfALargeOne) {
  constexpr uint64_t kMost = uint64_t{1} << 36;
  const Handle region = MakeWith(abi::kRegionGrowable, kPage, kMost);
  const base::Mapping writer = MapAll(region, abi::kMapWrite);
  for (const uint64_t at : {uint64_t{0}, kMost / 2, kMost - 1})
    writer.data()[at] = 42;
  EXPECT_EQ(Destroy(region), abi::RegionState::erased);
  for (const uint64_t at : {uint64_t{0}, kMost / 2, kMost - 1})
    EXPECT_EQ(writer.data()[at], 0);
}

TEST_F(RegionDestroy, CountsWhoHadItInItsReceipt) {
  const Handle region = MakeRegion();
  Other other = MakeOther(region);
  other.core().Call(Syscall::region_map, other.handle);
  other.core().Call(Syscall::region_map, other.handle);
  Call(Syscall::region_map, region);
  EXPECT_THAT(
      Call(Syscall::region_destroy, region).completion.values,
      ElementsAre(2, 3, 2, static_cast<uint64_t>(abi::RegionState::erased)));
}

TEST_F(RegionDestroy, LeavesNothingToMapSealGrowOrAttach) {
  const Handle region = MakeGrowable();
  Call(Syscall::region_map, region);
  Destroy(region);
  for (const uint32_t access : {abi::kMapRead, abi::kMapWrite})
    EXPECT_EQ(ErrorOf(Syscall::region_map, region, {.options = access}),
              Error::bad_state);
  for (const uint32_t mode : {abi::kSealSingleWriter, abi::kSealImmutable})
    EXPECT_EQ(ErrorOf(Syscall::region_seal, region, {.options = mode}),
              Error::bad_state);
  EXPECT_EQ(ErrorOf(Syscall::region_grow, region, {.args = {kPage}}),
            Error::bad_state);
  EXPECT_EQ(ErrorOf(Syscall::region_info, region), Error::ok);
}

TEST_F(RegionDestroy, OfWhatIsAttachedToALaneStopsThePeersMappings) {
  const Handle port = MakePort();
  auto port_inbox = Listen(root(), port);
  auto sender = Connect(root(), port);
  auto listener = Join(root(), *port_inbox);
  const Handle region = MakeRegion();
  Call(Syscall::region_seal, region);
  const uint64_t attachment =
      Call(Syscall::lane_attach, sender->handle, {.args = {region}}).value(0);
  Destroy(region);
  EXPECT_EQ(
      ErrorOf(Syscall::lane_map, listener->handle, {.args = {attachment}}),
      Error::bad_state);
  EXPECT_EQ(ErrorOf(Syscall::lane_attach, sender->handle, {.args = {region}}),
            Error::bad_state);
}

TEST_F(RegionDestroy, AgainAnswersTheSame) {
  const Handle region = MakeRegion();
  Call(Syscall::region_map, region);
  EXPECT_EQ(Destroy(region), abi::RegionState::erased);
  EXPECT_EQ(Destroy(region), abi::RegionState::erased);
}

TEST_F(RegionDestroy, IsChargedUntilItIsClosed) {
  const Handle budget = MakeAccount({.limit = {0, 0, 0, 1, 0}});
  const Handle region = MakeWith(0, kPage, 0, budget);
  Destroy(region);
  EXPECT_EQ(ErrorOf(Syscall::region_create, budget, {.args = {1}}),
            Error::quota_exceeded);
  Call(Syscall::handle_close, region);
  EXPECT_EQ(ErrorOf(Syscall::region_create, budget, {.args = {1}}), Error::ok);
}

// ---- region_state

using RegionState = RegionChanges;

TEST_F(RegionState, ChecksFields) {
  ExpectDoor(Syscall::region_state, {.args = 1});
}

TEST_F(RegionState, TellsWhoWasGivenMemoryThoughTheHandleIsGone) {
  const Handle region = MakeGrowable();
  const uint64_t id = IdOf(region);
  Other other = MakeOther(region);
  EXPECT_EQ(other.core()
                .Call(Syscall::region_state, abi::kNoHandle, {.args = {id}})
                .error(),
            Error::not_found);
  other.core().Call(Syscall::region_map, other.handle);
  other.core().Call(Syscall::handle_close, other.handle);
  Call(Syscall::region_grow, region, {.args = {2 * kPage}});
  Answer told =
      other.core().Call(Syscall::region_state, abi::kNoHandle, {.args = {id}});
  EXPECT_THAT(told.completion.values,
              ElementsAre(2 * kPage, abi::kGuaranteeNone, 1, id));
  EXPECT_EQ(FactsIn(told).state, abi::RegionState::whole);
  Destroy(region);
  Call(Syscall::handle_close, region);
  told =
      other.core().Call(Syscall::region_state, abi::kNoHandle, {.args = {id}});
  EXPECT_EQ(FactsIn(told).state, abi::RegionState::erased);
}

TEST_F(RegionState, KnowsNothingOfRegionsThatOthersHave) {
  const Handle region = MakeRegion();
  for (const uint64_t id :
       {IdOf(region), IdOf(account()), uint64_t{0}, ~uint64_t{0}})
    EXPECT_EQ(ErrorOf(Syscall::region_state, abi::kNoHandle, {.args = {id}}),
              Error::not_found);
}

TEST_F(RegionState, ChangesTheWordOfThoseOnlyWhoHaveIt) {
  const Handle region = MakeRegion();
  Other has = MakeOther(region);
  Other has_not = MakeOther(region);
  has.core().Call(Syscall::region_map, has.handle);
  Destroy(region);
  EXPECT_EQ(has.core().regions_destroyed(), 1u);
  EXPECT_EQ(has_not.core().regions_destroyed(), 0u);
  EXPECT_EQ(root().regions_destroyed(), 0u);
}

}  // namespace
}  // namespace ipc
