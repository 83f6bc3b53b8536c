#include "libipc/base/woken.h"

#include <gtest/gtest.h>

namespace base {
namespace {

constexpr uint32_t kFirstArming = 0x101;
constexpr uint32_t kSecondArming = 0x201;

TEST(Woken, EachArmingIsWokenForTheNextTwoStores) {
  Woken woken;
  EXPECT_TRUE(woken.IsDue(kFirstArming, 64));
  EXPECT_TRUE(woken.IsDue(kFirstArming, 128));
  EXPECT_FALSE(woken.IsDue(kFirstArming, 192));
  EXPECT_TRUE(woken.IsDue(kSecondArming, 256));
}

// The sleeper may have seen it before it armed, so the next store is due.
TEST(Woken, TheSameStoreIsNotWokenForTwice) {
  Woken woken;
  EXPECT_TRUE(woken.IsDue(kFirstArming, 64));
  EXPECT_FALSE(woken.IsDue(kFirstArming, 64));
  EXPECT_TRUE(woken.IsDue(kFirstArming, 128));
}

TEST(Woken, AStoreThatWasWokenForIsDueAgainAtTheNextArming) {
  Woken woken;
  EXPECT_TRUE(woken.IsDue(kFirstArming, 64));
  EXPECT_TRUE(woken.IsDue(kSecondArming, 64));
}

}  // namespace
}  // namespace base
