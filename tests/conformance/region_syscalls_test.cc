// The calls about regions.
#include "libipc/base/memory.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using ::testing::ElementsAre;

bool Maps(const Answer& answer, base::Access access) {
  return base::Mapping::Map(answer.descriptors.at(0).get(), 0, answer.value(0),
                            access)
      .ok();
}

// ---- region_create

using RegionCreate = Syscalls;

TEST_F(RegionCreate, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::region_create, {.args = 1, .good = {.args = {1}}});
}

TEST_F(RegionCreate, RoundsUpToPagesAndIsZero) {
  for (const uint64_t asked : {1, 4096, 4097}) {
    const Answer made =
        Call(Syscall::region_create, account(), {.args = {asked}});
    ASSERT_EQ(made.error(), Error::ok);
    const Handle region = static_cast<Handle>(made.value(0));
    EXPECT_EQ(made.value(1), base::RoundUpToPage(asked));
    EXPECT_EQ(made.value(2), IdOf(region));
    const Answer map = Call(Syscall::region_map, region);
    const auto mapping = base::Mapping::Map(map.descriptors.at(0).get(), 0,
                                            made.value(1), base::Access::kRead);
    ASSERT_TRUE(mapping.ok());
    for (uint64_t i = 0; i < made.value(1); ++i)
      ASSERT_EQ((*mapping).data()[i], 0);
  }
}

TEST_F(RegionCreate, RefusesNothingAndTooMuch) {
  EXPECT_EQ(ErrorOf(Syscall::region_create, account()), Error::invalid_args);
  const Answer large = Call(Syscall::region_create, account(),
                            {.args = {abi::kRegionBytesMax + 1}});
  EXPECT_EQ(large.error(), Error::out_of_range);
  EXPECT_EQ(large.value(0), 1u);
  EXPECT_EQ(large.value(1), abi::kRegionBytesMax);
}

TEST_F(RegionCreate, StopsAtTheAccountsLimits) {
  const Handle budget = MakeAccount({.limit = {0, 0, 0, 3, 8192}});
  const Answer first = Call(Syscall::region_create, budget, {.args = {4096}});
  EXPECT_EQ(first.error(), Error::ok);
  const Answer large = Call(Syscall::region_create, budget, {.args = {4097}});
  EXPECT_EQ(large.error(), Error::quota_exceeded);
  EXPECT_THAT(large.completion.values,
              ElementsAre(4096, 8192, IdOf(budget),
                          static_cast<uint64_t>(abi::AccountItem::bytes)));
  Call(Syscall::handle_close, static_cast<Handle>(first.value(0)));
  EXPECT_EQ(ErrorOf(Syscall::region_create, budget, {.args = {8192}}),
            Error::ok);
}

TEST_F(RegionCreate, IsChargedUntilWhoMappedItIsGone) {
  const Handle budget = MakeAccount({.limit = {0, 0, 1, 1, 0}});
  const Handle region = static_cast<Handle>(
      Call(Syscall::region_create, budget, {.args = {1}}).value(0));
  auto other = std::make_unique<Other>(MakeOther(region));
  Answer kept = other->core().Call(Syscall::region_map, other->handle);
  other->core().Call(Syscall::handle_close, other->handle);
  Call(Syscall::handle_close, region);
  EXPECT_EQ(ErrorOf(Syscall::region_create, budget, {.args = {1}}),
            Error::quota_exceeded);
  other->session.Close();
  // The kernel process hears of the end in its own time.
  const Deadline deadline = Soon();
  Error error = Error::quota_exceeded;
  while (error == Error::quota_exceeded && base::NowNs() < deadline.ns)
    error = ErrorOf(Syscall::region_create, budget, {.args = {1}});
  EXPECT_EQ(error, Error::ok);
}

// ---- region_seal

using RegionSeal = Syscalls;

TEST_F(RegionSeal, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::region_seal, {.known_options = abi::kSealImmutable});
}

