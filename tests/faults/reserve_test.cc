// The memory reserve itself, and whether it is as large as it has to be.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/faults/manual.h"
#include "tests/faults/recipes.h"

namespace faults {
namespace {

using kernel::Reserve;

// The reserve's header counts with this for a request and what it sets going.
constexpr size_t kRequestBytesMax = 256u << 10;

TEST(ReserveTest, IsHeldWhereThereIsNone) { EXPECT_TRUE(Reserve::Held()); }

TEST(ReserveTest, IsSpentOnceAndTakenBack) {
  const Reserve reserve;
  Arm({What::kMemory, 1, Span::kForGood});
  {
    const Watched watched;
    const auto first = std::make_unique<char[]>(Reserve::kLargeBytes);
    EXPECT_FALSE(Reserve::Held());
    const auto second = std::make_unique<char[]>(Reserve::kLargeBytes);
    EXPECT_FALSE(Reserve::Held());
  }
  Disarm();
  EXPECT_TRUE(Reserve::Held());
}

TEST(ReserveTest, IsTakenBackInPiecesWhereItIsNotToBeHadWhole) {
  const Reserve reserve;
  for (int round = 0; round < 2; ++round) {
    const Watched watched;
    Arm({What::kMemory, 1, Span::kOnce});
    const auto spends = std::make_unique<char[]>(Reserve::kLargeBytes);
    ASSERT_TRUE(Hit());
    Arm({What::kMemory, 1, Span::kOnce});
    EXPECT_TRUE(Reserve::Held());
    EXPECT_TRUE(Hit()) << "not asked for whole";
  }
  Disarm();
}

TEST(ReserveDeathTest, EndsTheProcessWhenItDoesNotSuffice) {
  EXPECT_DEATH(
      {
        const Reserve reserve;
        Arm({What::kMemory, 1, Span::kForGood});
        const Watched watched;
        const auto more = std::make_unique<char[]>(2 * Reserve::kBytes);
        printf("%d", more[0]);
      },
      "out of memory, and the reserve does not suffice");
}

uint64_t ResidentBytes() {
  uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * 4096;
}

// It costs address space; memory only once it is used. In a process whose heap
// is fresh.
TEST(ReserveDeathTest, IsNotTouchedWhileItIsHeld) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const uint64_t before = ResidentBytes();
        const Reserve reserve;
        exit(ResidentBytes() < before + Reserve::kBytes / 6 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(ReserveTest, CoversEachRequest) {
  for (const Recipe& recipe : Recipes(Size::kLarge)) {
    Scene scene;
    const Asked asked = recipe.prepare(scene);
    ResetPeak();
    scene.Ask(recipe.call, asked);
    EXPECT_TRUE(recipe.effect(scene, scene.Answer())) << recipe.title;
    EXPECT_LE(PeakBytes(), kRequestBytesMax)
        << NameOf(recipe.call) << ": " << recipe.title;
    EXPECT_LE(LargestBytes(), Reserve::kLargeBytes);
  }
}

// Its ring is full of requests with large answers, which nobody will read.
TEST(ReserveTest, CoversTheEndOfOneThatHasAskedForMuch) {
  Scene scene;
  RawClient& caller = scene.caller();
  for (int i = 0; i < 300; ++i) scene.CreatePort(caller);
  while (caller.writer().HasRoom(sizeof(ipc::abi::Request), nullptr))
    caller.Submit(Syscall::object_list, scene.kernel_handle(),
                  {static_cast<uint64_t>(ipc::abi::ObjectKind::port), 0});
  kernel::Session* session = caller.session();
  const uint64_t before = session->process->requests;
  ResetPeak();
  scene.Do([&] {
    scene.core().HangUp(*session);
    EXPECT_GT(session->process->requests, before + 100);
  });
  EXPECT_LE(PeakBytes(), kRequestBytesMax);
  EXPECT_EQ(scene.Leftovers(), "");
}

TEST(ReserveTest, CoversABlockOfCapabilities) {
  Scene scene;
  const Handle port = scene.CreatePort(scene.caller());
  const size_t blocks = scene.core().tree().blocks();
  ResetPeak();
  while (scene.core().tree().blocks() == blocks)
    scene.AskAside(scene.caller(), Syscall::handle_duplicate,
                   {port, {ipc::abi::kRightsSame}});
  EXPECT_GT(LargestBytes(), Reserve::kSmallBytes);
  EXPECT_LE(LargestBytes(), Reserve::kLargeBytes);
}

}  // namespace
}  // namespace faults
