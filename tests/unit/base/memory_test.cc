#include "libipc/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

namespace base {
namespace {

TEST(Memory, IsZeroAndOfTheSizeAsked) {
  UniqueFd fd = *CreateMemory("test", 8192);
  EXPECT_TRUE(IsMemoryOf(fd.get(), 8192));
  EXPECT_FALSE(IsMemoryOf(fd.get(), 4096));
  Mapping mapping = *Mapping::Map(fd.get(), 0, 8192, Access::kRead);
  for (int i = 0; i < 8192; ++i) ASSERT_EQ(mapping.data()[i], 0);
}

TEST(Memory, CannotShrinkUnderAReader) {
  UniqueFd fd = *CreateMemory("test", 8192);
  EXPECT_NE(ftruncate(fd.get(), 0), 0);
  EXPECT_NE(ftruncate(fd.get(), 1 << 20), 0);
}

// What the single-writer seal must stop, each way there is, also for root.
TEST(Memory, SealedForOneWriterNobodyElseCanWrite) {
  UniqueFd fd = *CreateMemory("test", 4096);
  Mapping own = *Mapping::Map(fd.get(), 0, 4096, Access::kReadWrite);
  ASSERT_TRUE(SealMemory(fd.get(), Seal::kSingleWriter).ok());
  own.data()[0] = 42;

  EXPECT_FALSE(Mapping::Map(fd.get(), 0, 4096, Access::kReadWrite).ok());
  EXPECT_LT(write(fd.get(), "x", 1), 0);
  EXPECT_LT(
      fallocate(fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096),
      0);
  Mapping reader = *Mapping::Map(fd.get(), 0, 4096, Access::kRead);
  EXPECT_EQ(reader.data()[0], 42);
  EXPECT_NE(mprotect(reader.data(), 4096, PROT_READ | PROT_WRITE), 0);
  char path[64];
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd.get());
  UniqueFd again(open(path, O_RDWR | O_CLOEXEC));
  if (again.valid()) {
    EXPECT_FALSE(Mapping::Map(again.get(), 0, 4096, Access::kReadWrite).ok());
    EXPECT_LT(write(again.get(), "x", 1), 0);
  }
  own.data()[1] = 43;
  EXPECT_EQ(reader.data()[1], 43);
}

TEST(Memory, ImmutableNeedsThatNobodyCanWrite) {
  UniqueFd fd = *CreateMemory("test", 4096);
  {
    Mapping own = *Mapping::Map(fd.get(), 0, 4096, Access::kReadWrite);
    EXPECT_EQ(SealMemory(fd.get(), Seal::kImmutable).error(), Error::bad_state);
  }
  EXPECT_TRUE(SealMemory(fd.get(), Seal::kImmutable).ok());
  EXPECT_FALSE(Mapping::Map(fd.get(), 0, 4096, Access::kReadWrite).ok());
}

TEST(Memory, ARingIsMappedTwiceInARow) {
  UniqueFd fd = *CreateMemory("test", 4096 + 8192);
  Mapping ring = *Mapping::MapRing(fd.get(), 4096, 8192, Access::kReadWrite);
  ring.data()[4096 + 5] = 7;
  EXPECT_EQ(ring.data()[4096 + 8192 + 5], 7);
}

TEST(Memory, SizesAreRoundedUpToPages) {
  EXPECT_EQ(RoundUpToPage(1), PageBytes());
  EXPECT_EQ(RoundUpToPage(PageBytes()), PageBytes());
  EXPECT_EQ(RoundUpToPage(PageBytes() + 1), 2 * PageBytes());
}

}  // namespace
}  // namespace base
