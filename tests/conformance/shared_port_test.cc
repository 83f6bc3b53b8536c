// A port with several receivers: a send goes to one that has room, and waits
// only while none has any.
#include <sys/resource.h>

#include <algorithm>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "ipc/inspect.h"
#include "ipc/loan.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using testing_kit::Must;

constexpr uint32_t kRing = 4096;

int64_t TimeUsedUs() {
  rusage used;
  getrusage(RUSAGE_THREAD, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1'000'000 +
         used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

class SharedPort : public Syscalls {
 protected:
  struct Listener {
    Session session;
    std::optional<Receiver> receiver;
    std::vector<uint32_t> labels;  // of what it took

    // Takes all that there is; returns how many.
    size_t TakeAll() {
      size_t count = 0;
      while (Take(Deadline::Immediately())) ++count;
      return count;
    }
    bool Take(Deadline deadline) {
      auto message = receiver->Receive(deadline);
      if (!message.ok()) return false;
      labels.push_back(message->label());
      return true;
    }
    // Takes what is before it, and it.
    Message TakeUpTo(uint32_t label) {
      Message message = Must(receiver->Receive(Soon()));
      while (message.label() != label)
        message = Must(receiver->Receive(Soon()));
      return message;
    }
  };

  void MakePort(const PortOptions& options) {
    port_ = world_->NewPort(options);
    sender_.emplace(Must(Sender::Create(Must(port_.Mint(
        kRightSend | kRightDuplicate | kRightTransfer | kRightWait, 1)))));
  }
  void SetUp() override {
    MakePort({.ring_bytes = kRing,
              .ring_bytes_max = kRing,
              .sharing = Sharing::kManyListeners});
  }
  Listener Listening() {
    const InitialCapability initial[] = {{"port", &port_}};
    Session session = world_->NewSession("listener", initial);
    Receiver receiver = Must(Receiver::Create(Must(session.Take("port"))));
    return {std::move(session), std::move(receiver), {}};
  }
  absl::Status SendNext(Deadline deadline, std::string_view text = "x") {
    absl::Status sent =
        sender_->Send(text, {.label = next_, .deadline = deadline});
    if (sent.ok()) ++next_;
    return sent;
  }
  // There is room for so many; the news of a listener may be on its way.
  void SendWithoutWaiting(size_t count) {
    const Deadline deadline = Soon();
    for (size_t i = 0; i < count; ++i)
      while (!SendNext(Deadline::Immediately()).ok())
        ASSERT_GT(deadline.ns, base::NowNs()) << i;
  }
  // Until no lane has room.
  void Fill(std::string_view text = "x") {
    absl::Status sent = absl::OkStatus();
    while (sent.ok()) sent = SendNext(Deadline::Immediately(), text);
    ASSERT_EQ(ipc::ErrorOf(sent), Error::should_wait);
  }
  // Lanes whose sender sleeps until there is room.
  size_t LanesWaitedFor() {
    const auto lanes = Must(inspector_.Lanes());
    return static_cast<size_t>(
        std::count_if(lanes.begin(), lanes.end(), [](const LaneEntry& lane) {
          return (lane.sender_armed & abi::kArmRoomFutex) != 0;
        }));
  }
  void AwaitWaiting(size_t lanes) {
    const Deadline deadline = Soon();
    while (LanesWaitedFor() < lanes) ASSERT_GT(deadline.ns, base::NowNs());
  }
  // Sends in another thread; its outcome is seen by Outcome.
  void StartSending(std::string_view text = "x") {
    thread_ = std::thread([this, text] { status_ = SendNext(Soon(), text); });
  }
  Error Outcome() {
    thread_.join();
    return ipc::ErrorOf(status_);
  }
  static void ExpectIncreasing(const std::vector<uint32_t>& labels) {
    EXPECT_TRUE(std::is_sorted(labels.begin(), labels.end()));
    EXPECT_EQ(std::adjacent_find(labels.begin(), labels.end()), labels.end());
  }

  Capability port_;
  std::optional<Sender> sender_;
  uint32_t next_ = 0;  // label of the next message
  std::thread thread_;
  absl::Status status_;
  Inspector inspector_ =
      Must(Inspector::Create(Must(kernel_object_.Duplicate(kRightsSame))));
};

TEST_F(SharedPort, ASendThatWaitsGoesToWhicheverHasRoomFirst) {
  Listener listeners[] = {Listening(), Listening(), Listening()};
  for (uint32_t round = 0; round < 12; ++round) {
    Fill();
    StartSending();
    AwaitWaiting(3);
    EXPECT_GT(listeners[round % 3].TakeAll(), 0u);
    ASSERT_EQ(Outcome(), Error::ok) << round;
  }
  size_t taken = 0;
  for (Listener& listener : listeners) {
    listener.TakeAll();
    ExpectIncreasing(listener.labels);
    taken += listener.labels.size();
  }
  EXPECT_EQ(taken, next_);
}

TEST_F(SharedPort, WithoutRoomAnywhereASendFailsAtItsDeadlineAndUsesNoTime) {
  Listener listeners[] = {Listening(), Listening()};
  Fill();
  EXPECT_EQ(ipc::ErrorOf(SendNext(Deadline::Immediately())),
            Error::should_wait);
  const int64_t used_us = TimeUsedUs();
  const Deadline deadline = Deadline::After(absl::Milliseconds(300));
  EXPECT_EQ(ipc::ErrorOf(SendNext(deadline)), Error::timed_out);
  EXPECT_GE(base::NowNs(), deadline.ns);
  EXPECT_LT(TimeUsedUs() - used_us, 30'000);
  EXPECT_EQ(LanesWaitedFor(), 0u);
  size_t taken = 0;
  for (Listener& listener : listeners) taken += listener.TakeAll();
  EXPECT_EQ(taken, next_);
}

TEST_F(SharedPort, ThatFailsWhenFullFailsOnlyWhenAllLanesAre) {
  MakePort({.ring_bytes = kRing,
            .sharing = Sharing::kManyListeners,
            .at_full = AtFull::kFail});
  Listener listeners[] = {Listening(), Listening()};
  for (uint32_t round = 0; round < 6; ++round) {
    while (SendNext(Soon()).ok()) {
    }
    EXPECT_EQ(ipc::ErrorOf(SendNext(Soon())), Error::should_wait);
    const size_t taken = listeners[round % 2].TakeAll();
    SendWithoutWaiting(taken);
  }
}

TEST_F(SharedPort, ANewListenerEndsTheWait) {
  Listener first = Listening();
  Fill();
  StartSending();
  AwaitWaiting(1);
  Listener second = Listening();
  EXPECT_EQ(Outcome(), Error::ok);
  EXPECT_TRUE(second.Take(Soon()));
}

TEST_F(SharedPort, AListenersEndLeavesItsMessagesToTheOther) {
  Listener stays = Listening();
  std::optional<Listener> leaves = Listening();
  Fill();
  const size_t all = next_ + 1;
  StartSending();
  AwaitWaiting(2);
  leaves.reset();
  const Deadline deadline = Soon();
  while (stays.labels.size() < all && deadline.ns > base::NowNs())
    stays.Take(Deadline::After(absl::Milliseconds(1)));
  EXPECT_EQ(Outcome(), Error::ok);
  stays.TakeAll();
  EXPECT_EQ(std::set<uint32_t>(stays.labels.begin(), stays.labels.end()).size(),
            next_);
}

TEST_F(SharedPort, RevokingTheSendRightEndsTheWait) {
  Listener listeners[] = {Listening(), Listening()};
  Fill();
  StartSending();
  AwaitWaiting(2);
  Must(port_.Revoke(1));
  EXPECT_EQ(Outcome(), Error::revoked);
}

TEST_F(SharedPort, ClosingThePortEndsTheWait) {
  std::optional<Listener> listeners[] = {Listening(), Listening()};
  Fill();
  StartSending();
  AwaitWaiting(2);
  port_ = Capability();
  for (auto& listener : listeners) listener.reset();
  EXPECT_EQ(Outcome(), Error::peer_closed);
}

TEST_F(SharedPort, CapabilitiesGoWithTheMessageOrStayWithTheSender) {
  Listener listeners[] = {Listening(), Listening()};
  Fill();
  Capability moved = world_->NewPort();
  const auto send = [&](Deadline deadline) {
    return ipc::ErrorOf(sender_->Send(
        "with one",
        {.label = next_, .capabilities = {&moved, 1}, .deadline = deadline}));
  };
  EXPECT_EQ(send(Deadline::Immediately()), Error::should_wait);
  EXPECT_EQ(send(Deadline::After(absl::Milliseconds(5))), Error::timed_out);
  EXPECT_TRUE(moved.Info().ok());
  for (Listener& listener : listeners) {
    std::thread sending([&] { EXPECT_EQ(send(Soon()), Error::ok); });
    AwaitWaiting(2);
    Message message = listener.TakeUpTo(next_);
    sending.join();
    EXPECT_FALSE(moved.valid());
    EXPECT_EQ(Must(message.TakeCapabilities()).size(), 1u);
    Fill();
    moved = world_->NewPort();
  }
}

TEST_F(SharedPort, BlocksGoToWhoeverHasRoomAndComeBack) {
  Listener listeners[] = {Listening(), Listening()};
  Pool pool = Must(Pool::Create(world_->root(), 1 << 20));
  Fill();
  Loan loan = Must(pool.Allocate(100'000));
  EXPECT_EQ(ipc::ErrorOf(sender_->SendLoan(
                loan, {.deadline = Deadline::After(absl::Milliseconds(1))})),
            Error::timed_out);
  EXPECT_TRUE(loan.valid());
  std::thread sending([&] {
    Must(sender_->SendLoan(loan, {.label = next_, .deadline = Soon()}));
  });
  AwaitWaiting(2);
  EXPECT_EQ(listeners[1].TakeUpTo(next_).payload().size(), 100'000u);
  sending.join();
  EXPECT_FALSE(loan.valid());
  const Deadline deadline = Soon();
  while (pool.bytes_in_use() > 0) ASSERT_GT(deadline.ns, base::NowNs());
}

// Copies of what is large lie in memory of the lane that is given back by its
// receiver.
TEST_F(SharedPort, LargeMessagesOfSeveralThreadsAllArrive) {
  constexpr uint32_t kThreads = 3;
  constexpr uint32_t kEach = 60;
  Listener listeners[] = {Listening(), Listening()};
  std::vector<std::thread> senders;
  for (uint32_t thread = 0; thread < kThreads; ++thread)
    senders.emplace_back([this, thread] {
      const std::string text(100'000, 'x');
      for (uint32_t i = 0; i < kEach; ++i)
        Must(sender_->Send(text,
                           {.label = thread * kEach + i, .deadline = Soon()}));
    });
  std::set<uint32_t> labels;
  const Deadline deadline = Soon();
  while (labels.size() < kThreads * kEach && deadline.ns > base::NowNs())
    for (Listener& listener : listeners) {
      listener.TakeAll();
      labels.insert(listener.labels.begin(), listener.labels.end());
    }
  for (std::thread& sender : senders) sender.join();
  EXPECT_EQ(labels.size(), kThreads * kEach);
}

TEST_F(SharedPort, EachMessageOfManySendersReachesOneReceiverInOrder) {
  constexpr uint32_t kSenders = 3;
  constexpr uint32_t kEach = 4'000;
  std::vector<std::unique_ptr<testing_kit::Peer>> peers;
  Capability right = Must(port_.Mint(kRightSend | kRightDuplicate, 2));
  const InitialCapability initial[] = {{"port", &right}};
  Listener listeners[] = {Listening(), Listening(), Listening()};
  for (uint32_t who = 0; who < kSenders; ++who)
    peers.push_back(
        world_->StartPeer("sender", initial, [who](Session& session) {
          Sender sender = Must(Sender::Create(Must(session.Take("port"))));
          for (uint32_t i = 0; i < kEach; ++i)
            Must(sender.Send("x", {.label = who * kEach + i,
                                   .deadline = testing_kit::Soon()}));
        }));
  std::vector<std::thread> takers;
  std::atomic<uint32_t> taken{0};
  for (uint32_t i = 0; i < 3; ++i)
    takers.emplace_back([&, i] {
      while (taken.load() < kSenders * kEach)
        if (listeners[i].Take(Deadline::After(absl::Milliseconds(5))))
          taken.fetch_add(1);
    });
  for (std::thread& taker : takers) taker.join();
  std::set<uint32_t> all;
  for (Listener& listener : listeners) {
    for (uint32_t who = 0; who < kSenders; ++who) {
      std::vector<uint32_t> of_one;
      for (const uint32_t label : listener.labels)
        if (label / kEach == who) of_one.push_back(label);
      ExpectIncreasing(of_one);
    }
    all.insert(listener.labels.begin(), listener.labels.end());
  }
  EXPECT_EQ(all.size(), kSenders * kEach);
  EXPECT_EQ(taken.load(), kSenders * kEach);
}

}  // namespace
}  // namespace ipc