TEST_F(RegionSeal, ReachesTheGuaranteeAskedForAndKeepsIt) {
  const struct {
    uint32_t mode, guarantee;
  } cases[] = {{abi::kSealSingleWriter, abi::kGuaranteeSingleWriter},
               {abi::kSealImmutable, abi::kGuaranteeImmutable}};
  for (const auto& one : cases) {
    const Handle region = MakeRegion();
    for (int again = 0; again < 2; ++again) {
      const Answer answer =
          Call(Syscall::region_seal, region, {.options = one.mode});
      EXPECT_EQ(answer.error(), Error::ok);
      EXPECT_EQ(answer.value(0), one.guarantee);
    }
    EXPECT_EQ(ErrorOf(Syscall::region_seal, region, {.options = 1 - one.mode}),
              Error::bad_state);
  }
}

TEST_F(RegionSeal, ImmutableIsBadStateWhileAWriterIsThere) {
  const Handle region = MakeRegion();
  const Answer map =
      Call(Syscall::region_map, region, {.options = abi::kMapWrite});
  auto writer = base::Mapping::Map(map.descriptors.at(0).get(), 0, map.value(0),
                                   base::Access::kReadWrite);
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ(
      ErrorOf(Syscall::region_seal, region, {.options = abi::kSealImmutable}),
      Error::bad_state);
  EXPECT_EQ(ErrorOf(Syscall::region_seal, region), Error::ok);
  (*writer).data()[0] = 42;
  const Answer reader = Call(Syscall::region_map, region);
  EXPECT_FALSE(Maps(reader, base::Access::kReadWrite));
}

// ---- region_map

using RegionMap = Syscalls;

TEST_F(RegionMap, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::region_map, {.known_options = abi::kMapWrite});
}

TEST_F(RegionMap, NeedsTheRightForWhatItMaps) {
  const Handle region = MakeRegion();
  const Answer reading =
      Call(Syscall::region_map, Weaker(region, kRightMap | kRightWrite));
  EXPECT_EQ(reading.error(), Error::access_denied);
  EXPECT_EQ(reading.value(0), kRightRead);
  const Answer writing =
      Call(Syscall::region_map, Weaker(region, kRightMap | kRightRead),
           {.options = abi::kMapWrite});
  EXPECT_EQ(writing.error(), Error::access_denied);
  EXPECT_EQ(writing.value(0), kRightWrite);
}

TEST_F(RegionMap, GivesWhatWasAskedFor) {
  const Handle region = MakeRegion(8192);
  const Answer reading = Call(Syscall::region_map, region);
  EXPECT_EQ(reading.value(0), 8192u);
  EXPECT_EQ(reading.value(1), abi::kGuaranteeNone);
  EXPECT_TRUE(Maps(reading, base::Access::kRead));
  EXPECT_FALSE(Maps(reading, base::Access::kReadWrite));
  const Answer writing =
      Call(Syscall::region_map, region, {.options = abi::kMapWrite});
  EXPECT_TRUE(Maps(writing, base::Access::kReadWrite));
}

TEST_F(RegionMap, ForWritingASealedOneIsBadState) {
  for (const uint32_t mode : {abi::kSealSingleWriter, abi::kSealImmutable}) {
    const Handle region = MakeRegion();
    Call(Syscall::region_seal, region, {.options = mode});
    EXPECT_EQ(ErrorOf(Syscall::region_map, region, {.options = abi::kMapWrite}),
              Error::bad_state);
    EXPECT_EQ(ErrorOf(Syscall::region_map, region), Error::ok);
  }
}

// ---- region_info

using RegionInfo = Syscalls;

TEST_F(RegionInfo, ChecksHandleAndFields) {
  ExpectDoor(Syscall::region_info, {});
}

TEST_F(RegionInfo, TellsSizeGuaranteeGrantsAndId) {
  const Handle region = MakeRegion(8192);
  Call(Syscall::region_map, region);
  Call(Syscall::region_map, region, {.options = abi::kMapWrite});
  Call(Syscall::region_seal, region);
  EXPECT_THAT(Call(Syscall::region_info, region).completion.values,
              ElementsAre(8192, abi::kGuaranteeSingleWriter, 2, IdOf(region)));
}

}  // namespace
}  // namespace ipc
