#include "libipc/base/huge_pages.h"

#include <gtest/gtest.h>

#include "libipc/base/memory.h"

namespace base {
namespace {

TEST(HugePages, AdviceHelpsWhereTheWordInBracketsSaysSo) {
  EXPECT_TRUE(AdviceHelps("[always] within_size advise never deny force"));
  EXPECT_TRUE(AdviceHelps("always [within_size] advise never deny force"));
  EXPECT_TRUE(AdviceHelps("always within_size [advise] never deny force"));
  EXPECT_FALSE(AdviceHelps("always within_size advise [never] deny force"));
  EXPECT_FALSE(AdviceHelps("always within_size advise never [deny] force"));
  EXPECT_FALSE(AdviceHelps(""));
}

// Where some are free; else it says so, and leaves nothing.
TEST(HugePages, AreSetAsideOrRefused) {
  const auto memory = CreateHugeMemory("test", kHugePageBytes);
  if (!memory.ok()) {
    EXPECT_TRUE(memory.error() == Error::quota_exceeded ||
                memory.error() == Error::not_supported);
    return;
  }
  EXPECT_TRUE(IsMemoryOf(memory->get(), kHugePageBytes));
  auto mapping =
      Mapping::Map(memory->get(), 0, kHugePageBytes, Access::kReadWrite);
  ASSERT_TRUE(mapping.ok());
  mapping->data()[kHugePageBytes - 1] = 1;
}

}  // namespace
}  // namespace base
