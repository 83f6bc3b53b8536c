// The calls about notifications.
#include <atomic>

#include "ipc/notification.h"
#include "ipc/wait_set.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using ::testing::ElementsAre;
using testing_kit::Must;

class Notifications : public Syscalls {
 protected:
  Handle MakeOne(NotificationKind kind, uint64_t first = 0) {
    return static_cast<Handle>(
        Call(Syscall::notification_create, account(),
             {.options = static_cast<uint32_t>(kind), .args = {first}})
            .value(0));
  }
  Error Signal(Handle handle, uint64_t word) {
    return ErrorOf(Syscall::notification_signal, handle, {.args = {word}});
  }
  Answer TakeNow(Handle handle, uint64_t mask = 0, uint32_t options = 0) {
    return Call(Syscall::notification_wait, handle,
                {.options = options | uint32_t{abi::kTakeNow}, .args = {mask}});
  }
  struct Waiting {
    std::atomic<bool> done{false};
    Answer answer;
    uint64_t user_data = 0;
  };
  // Returns when the kernel process has taken the wait.
  std::shared_ptr<Waiting> Start(SessionCore& core, Handle handle,
                                 uint64_t mask = 0) {
    auto waiting = std::make_shared<Waiting>();
    waiting->user_data = core.Start(Syscall::notification_wait, handle,
                                    {.args = {mask}}, [waiting](Answer answer) {
                                      waiting->answer = std::move(answer);
                                      waiting->done = true;
                                    });
    core.Call(Syscall::session_info, abi::kNoHandle);
    return waiting;
  }
};

// ---- notification_create

using NotificationCreate = Notifications;

TEST_F(NotificationCreate, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::notification_create, {.known_options = 3, .args = 1});
  EXPECT_EQ(ErrorOf(Syscall::notification_create, account(), {.options = 3}),
            Error::invalid_args);
}

TEST_F(NotificationCreate, GivesEveryRightAndIsCharged) {
  const Handle budget = MakeAccount([] {
    abi::AccountLimits limits = {};
    limits.limit[static_cast<size_t>(abi::AccountItem::notifications)] = 1;
    return limits;
  }());
  const Answer made = Call(Syscall::notification_create, budget);
  ASSERT_EQ(made.error(), Error::ok);
  const auto handle = static_cast<Handle>(made.value(0));
  EXPECT_EQ(IdOf(handle), made.value(1));
  EXPECT_EQ(Call(Syscall::handle_info, handle).value(0) >> 32, kRightsAll);
  const Answer full = Call(Syscall::notification_create, budget);
  EXPECT_EQ(full.error(), Error::quota_exceeded);
  EXPECT_EQ(full.value(3),
            static_cast<uint64_t>(abi::AccountItem::notifications));
  Call(Syscall::handle_close, handle);
  EXPECT_EQ(ErrorOf(Syscall::notification_create, budget), Error::ok);
}

// ---- notification_signal

using NotificationSignal = Notifications;

TEST_F(NotificationSignal, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::notification_signal, {.args = 1, .good = {.args = {1}}});
}

TEST_F(NotificationSignal, OrsAddsOrReplaces) {
  const Handle bits = MakeOne(NotificationKind::bits, 1);
  EXPECT_EQ(Signal(bits, 6), Error::ok);
  EXPECT_EQ(TakeNow(bits).value(0), 7u);
  const Handle counter = MakeOne(NotificationKind::counter, 1);
  EXPECT_EQ(Signal(counter, 6), Error::ok);
  EXPECT_EQ(TakeNow(counter).value(0), 7u);
  const Handle latest = MakeOne(NotificationKind::latest, 1);
  EXPECT_EQ(Signal(latest, 0), Error::ok);
  EXPECT_EQ(TakeNow(latest).value(0), 0u);
  for (const Handle empty : {bits, counter, latest})
    EXPECT_EQ(TakeNow(empty).error(), Error::should_wait);
}

TEST_F(NotificationSignal, RefusesACounterThatWouldOverflow) {
  const Handle counter = MakeOne(NotificationKind::counter, ~uint64_t{0});
  EXPECT_EQ(Signal(counter, 1), Error::out_of_range);
  EXPECT_EQ(TakeNow(counter).value(0), ~uint64_t{0});
}

