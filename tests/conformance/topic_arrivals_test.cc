// A publisher that does not publish keeps nothing of subscribers that come and
// go meanwhile.
#include <dirent.h>
#include <gtest/gtest.h>

#include "ipc/topic.h"
#include "libipc/base/clock.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;

int OpenDescriptors() {
  int count = 0;
  DIR* const open = opendir("/proc/self/fd");
  while (readdir(open) != nullptr) ++count;
  closedir(open);
  return count;
}

class TopicArrivals : public ::testing::Test {
 protected:
  std::unique_ptr<testing_kit::World> world_ = testing_kit::World::Start();
  Capability topic_ = Must(CreateTopic(world_->root(), {}));
  Publisher publisher_ = Must(Publisher::Create(Must(topic_.Duplicate())));

  Session Other() {
    const InitialCapability initial[] = {
        {"topic", &topic_, kRightReceive | kRightDuplicate}};
    return world_->NewSession("reader", initial);
  }
};

TEST_F(TopicArrivals, WhoComesAndGoesLeavesNoDescriptor) {
  Session other = Other();
  const Capability topic = Must(other.Take("topic"));
  const auto come_and_go = [&](int times) {
    for (int i = 0; i < times; ++i)
      Must(Subscriber::Create(Must(topic.Duplicate()),
                              {.wait = SubscriberWait::kAmongOthers}));
    // Somebody reads the news, though not the publisher.
    Must(topic_.Info());
  };
  come_and_go(10);
  const int before = OpenDescriptors();
  come_and_go(100);
  EXPECT_LT(OpenDescriptors(), before + 20);
  EXPECT_EQ(publisher_.subscribers(), 0u);
}

TEST_F(TopicArrivals, WhoStaysIsKnownAtTheNextPublishing) {
  Session other = Other();
  const Capability topic = Must(other.Take("topic"));
  Subscriber stays = Must(Subscriber::Create(Must(topic.Duplicate())));
  { const auto goes = Must(Subscriber::Create(Must(topic.Duplicate()))); }
  Must(topic_.Info());
  Must(publisher_.Publish(BytesOf("x"), Soon()));
  EXPECT_EQ(TextOf(Must(stays.Next(Soon())).payload), "x");
  const Deadline deadline = Soon();
  uint64_t published = 1;
  while (publisher_.subscribers() != 1 && deadline.ns > base::NowNs()) {
    Must(publisher_.Publish(BytesOf("y"), Soon()));
    ++published;
    EXPECT_EQ(Must(stays.Next(Soon())).sequence, published);
  }
  EXPECT_EQ(publisher_.subscribers(), 1u);
}

}  // namespace
}  // namespace ipc
