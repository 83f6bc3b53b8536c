// Destroying a region's contents turn by turn: what others see in between, and
// who may go away meanwhile.
#include "tests/unit/kernel/raw_client.h"

namespace kernel {
namespace {

using abi::Syscall;

constexpr uint64_t kLarge = 16u << 20;

class DestructionsTest : public KernelTest {
 protected:
  Region& ObjectOf(Handle region) {
    return As<Region>(*root_->session()->handles.Find(region)->object);
  }
  // One whose bytes take many turns to erase.
  Handle MakeLarge() {
    const Handle region = CreateRegion(*root_, kLarge);
    writer_ = Map(*root_, region, abi::kMapWrite);
    std::memset(writer_.data(), 42, kLarge);
    return region;
  }
  static base::Mapping Map(RawClient& client, Handle region, uint32_t access) {
    const Done map =
        client.Call(Syscall::region_map, region, {}, {.options = access});
    return *base::Mapping::Map(map.descriptors.at(0).get(), 0, map.value(),
                               access == abi::kMapWrite
                                   ? base::Access::kReadWrite
                                   : base::Access::kRead);
  }
  // Until it has begun.
  void StartToDestroy(Handle region) {
    root_->Submit(Syscall::region_destroy, region);
    while (ObjectOf(region).state == abi::RegionState::whole) kernel_.Turn();
  }
  base::Mapping writer_;
};

TEST_F(DestructionsTest, LetOthersBeServedInBetween) {
  const Handle region = MakeLarge();
  auto other = AddChild(*root_, {});
  StartToDestroy(region);
  other->Submit(Syscall::session_info, 0);
  int turns = 0;
  while (!other->TryTake().has_value() && ++turns < 10) kernel_.Turn();
  EXPECT_LT(turns, 10);
  EXPECT_EQ(ObjectOf(region).state, abi::RegionState::destroying);
  EXPECT_EQ(writer_.data()[kLarge - 1], 42);
  Settle();
  EXPECT_EQ(ObjectOf(region).state, abi::RegionState::erased);
  EXPECT_EQ(writer_.data()[kLarge - 1], 0);
}

TEST_F(DestructionsTest, TellEverybodyBeforeTheFirstByteGoes) {
  const Handle region = MakeLarge();
  auto reader = AddChild(*root_, {{"region", region}});
  const base::Mapping mapping =
      Map(*reader, reader->Named("region"), abi::kMapRead);
  root_->Submit(Syscall::region_destroy, region);
  while (mapping.data()[0] == 42) kernel_.Turn();
  EXPECT_EQ(reader->completions()->words().regions_destroyed, 1u);
  Settle();
}

TEST_F(DestructionsTest, AreOneAtATimeForARegion) {
  const Handle region = MakeLarge();
  StartToDestroy(region);
  const Done second = root_->Call(Syscall::region_destroy, region);
  EXPECT_EQ(second.error(), Error::bad_state);
}

TEST_F(DestructionsTest, GoOnWhenTheHandleIsClosed) {
  const Handle region = MakeLarge();
  StartToDestroy(region);
  const Done closed = root_->Call(Syscall::handle_close, region);
  EXPECT_EQ(closed.error(), Error::ok);
  EXPECT_EQ(writer_.data()[0], 0);
  EXPECT_EQ(writer_.data()[kLarge - 1], 0);
}

TEST_F(DestructionsTest, GoOnWhenWhoAskedDies) {
  const Handle region = MakeLarge();
  auto asker = AddChild(*root_, {{"region", region}});
  asker->Submit(Syscall::region_destroy, asker->Named("region"));
  while (ObjectOf(region).state == abi::RegionState::whole) kernel_.Turn();
  kernel_.EndSession(*asker->session());
  Settle();
  EXPECT_EQ(ObjectOf(region).state, abi::RegionState::erased);
  EXPECT_EQ(writer_.data()[kLarge - 1], 0);
}

TEST_F(DestructionsTest, OfWhatAHostileWriterHasSealedIsKept) {
  const Handle region = CreateRegion(*root_, 4096);
  const Done map =
      root_->Call(Syscall::region_map, region, {}, {.options = abi::kMapWrite});
  const UniqueFd& memory = map.descriptors.at(0);
  const auto hostile =
      *base::Mapping::Map(memory.get(), 0, 4096, base::Access::kReadWrite);
  hostile.data()[0] = 42;
  ASSERT_TRUE(base::SealMemory(memory.get(), base::Seal::kSingleWriter).ok());
  const Done receipt = root_->Call(Syscall::region_destroy, region);
  ASSERT_EQ(receipt.error(), Error::ok);
  EXPECT_EQ(receipt.value(3), static_cast<uint64_t>(abi::RegionState::kept));
}

}  // namespace
}  // namespace kernel