TEST_F(NotificationSignal, OfOneWhoDiesRightAfterwardsIsNotLost) {
  Notification counter =
      Must(Notification::Create(world_->root(), NotificationKind::counter));
  const InitialCapability initial[] = {{"it", &counter.capability()}};
  constexpr int kRounds = 20;
  for (int i = 0; i < kRounds; ++i) {
    auto peer = world_->StartPeer("brief", initial, [](Session& session) {
      const Notification mine =
          Must(Notification::Adopt(Must(session.Take("it"))));
      mine.SignalSoon();
      if (testing_kit::CurrentFlavour() == testing_kit::Flavour::kProcesses)
        _exit(0);  // nothing is flushed, closed or waited for
      session.Close();
    });
    peer->Join();
  }
  uint64_t taken = 0;
  while (taken < kRounds) taken += Must(counter.Wait(Soon()));
  EXPECT_EQ(taken, uint64_t{kRounds});
}

// ---- notification_wait

using NotificationWait = Notifications;

TEST_F(NotificationWait, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::notification_wait,
             {.known_options = abi::kTakeOne | abi::kTakeNow, .args = 1});
}

TEST_F(NotificationWait, RefusesWhatIsNotOfItsKind) {
  for (const auto kind : {NotificationKind::counter, NotificationKind::latest})
    EXPECT_EQ(TakeNow(MakeOne(kind, 1), 1).error(), Error::invalid_args);
  for (const auto kind : {NotificationKind::bits, NotificationKind::latest})
    EXPECT_EQ(TakeNow(MakeOne(kind, 1), 0, abi::kTakeOne).error(),
              Error::invalid_args);
}

TEST_F(NotificationWait, TakesOnlyTheBitsOfItsMask) {
  const Handle bits = MakeOne(NotificationKind::bits, 0b1011);
  EXPECT_EQ(TakeNow(bits, 0b0110).value(0), 0b0010u);
  EXPECT_EQ(TakeNow(bits, 0b0110).error(), Error::should_wait);
  EXPECT_EQ(TakeNow(bits).value(0), 0b1001u);
}

TEST_F(NotificationWait, TakesOneOfACounter) {
  const Handle counter = MakeOne(NotificationKind::counter, 2);
  EXPECT_EQ(TakeNow(counter, 0, abi::kTakeOne).value(0), 1u);
  EXPECT_EQ(TakeNow(counter, 0, abi::kTakeOne).value(0), 1u);
  EXPECT_EQ(TakeNow(counter, 0, abi::kTakeOne).error(), Error::should_wait);
}

TEST_F(NotificationWait, GivesEachWordToOneWaiterInTheirOrder) {
  const Handle bits = MakeOne(NotificationKind::bits);
  Other other = MakeOther(bits);
  auto first = Start(root(), bits, 1);
  auto second = Start(other.core(), other.handle, 3);
  auto third = Start(root(), bits, 3);
  Signal(bits, 3);
  other.core().Call(Syscall::session_info, abi::kNoHandle);
  ASSERT_TRUE(first->done);
  EXPECT_EQ(first->answer.value(0), 1u);
  ASSERT_TRUE(second->done);
  EXPECT_EQ(second->answer.value(0), 2u);
  EXPECT_FALSE(third->done);
  Signal(bits, 4);
  EXPECT_FALSE(third->done);
  Signal(bits, 2);
  ASSERT_TRUE(third->done);
  EXPECT_EQ(third->answer.value(0), 2u);
  EXPECT_EQ(TakeNow(bits).value(0), 4u);
}

TEST_F(NotificationWait, EndsWithItsHandleAndByCancel) {
  const Handle bits = MakeOne(NotificationKind::bits);
  const Handle closed = Weaker(bits, kRightsSame);
  auto canceled = Start(root(), closed);
  Call(Syscall::handle_close, closed);
  ASSERT_TRUE(canceled->done);
  EXPECT_EQ(canceled->answer.error(), Error::canceled);
  auto revoked = Start(root(), Weaker(bits, kRightsSame));
  Call(Syscall::handle_revoke, bits);
  ASSERT_TRUE(revoked->done);
  EXPECT_EQ(revoked->answer.error(), Error::revoked);
  auto taken_back = Start(root(), bits);
  EXPECT_EQ(ErrorOf(Syscall::wait_cancel, 0, {.args = {taken_back->user_data}}),
            Error::ok);
  EXPECT_TRUE(taken_back->done);
  // None of them took anything with it.
  Signal(bits, 1);
  EXPECT_EQ(TakeNow(bits).value(0), 1u);
}

