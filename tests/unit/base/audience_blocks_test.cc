// Who holds a topic's blocks, as its publisher sees it.
#include <gtest/gtest.h>

#include "libipc/base/audience.h"
#include "tests/unit/base/subscriber_page.h"

namespace base {
namespace {

using Progress = Audience::Progress;

TEST(AudienceBlocks, NobodyHoldsWhatIsOvertaken) {
  Audience audience;
  EXPECT_EQ(audience.LowestHeld(6400, 128), 128u);
}

TEST(AudienceBlocks, AReliableOneHoldsAndALossyOneUntilItIsOvertaken) {
  SubscriberPage reliable(0);
  SubscriberPage lossy(1);
  Audience audience;
  audience.Add(1, std::move(reliable.seen), Audience::Kind::kReliable, {});
  audience.Add(2, std::move(lossy.seen), Audience::Kind::kLossy, {});
  reliable.own.held().store(640);
  EXPECT_EQ(audience.LowestHeld(6400, 0), 0u);
  EXPECT_EQ(audience.LowestHeld(6400, 320), 320u);
  EXPECT_EQ(audience.LowestHeld(6400, 6400), 640u);
  EXPECT_EQ(audience.FirstBelow(704, 6400, Progress::kReleased).id, 1u);
  EXPECT_EQ(audience.FirstBelow(640, 6400, Progress::kReleased).id, 0u);
}

TEST(AudienceBlocks, WhatIsReadAndWhatIsReleasedAreTwoThings) {
  SubscriberPage page(3);
  Audience audience;
  audience.Add(1, std::move(page.seen), Audience::Kind::kReliable, {});
  page.own.head().store(1280);
  EXPECT_EQ(audience.LowestHead(6400), 1280u);
  EXPECT_EQ(audience.LowestHeld(6400, 6400), 0u);
}

TEST(AudienceBlocks, WhoBeganBeforeItWasHeardOfHoldsWhatItSays) {
  SubscriberPage early(0);
  early.own.held().store(640);
  Audience audience;
  audience.Add(1, std::move(early.seen), Audience::Kind::kReliable,
               {1280, 1280});
  EXPECT_EQ(audience.LowestHeld(6400, 6400), 640u);
  EXPECT_EQ(audience.FirstBelow(1280, 6400, Progress::kReleased).id, 1u);
  early.own.held().store(1280);
  EXPECT_EQ(audience.LowestHeld(6400, 6400), 1280u);
}

TEST(AudienceBlocks, WhoSaysTooMuchIsBelievedNoMore) {
  SubscriberPage liar(0);
  liar.own.held().store(~uint64_t{0});
  Audience audience;
  audience.Add(1, std::move(liar.seen), Audience::Kind::kReliable, {64, 64});
  EXPECT_EQ(audience.LowestHeld(6400, 6400), 64u);
}

TEST(AudienceBlocks, WhoLiesAboutItHarmsItselfOnly) {
  SubscriberPage honest(0);
  SubscriberPage liar(1);
  Audience audience;
  for (SubscriberPage* page : {&honest, &liar}) page->own.held().store(64);
  audience.Add(1, std::move(honest.seen), Audience::Kind::kReliable, {64, 64});
  audience.Add(2, std::move(liar.seen), Audience::Kind::kReliable, {64, 64});
  honest.own.held().store(640);
  liar.own.held().store(~uint64_t{0});
  EXPECT_EQ(audience.LowestHeld(6400, 6400), 64u);
  liar.own.held().store(6400);
  EXPECT_EQ(audience.LowestHeld(6400, 6400), 640u);
  liar.own.held().store(0);  // and back again
  EXPECT_EQ(audience.LowestHeld(6400, 6400), 640u);
}

}  // namespace
}  // namespace base
