// A subscriber's page as it is written by its owner and seen by the publisher.
#pragma once

#include <gtest/gtest.h>

#include "libipc/base/audience.h"
#include "libipc/base/memory.h"

namespace base {

struct SubscriberPage {
  explicit SubscriberPage(uint32_t seat) {
    UniqueFd fd = *SubscriberMemory::Create();
    own = *SubscriberMemory::Map(fd.get(), seat, Access::kReadWrite);
    EXPECT_TRUE(SealMemory(fd.get(), Seal::kSingleWriter).ok());
    seen = *SubscriberMemory::Map(fd.get(), seat, Access::kRead);
  }
  SubscriberMemory own;
  SubscriberMemory seen;
};

}  // namespace base