TEST_F(NotificationWait, IsChargedWhileItWaits) {
  const Handle budget = MakeAccount([] {
    abi::AccountLimits limits = {};
    limits.limit[static_cast<size_t>(abi::AccountItem::watches)] = 1;
    return limits;
  }());
  Other poor = MakePoor(budget, MakeOne(NotificationKind::bits));
  Start(poor.core(), poor.handle);
  EXPECT_EQ(poor.core().Call(Syscall::notification_wait, poor.handle).error(),
            Error::quota_exceeded);
}

// ---- through the API

using NotificationApi = Notifications;

TEST_F(NotificationApi, AWaitThatTimesOutTakesNothing) {
  Notification counter =
      Must(Notification::Create(world_->root(), NotificationKind::counter));
  EXPECT_EQ(ipc::ErrorOf(
                counter.Wait(Deadline::After(absl::Milliseconds(5))).status()),
            Error::timed_out);
  EXPECT_EQ(ipc::ErrorOf(counter.Wait(Deadline::Immediately()).status()),
            Error::should_wait);
  Must(counter.Signal(3));
  // What is there wins over a passed deadline.
  EXPECT_EQ(Must(counter.Wait(Deadline{1})), 3u);
}

TEST_F(NotificationApi, CountsNothingTwiceAcrossDeadlinesAndThreads) {
  Notification counter =
      Must(Notification::Create(world_->root(), NotificationKind::counter));
  constexpr uint64_t kSignals = 2000;
  const InitialCapability initial[] = {{"it", &counter.capability()}};
  auto peer = world_->StartPeer("signaller", initial, [](Session& session) {
    const Notification mine =
        Must(Notification::Adopt(Must(session.Take("it"))));
    for (uint64_t i = 0; i + 1 < kSignals; ++i) mine.SignalSoon();
    Must(mine.Signal());
  });
  uint64_t taken = 0;
  while (taken < kSignals) {
    const auto some = counter.Wait(Deadline::After(absl::Microseconds(50)));
    if (some.ok()) taken += *some;
  }
  peer->Join();
  EXPECT_EQ(taken, kSignals);
  EXPECT_FALSE(counter.Wait(Deadline::Immediately()).ok());
}

TEST_F(NotificationApi, AWaitSetHoldsItWithPortsDescriptorsAndTimers) {
  WaitSet set = Must(WaitSet::Create(world_->root()));
  Notification bits =
      Must(Notification::Create(world_->root(), NotificationKind::bits));
  Capability port = world_->NewPort();
  Capability send = Must(port.Mint(kRightSend, 1));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  Must(set.Add(1, bits.capability(), kSignalNotified));
  Must(set.Add(2, receiver));
  const auto drain = [&] {
    while (receiver.Receive(Deadline::Immediately()).ok()) {
    }
  };
  // A member may be looked at although it has nothing: it was taken just now,
  // or a receiver's session had news.
  const auto none = [&] {
    const Deadline deadline = Soon();
    absl::StatusOr<Ready> ready = set.Wait(Deadline::Immediately());
    for (; ready.ok() && base::NowNs() < deadline.ns;
         ready = set.Wait(Deadline::Immediately()))
      drain();
    return ipc::ErrorOf(ready.status()) == Error::should_wait;
  };
  const auto await = [&](uint64_t key) {
    Ready ready = Must(set.Wait(Soon()));
    while (ready.key != key) ready = Must(set.Wait(Soon()));
    return ready;
  };
  EXPECT_TRUE(none());
  Must(bits.Signal(5));
  await(1);
  EXPECT_EQ(await(1).signals, kSignalNotified);  // until it is taken
  EXPECT_EQ(Must(bits.Wait()), 5u);
  Sender sender = Must(Sender::Create(std::move(send)));
  Must(sender.Send("x"));
  await(2);
  EXPECT_EQ(Must(receiver.Receive(Soon())).text(), "x");
  EXPECT_TRUE(none());
  Must(set.AddTimer(3, Deadline::After(absl::Milliseconds(1)),
                    absl::Milliseconds(1)));
  EXPECT_GE(await(3).count, 1u);
  Must(set.Remove(3));
  EXPECT_EQ(ipc::ErrorOf(set.AddTimer(3, Deadline::Never())),
            Error::invalid_args);
}

}  // namespace
}  // namespace ipc
