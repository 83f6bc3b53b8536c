// What ends by the clock: capabilities with an end, and late Hellos.
#include "tests/unit/kernel/raw_client.h"

namespace kernel {
namespace {

using abi::Syscall;

class TimersTest : public KernelTest {
 protected:
  Handle MintUntil(Handle port, int64_t end) {
    return root_
        ->Call(Syscall::handle_mint, port,
               {abi::kRightsSame, 0, static_cast<uint64_t>(end)})
        .handle();
  }
  bool Valid(Handle handle) {
    return root_->Call(Syscall::handle_info, handle).error() == Error::ok;
  }
};

TEST_F(TimersTest, TheAlarmIsTheNextEnd) {
  const Handle port = CreatePort(*root_);
  EXPECT_EQ(host_.alarm_ns, Timers::kNever);
  const int64_t late = host_.now_ns + 2000;
  const int64_t soon = host_.now_ns + 1000;
  const Handle later = MintUntil(port, late);
  EXPECT_EQ(host_.alarm_ns, late);
  const Handle sooner = MintUntil(port, soon);
  EXPECT_EQ(host_.alarm_ns, soon);
  // One that is closed early takes its alarm with it.
  root_->Call(Syscall::handle_close, sooner);
  EXPECT_EQ(host_.alarm_ns, late);
  host_.now_ns = late;
  Settle();
  EXPECT_FALSE(Valid(later));
  EXPECT_EQ(host_.alarm_ns, Timers::kNever);
}

TEST_F(TimersTest, AnEndCountsBeforeItsAlarmRings) {
  const Handle port = CreatePort(*root_);
  const Handle brief = MintUntil(port, host_.now_ns + 1000);
  const Handle copy =
      root_->Call(Syscall::handle_duplicate, brief, {abi::kRightsSame})
          .handle();
  EXPECT_TRUE(Valid(copy));
  host_.now_ns += 1000;
  const Done gone = root_->Call(Syscall::handle_info, copy);
  EXPECT_EQ(gone.error(), Error::bad_handle);
  EXPECT_EQ(gone.value(), static_cast<uint64_t>(HandleFate::expired));
}

TEST_F(TimersTest, ThousandsThatEndTogetherLeaveOthersTheirTurns) {
  const Handle port = CreatePort(*root_);
  const int64_t end = host_.now_ns + 1000;
  for (int i = 0; i < 5000; ++i) MintUntil(port, end);
  auto other = AddChild(*root_, {});
  host_.now_ns = end;
  other->Submit(Syscall::session_info, 0);
  kernel_.Turn();
  EXPECT_TRUE(other->TryTake().has_value());
  EXPECT_GT(kernel_.tree().living(), 3000u);
  Settle();
  EXPECT_LT(kernel_.tree().living(), 20u);
}

// What a request has found must not end under its hands.
TEST_F(TimersTest, ARequestSeesOneTime) {
  const Handle account = root_->Named("account");
  const Handle brief = MintUntil(account, host_.now_ns + 5000);
  abi::AccountLimits limits = {};
  host_.tick_ns = 1000;
  for (int i = 0; i < 20; ++i) {
    const Error error = root_
                            ->Call(Syscall::account_limit, brief, {brief},
                                   {.payload = Bytes(&limits, sizeof(limits))})
                            .error();
    EXPECT_TRUE(error == Error::invalid_args || error == Error::bad_handle);
  }
}

TEST_F(TimersTest, WhoNeverSaysHelloIsEnded) {
  Session* silent = kernel_.AddSession(Session::Origin::kPath);
  auto socket = std::make_shared<FakeSocket>();
  silent->transport = std::make_unique<FakeTransport>(socket);
  auto tool = AddPath("tool");
  host_.now_ns += Kernel::kHelloNs;
  Settle();
  EXPECT_TRUE(socket->closed);
  EXPECT_TRUE(tool->alive());
}

}  // namespace
}  // namespace kernel
