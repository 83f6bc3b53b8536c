// What object_list tells of a lane's counters, true and false.
#include "kernel/object/lane_traffic.h"
#include "tests/unit/kernel/raw_client.h"

namespace kernel {
namespace {

using abi::LaneCounters;
using abi::Syscall;

class TrafficTest : public KernelTest {
 protected:
  TrafficTest() {
    port_ = CreatePort(*root_, 0, 4096);
    server_ = AddChild(*root_, {{"port", port_}});
    client_ = AddChild(*root_, {{"port", port_, abi::kRightSend}});
  }
  RawEnd ConnectClient() { return Connect(*client_, client_->Named("port")); }
  RawEnd Listen() {
    EXPECT_EQ(
        server_->Call(Syscall::port_listen, server_->Named("port")).error(),
        Error::ok);
    return Open(*server_);
  }
  void Kill(RawClient& client) {
    kernel_.EndSession(*client.session());
    Settle();
  }
  static LaneCounters& CountersOf(const RawEnd& end) {
    return end.own->control()->counters;
  }
  void PassSeconds(int64_t seconds) { host_.now_ns += seconds * 1'000'000'000; }
  template <typename Entry>
  Entry Only(ObjectKind kind) {
    const Done page = root_->Call(Syscall::object_list, root_->Named("kernel"),
                                  {static_cast<uint64_t>(kind), 0});
    EXPECT_EQ(page.value(0), 1u);
    return page.As<Entry>();
  }
  abi::PortEntry ThePort() { return Only<abi::PortEntry>(ObjectKind::port); }
  abi::LaneEntry TheLane() { return Only<abi::LaneEntry>(ObjectKind::lane); }

  Handle port_ = 0;
  std::unique_ptr<RawClient> server_;
  std::unique_ptr<RawClient> client_;
};

constexpr LaneCounters kSome = {.messages = 1,
                                .message_bytes = 2,
                                .wakes = 3,
                                .full = 4,
                                .taken = 5,
                                .queued_bytes_most = 64,
                                .spins_paid = 6,
                                .spins_lost = 7,
                                .sleeps = 8};

void ExpectSame(const LaneCounters& a, const LaneCounters& b) {
  EXPECT_EQ(std::memcmp(&a, &b, sizeof(a)), 0);
}

TEST_F(TrafficTest, EachEndIsToldApart) {
  const RawEnd sender = ConnectClient();
  const RawEnd listener = Listen();
  PassSeconds(1);
  CountersOf(sender) = kSome;
  CountersOf(listener).taken = 9;
  ExpectSame(TheLane().sender_counters, kSome);
  EXPECT_EQ(TheLane().receiver_counters.taken, 9u);
  ExpectSame(ThePort().sender_counters, kSome);
  EXPECT_EQ(ThePort().receiver_counters.taken, 9u);
  EXPECT_EQ(ThePort().receiver_counters.messages, 0u);
}

TEST_F(TrafficTest, APortAddsUpItsLanesAndTellsItsFullest) {
  const RawEnd one = ConnectClient();
  const RawEnd two = ConnectClient();
  PassSeconds(1);
  CountersOf(one) = kSome;
  CountersOf(two).sleeps = 100;
  CountersOf(two).queued_bytes_most = 128;
  EXPECT_EQ(ThePort().sender_counters.sleeps, 108u);
  EXPECT_EQ(ThePort().sender_counters.queued_bytes_most, 128u);
}

TEST_F(TrafficTest, APortKeepsWhatEndedLanesCounted) {
  const RawEnd sender = ConnectClient();
  PassSeconds(1);
  CountersOf(sender) = kSome;
  Kill(*client_);
  EXPECT_TRUE(kernel_.objects(ObjectKind::lane).empty());
  ExpectSame(ThePort().sender_counters, kSome);
}

TEST_F(TrafficTest, ALaneKeepsWhatPastListenersCounted) {
  ConnectClient();
  const RawEnd first = Listen();
  PassSeconds(1);
  CountersOf(first) = kSome;
  Kill(*server_);
  ExpectSame(TheLane().receiver_counters, kSome);
  ExpectSame(ThePort().receiver_counters, kSome);
  ASSERT_EQ(root_->Call(Syscall::port_listen, port_).error(), Error::ok);
  const RawEnd second = Open(*root_);
  PassSeconds(1);
  CountersOf(second).taken = 10;
  EXPECT_EQ(TheLane().receiver_counters.taken, 15u);
  Kill(*client_);
  root_->Call(Syscall::lane_close, second.lane);
  EXPECT_EQ(ThePort().receiver_counters.taken, 15u);
}

TEST_F(TrafficTest, NoFigureFalls) {
  const RawEnd sender = ConnectClient();
  PassSeconds(1);
  CountersOf(sender) = kSome;
  ExpectSame(TheLane().sender_counters, kSome);
  CountersOf(sender) = {};
  ExpectSame(TheLane().sender_counters, kSome);
  Kill(*client_);
  ExpectSame(ThePort().sender_counters, kSome);
}

TEST_F(TrafficTest, NothingIsBelievedThatCannotBe) {
  const RawEnd sender = ConnectClient();
  std::memset(&CountersOf(sender), 0xff, sizeof(LaneCounters));
  PassSeconds(2);
  const LaneCounters told = TheLane().sender_counters;
  EXPECT_EQ(told.messages, 2'000'000'000u);
  EXPECT_EQ(told.message_bytes, 2'000'000'000'000u);
  EXPECT_EQ(told.queued_bytes_most, 4096u);
  for (const uint64_t reserved : told.reserved) EXPECT_EQ(reserved, 0u);
}

TEST_F(TrafficTest, ALiarSpoilsNoOtherLane) {
  const RawEnd liar = ConnectClient();
  const RawEnd honest = Connect(*root_, port_);
  PassSeconds(1);
  std::memset(&CountersOf(liar), 0xff, sizeof(LaneCounters));
  CountersOf(honest) = kSome;
  const Done page = root_->Call(Syscall::object_list, root_->Named("kernel"),
                                {static_cast<uint64_t>(ObjectKind::lane), 0});
  ExpectSame(page.As<abi::LaneEntry>(1).sender_counters, kSome);
  const uint64_t before = ThePort().sender_counters.messages;
  CountersOf(honest).messages += 7;
  Kill(*client_);
  EXPECT_EQ(ThePort().sender_counters.messages, before + 7);
}

TEST(AddCounters, StaysAtTheLargestNumber) {
  LaneCounters sum = {.messages = UINT64_MAX - 1, .wakes = UINT64_MAX};
  AddCounters({.messages = 2, .taken = 3}, &sum);
  EXPECT_EQ(sum.messages, UINT64_MAX);
  EXPECT_EQ(sum.wakes, UINT64_MAX);
  EXPECT_EQ(sum.taken, 3u);
}

}  // namespace
}  // namespace kernel
