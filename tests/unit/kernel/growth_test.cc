// Lanes whose requests go on in another ring: what is charged, measured, told.
#include "kernel/object/lane_positions.h"
#include "tests/unit/kernel/raw_client.h"

namespace kernel {
namespace {

using abi::Event;
using abi::Syscall;

constexpr int64_t kSecondNs = 1'000'000'000;

class GrowthTest : public KernelTest {
 protected:
  GrowthTest() {
    port_ = CreatePort(*root_, 0, 4096, 65'536);
    server_ = AddChild(*root_, {{"port", port_}});
    client_ = AddChild(*root_, {{"port", port_, abi::kRightSend}});
    sender_ = Connect(*client_, client_->Named("port"));
    base_ = Charged();
  }
  void StartListening() {
    ASSERT_EQ(
        server_->Call(Syscall::port_listen, server_->Named("port")).error(),
        Error::ok);
    listener_ = Open(*server_);
    Joined(*client_, &sender_);
  }
  Lane& OnlyLane() {
    return As<Lane>(*kernel_.objects(ObjectKind::lane).begin()->second);
  }
  uint64_t Charged() {
    return kernel_.root_account().used[static_cast<size_t>(AccountItem::bytes)];
  }
  void Kill(RawClient& client) {
    kernel_.EndSession(*client.session());
    Settle();
  }
  void Pass(int64_t ns) {
    for (int64_t passed = 0; passed < ns; passed += kSecondNs / 2) {
      host_.now_ns += kSecondNs / 2;
      Settle();
    }
  }
  std::string TakeAll() {
    std::string all;
    for (std::string one; (one = listener_.Take()) != "-";) {
      all += one;
      listener_.own->head().store(listener_.reader.position());
    }
    return all;
  }

  Handle port_ = 0;
  std::unique_ptr<RawClient> server_;
  std::unique_ptr<RawClient> client_;
  RawEnd sender_;
  RawEnd listener_;
  uint64_t base_ = 0;  // charged for the lane as it was made
};

TEST_F(GrowthTest, MessagesPassFromRingToRing) {
  StartListening();
  sender_.Send("a");
  ASSERT_EQ(GoOnIn(*client_, sender_, 8192), Error::ok);
  sender_.Send("b");
  EXPECT_EQ(TakeAll(), "a");
  FollowTo(*server_, listener_);
  EXPECT_EQ(TakeAll(), "b");
  ASSERT_EQ(GoOnIn(*client_, sender_, 65'536), Error::ok);
  sender_.Send("c");
  FollowTo(*server_, listener_);
  EXPECT_EQ(TakeAll(), "c");
  ASSERT_EQ(GoOnIn(*client_, sender_, 4096), Error::ok);
  sender_.Send("d");
  FollowTo(*server_, listener_);
  EXPECT_EQ(TakeAll(), "d");
  EXPECT_EQ(Measure(OnlyLane()).request_end, 256u);
}

TEST_F(GrowthTest, EachRingIsChargedUntilItsContentsAreTaken) {
  StartListening();
  ASSERT_EQ(GoOnIn(*client_, sender_, 8192), Error::ok);
  sender_.Send("a");
  FollowTo(*server_, listener_);
  ASSERT_EQ(GoOnIn(*client_, sender_, 16'384), Error::ok);
  EXPECT_EQ(Charged(), base_ + 8192 + 16'384);
  EXPECT_EQ(GoOnIn(*client_, sender_, 32'768), Error::should_wait);
  TakeAll();
  Pass(kSecondNs);
  EXPECT_EQ(Charged(), base_ + 16'384);
  Kill(*client_);
  Kill(*server_);
  EXPECT_EQ(Charged(), 0u);
}

TEST_F(GrowthTest, ALaneThatEndsInTheMiddleOfAChangePaysNothing) {
  StartListening();
  ASSERT_EQ(GoOnIn(*client_, sender_, 8192), Error::ok);
  client_->Call(Syscall::lane_resize, sender_.lane, {16'384});
  EXPECT_EQ(Charged(), base_ + 8192 + 16'384);
  Kill(*client_);
  Kill(*server_);
  EXPECT_EQ(Charged(), 0u);
  EXPECT_TRUE(kernel_.objects(ObjectKind::lane).empty());
  Pass(2 * kSecondNs);
  EXPECT_EQ(host_.alarm_ns, Timers::kNever);
}

TEST_F(GrowthTest, FalsePositionsAreBoundedByBothRings) {
  StartListening();
  for (int i = 0; i < 4; ++i) sender_.Send("x");
  ASSERT_EQ(GoOnIn(*client_, sender_, 8192), Error::ok);
  sender_.Send("y");
  const uint64_t lies[] = {0,          1,          64,         4096, 256 + 8192,
                           1ull << 20, 1ull << 62, 1ull << 63, ~0ull};
  for (const uint64_t tail : lies)
    for (const uint64_t head : lies) {
      sender_.own->tail().store(tail);
      listener_.own->head().store(head);
      const LanePositions at = Measure(OnlyLane());
      EXPECT_EQ(at.request_end % 64, 0u);
      EXPECT_GE(at.request_end, 256u);
      EXPECT_LE(at.taken, at.request_end);
      EXPECT_LE(at.request_end - at.taken, 4096u + 8192u);
    }
}

TEST_F(GrowthTest, StampedInTheNewRingCountsThoughItsTailWasNotMoved) {
  sender_.Send("a");
  ASSERT_EQ(GoOnIn(*client_, sender_, 8192), Error::ok);
  sender_.Send("b");
  sender_.own->tail().store(64);
  EXPECT_EQ(Measure(OnlyLane()).request_end, 128u);
}

TEST_F(GrowthTest, ADeadSendersMessagesInBothRingsWaitForAListener) {
  sender_.Send("a");
  ASSERT_EQ(GoOnIn(*client_, sender_, 8192), Error::ok);
  sender_.Send("b");
  Kill(*client_);
  ASSERT_EQ(server_->Call(Syscall::port_listen, server_->Named("port")).error(),
            Error::ok);
  listener_ = Open(*server_);
  EXPECT_EQ(TakeAll(), "a");
  FollowTo(*server_, listener_);
  EXPECT_EQ(TakeAll(), "b");
  EXPECT_EQ(server_->TakeEvent(Event::lane_cut).value(0), 128u);
}

TEST_F(GrowthTest, ASuccessorGoesOnWhereTheDeadListenerWas) {
  StartListening();
  ASSERT_EQ(GoOnIn(*client_, sender_, 8192), Error::ok);
  sender_.Send("a");
  sender_.Send("b");
  FollowTo(*server_, listener_);
  EXPECT_EQ(listener_.Take(), "a");
  listener_.own->head().store(64);
  ASSERT_EQ(GoOnIn(*client_, sender_, 4096), Error::ok);
  sender_.Send("c");
  Kill(*server_);
  ASSERT_EQ(root_->Call(Syscall::port_listen, port_).error(), Error::ok);
  listener_ = Open(*root_);
  FollowTo(*root_, listener_);
  EXPECT_EQ(TakeAll(), "b");
  FollowTo(*root_, listener_);
  EXPECT_EQ(TakeAll(), "c");
}

TEST_F(GrowthTest, AnIdleLaneIsToldOnceUntilItNeedsMoreAgain) {
  StartListening();
  ASSERT_EQ(GoOnIn(*client_, sender_, 8192), Error::ok);
  FollowTo(*server_, listener_);
  Pass(4 * kSecondNs);
  EXPECT_TRUE(client_->HasEvent(Event::lane_idle));
  client_->TakeEvent(Event::lane_idle);
  Pass(10 * kSecondNs);
  EXPECT_FALSE(client_->HasEvent(Event::lane_idle));
  sender_.Send("a");
  Pass(2 * kSecondNs);
  TakeAll();
  Pass(4 * kSecondNs);
  EXPECT_TRUE(client_->HasEvent(Event::lane_idle));
}

TEST_F(GrowthTest, NoTimerRunsWhileNoLaneHasGrown) {
  StartListening();
  EXPECT_EQ(host_.alarm_ns, Timers::kNever);
  ASSERT_EQ(GoOnIn(*client_, sender_, 8192), Error::ok);
  EXPECT_NE(host_.alarm_ns, Timers::kNever);
  ASSERT_EQ(GoOnIn(*client_, sender_, 4096), Error::ok);
  Pass(2 * kSecondNs);
  EXPECT_EQ(host_.alarm_ns, Timers::kNever);
  EXPECT_EQ(Charged(), base_);
}

}  // namespace
}  // namespace kernel
