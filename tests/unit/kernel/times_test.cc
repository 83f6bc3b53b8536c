// What port_times tells of what lanes have measured, true and false.
#include "tests/unit/kernel/raw_client.h"

namespace kernel {
namespace {

using abi::LaneTimes;
using abi::Syscall;
using abi::TimeBuckets;

class TimesTest : public KernelTest {
 protected:
  TimesTest() {
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
  static LaneTimes& TimesOf(const RawEnd& end) { return end.own->times(); }
  void PassSeconds(int64_t seconds) { host_.now_ns += seconds * 1'000'000'000; }
  uint64_t PortId() {
    return kernel_.objects(ObjectKind::port).rbegin()->first;
  }
  Done Page(uint64_t after = 0) {
    return root_->Call(Syscall::port_times, root_->Named("kernel"),
                       {PortId(), after});
  }
  LaneTimes Times() { return Page().As<LaneTimes>(); }

  Handle port_ = 0;
  std::unique_ptr<RawClient> server_;
  std::unique_ptr<RawClient> client_;
};

const TimeBuckets kSomeTimes = {
    .samples = 2, .sum_ns = 300, .most_ns = 200, .messages = {0, 5, 0, 7}};

void ExpectSame(const TimeBuckets& a, const TimeBuckets& b) {
  EXPECT_EQ(std::memcmp(&a, &b, sizeof(a)), 0);
}

TEST_F(TimesTest, EachSideTellsWhatItKnows) {
  const RawEnd sender = ConnectClient();
  const RawEnd listener = Listen();
  PassSeconds(1);
  TimesOf(sender).call = kSomeTimes;
  TimesOf(sender).queue.samples = 100;  // not the sender's to tell
  TimesOf(listener).queue = kSomeTimes;
  TimesOf(listener).call.samples = 100;
  const LaneTimes times = Times();
  ExpectSame(times.call, kSomeTimes);
  ExpectSame(times.queue, kSomeTimes);
  EXPECT_EQ(times.work.samples, 0u);
}

TEST_F(TimesTest, APortKeepsWhatLanesMeasuredThatAreGone) {
  const RawEnd sender = ConnectClient();
  const RawEnd listener = Listen();
  PassSeconds(1);
  TimesOf(sender).call = kSomeTimes;
  TimesOf(listener).work = kSomeTimes;
  const uint64_t version = Page().value(3);
  Kill(*client_);
  server_->Call(Syscall::lane_close, listener.lane);
  EXPECT_TRUE(kernel_.objects(ObjectKind::lane).empty());
  EXPECT_EQ(Page().value(0), 0u);
  EXPECT_NE(Page().value(3), version);
  ExpectSame(Times().call, kSomeTimes);
  ExpectSame(Times().work, kSomeTimes);
}

TEST_F(TimesTest, ALaneKeepsWhatPastListenersMeasured) {
  ConnectClient();
  const RawEnd first = Listen();
  PassSeconds(1);
  TimesOf(first).queue = kSomeTimes;
  Kill(*server_);
  ExpectSame(Times().queue, kSomeTimes);
  ASSERT_EQ(root_->Call(Syscall::port_listen, port_).error(), Error::ok);
  const RawEnd second = Open(*root_);
  PassSeconds(1);
  TimesOf(second).queue = kSomeTimes;
  EXPECT_EQ(Times().queue.samples, 4u);
  EXPECT_EQ(Times().queue.most_ns, 200u);
}

TEST_F(TimesTest, ALaneThatMeasuredNothingLeavesNothing) {
  ConnectClient();
  const uint64_t version = Page().value(3);
  Kill(*client_);
  EXPECT_EQ(Page().value(3), version);
}

TEST_F(TimesTest, NothingIsBelievedThatCannotBe) {
  const RawEnd liar = ConnectClient();
  const RawEnd honest = Connect(*root_, port_);
  PassSeconds(2);
  std::memset(&TimesOf(liar), 0xff, sizeof(LaneTimes));
  EXPECT_EQ(Times().call.messages[3], 2'000'000'000u);
  EXPECT_EQ(Times().queue.samples, 0u);
  Kill(*client_);
  TimesOf(honest).call = kSomeTimes;
  EXPECT_EQ(Times().call.messages[3], 2'000'000'007u);
  EXPECT_EQ(Times().call.samples, 2'000'000'002u);
  EXPECT_EQ(Times().call.sum_ns, UINT64_MAX);
}

TEST_F(TimesTest, ManyLanesTakeManyPages) {
  std::vector<RawEnd> ends;
  for (uint32_t i = 0; i < abi::kPortTimesLanes + 1; ++i)
    ends.push_back(Connect(
        *root_,
        root_->Call(Syscall::handle_duplicate, port_, {abi::kRightsSame})
            .handle()));
  PassSeconds(1);
  for (const RawEnd& end : ends) TimesOf(end).call = kSomeTimes;
  const Done first = Page();
  EXPECT_EQ(first.value(0), abi::kPortTimesLanes);
  EXPECT_EQ(first.value(2), 1u);
  EXPECT_EQ(first.As<LaneTimes>().call.samples, 2 * abi::kPortTimesLanes);
  const Done last = Page(first.value(1));
  EXPECT_EQ(last.value(0), 1u);
  EXPECT_EQ(last.value(2), 0u);
  ExpectSame(last.As<LaneTimes>().call, kSomeTimes);
}

}  // namespace
}  // namespace kernel
