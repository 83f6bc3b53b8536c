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
  ExpectDoor(Syscall::region_create, {.known_options = abi::kRegionOptionsAll,
                                      .args = 2,
                                      .good = {.args = {1}}});
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

TEST_F(RegionCreate, GrowableNamesItsMostAndNothingElseDoes) {
  const auto error = [&](uint32_t options, uint64_t bytes, uint64_t most) {
    return ErrorOf(Syscall::region_create, account(),
                   {.options = options, .args = {bytes, most}});
  };
  EXPECT_EQ(error(abi::kRegionGrowable, 4096, 0), Error::invalid_args);
  EXPECT_EQ(error(0, 4096, 8192), Error::invalid_args);
  EXPECT_EQ(error(abi::kRegionGrowable, 8192, 4096), Error::out_of_range);
  EXPECT_EQ(error(abi::kRegionGrowable, 4096, abi::kRegionBytesMax + 1),
            Error::out_of_range);
  EXPECT_EQ(error(abi::kRegionGrowable, 4096, abi::kRegionBytesMax), Error::ok);
}

TEST_F(RegionCreate, InHugePagesSaysWhatItGot) {
  const Answer made = Call(Syscall::region_create, account(),
                           {.options = abi::kRegionHugePages, .args = {4096}});
  ASSERT_EQ(made.error(), Error::ok);
  const auto pages = static_cast<abi::RegionPages>(made.value(3));
  EXPECT_EQ(made.value(1),
            pages == abi::RegionPages::reserved ? abi::kHugePageBytes : 4096u);
  const Answer map =
      Call(Syscall::region_map, static_cast<Handle>(made.value(0)),
           {.options = abi::kMapWrite});
  EXPECT_TRUE(Maps(map, base::Access::kReadWrite));
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

TEST_F(RegionSeal, TellsHowManySessionsMayStillWrite) {
  const Handle region = MakeRegion();
  EXPECT_EQ(Call(Syscall::region_seal, MakeRegion()).value(1), 0u);
  Call(Syscall::region_map, region, {.options = abi::kMapWrite});
  Call(Syscall::region_map, region, {.options = abi::kMapWrite});
  EXPECT_EQ(Call(Syscall::region_seal, region).value(1), 1u);
  // Who was given memory to read could have reopened it for writing.
  const Handle early = MakeRegion();
  Other other = MakeOther(early);
  other.core().Call(Syscall::region_map, other.handle);
  Call(Syscall::region_map, early, {.options = abi::kMapWrite});
  EXPECT_EQ(Call(Syscall::region_seal, early).value(1), 2u);
}

// ---- region_map

using RegionMap = Syscalls;

TEST_F(RegionMap, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::region_map, {.known_options = abi::kMapWrite, .args = 2});
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

TEST_F(RegionMap, OfAPartChecksItAgainstTheRegion) {
  const Handle region = MakeRegion(8192);
  const auto map = [&](uint64_t offset, uint64_t bytes) {
    return Call(Syscall::region_map, region, {.args = {offset, bytes}});
  };
  EXPECT_EQ(map(4096, 0).error(), Error::ok);
  EXPECT_EQ(map(4096, 4096).error(), Error::ok);
  EXPECT_EQ(map(1, 4096).error(), Error::invalid_args);
  const Answer beyond = map(8192, 0);
  EXPECT_EQ(beyond.error(), Error::out_of_range);
  EXPECT_EQ(beyond.value(0), 0u);
  EXPECT_EQ(beyond.value(1), 4096u);
  for (const uint64_t bytes : {uint64_t{4097}, ~uint64_t{0}}) {
    const Answer large = map(4096, bytes);
    EXPECT_EQ(large.error(), Error::out_of_range);
    EXPECT_EQ(large.value(0), 1u);
    EXPECT_EQ(large.value(1), 4096u);
  }
  EXPECT_EQ(map(~uint64_t{4095}, 4096).error(), Error::out_of_range);
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
