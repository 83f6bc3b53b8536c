// Death and restart: what the dead published stays, nothing is repeated.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "ipc/inspect.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

class Restart : public ::testing::Test {
 protected:
  Restart() : port_(world_->NewPort({.ring_bytes = 64u << 10})) {}
  Capability SendRight(const Capability& port, uint64_t badge = 7) {
    return Must(port.Mint(kRightSend | kRightDuplicate, badge));
  }
  // A peer that listens to port_ and reports what it took to `told`.
  std::unique_ptr<testing_kit::Peer> StartListener(World::Body body) {
    receive_ = Must(port_.Duplicate(kRightReceive | kRightDuplicate));
    const InitialCapability initial[] = {{"port", &receive_},
                                         {"told", &told_right_}};
    return world_->StartPeer("listener", initial, std::move(body));
  }
  void KillReceiversOfMany();
  std::unique_ptr<World> world_ = World::Start();
  Capability port_;
  // Small: what is told is soon known.
  Capability told_ = world_->NewPort({.ring_bytes = 4096});
  Capability told_right_ = SendRight(told_, 9);
  Capability receive_;
};

// Takes until it is killed, telling each number and who took it before the
// next. It may be killed at any step.
void TakeAndTell(Session& session) {
  absl::StatusOr<Capability> told = session.Take("told");
  absl::StatusOr<Capability> port = session.Take("port");
  if (!told.ok() || !port.ok()) return;
  absl::StatusOr<Sender> teller = Sender::Create(*std::move(told));
  absl::StatusOr<Receiver> receiver = Receiver::Create(*std::move(port));
  if (!teller.ok() || !receiver.ok()) return;
  while (true) {
    absl::StatusOr<Message> message = receiver->Receive();
    if (!message.ok()) return;
    const std::string who = std::to_string(session.process_id());
    if (!teller->Send(who, {.label = message->label()}).ok()) return;
  }
}

// Receivers are killed while messages come; also while their lane grows.
//
// A receiver of this process is only cut off: it goes on taking for a moment.
// What it takes then may come again or be lost with it, but none of it may
// hold up those after it.
void Restart::KillReceiversOfMany() {
  const bool dies =
      testing_kit::CurrentFlavour() != testing_kit::Flavour::kInProcess;
  constexpr uint32_t kCount = 3'000;
  const uint32_t kills_until = dies ? kCount : kCount / 2;
  Capability right = SendRight(port_);
  const InitialCapability initial[] = {{"port", &right}};
  auto sender = world_->StartPeer("sender", initial, [](Session& session) {
    Sender port = Must(Sender::Create(Must(session.Take("port"))));
    for (uint32_t i = 1; i <= kCount; ++i)
      Must(port.Send(std::string(i % 200, 'x'), {.label = i}));
    // Its messages stay after it has gone.
  });
  Receiver told = Must(Receiver::Create(Must(told_.Duplicate())));
  auto listener = StartListener(TakeAndTell);
  // Each listener has a lane of its own to `told`: what they tell is in order
  // for each of them.
  std::map<std::string, uint32_t> last;
  std::set<uint32_t> seen;
  uint32_t kills = 0;
  // A message that was taken but not told of is gone with its taker: at most
  // one a kill.
  const auto is_over = [&] {
    return dies ? seen.size() + kills >= kCount : seen.contains(kCount);
  };
  while (!is_over()) {
    Message message = Must(told.Receive(Soon()));
    uint32_t& before = last[std::string(message.text())];
    EXPECT_GT(message.label(), before) << "reordered";
    before = message.label();
    const bool is_new = seen.insert(message.label()).second;
    EXPECT_TRUE(is_new || !dies) << "repeated";
    if (!is_new || seen.size() % 500 != 0 || message.label() > kills_until)
      continue;
    listener->Kill();
    listener->Join();
    ++kills;
    listener = StartListener(TakeAndTell);
  }
  EXPECT_GT(kills, dies ? 3u : 0u);
  listener->Kill();
}

TEST_F(Restart, NothingIsRepeatedOrReorderedWhenReceiversAreKilled) {
  KillReceiversOfMany();
}

TEST_F(Restart, NothingIsRepeatedOrReorderedThoughTheLaneGrowsMeanwhile) {
  port_ = world_->NewPort({.ring_bytes = 4096, .ring_bytes_max = 64u << 10});
  KillReceiversOfMany();
}

TEST_F(Restart, TakenCallsFailAtOnceAndQueuedOnesAreAnsweredByTheNext) {
  Capability right = SendRight(port_);
  const InitialCapability initial[] = {{"port", &right},
                                       {"told", &told_right_}};
  auto listener = StartListener([](Session& session) {
    Sender teller = Must(Sender::Create(Must(session.Take("told"))));
    Receiver receiver = Must(Receiver::Create(Must(session.Take("port"))));
    Message taken = Must(receiver.Receive());
    Must(teller.Send("taken"));
    // Holds the call until it is killed.
    teller.Call("never answered").status().IgnoreError();
  });
  auto caller = world_->StartPeer("caller", initial, [](Session& session) {
    Sender port = Must(Sender::Create(Must(session.Take("port"))));
    Sender teller = Must(Sender::Create(Must(session.Take("told"))));
    const absl::Status first = port.Call("first").status();
    EXPECT_EQ(ErrorOf(first), Error::peer_closed) << first;
    EXPECT_EQ(Must(port.Call("second")).text(), "answered");
  });
  Receiver told = Must(Receiver::Create(Must(told_.Duplicate())));
  EXPECT_EQ(Must(told.Receive(Soon())).text(), "taken");
  Message held = Must(told.Receive(Soon()));
  listener->Kill();
  listener->Join();
  Receiver next = Must(Receiver::Create(Must(port_.Duplicate())));
  Message second = Must(next.Receive(Soon()));
  EXPECT_EQ(second.text(), "second");
  Must(second.Reply("answered"));
  caller->Join();
}

TEST_F(Restart, ACallInTheQueueSurvivesTheRestart) {
  Capability right = SendRight(port_);
  const InitialCapability initial[] = {{"port", &right},
                                       {"told", &told_right_}};
  auto caller = world_->StartPeer("caller", initial, [](Session& session) {
    Sender port = Must(Sender::Create(Must(session.Take("port"))));
    EXPECT_EQ(Must(port.Call("x")).text(), "by the second");
  });
  { Receiver first = Must(Receiver::Create(Must(port_.Duplicate()))); }
  Receiver second = Must(Receiver::Create(Must(port_.Duplicate())));
  Must(Must(second.Receive(Soon())).Reply("by the second"));
}

TEST_F(Restart, ADeadSendersMessagesAreReadThenItsLaneIsGone) {
  Capability right = SendRight(port_);
  const InitialCapability initial[] = {{"port", &right},
                                       {"told", &told_right_}};
  auto sender = world_->StartPeer("sender", initial, [](Session& session) {
    Sender port = Must(Sender::Create(Must(session.Take("port"))));
    Sender teller = Must(Sender::Create(Must(session.Take("told"))));
    for (uint32_t i = 0; i < 50; ++i) Must(port.Send("x", {.label = i}));
    teller.Call("sent").status().IgnoreError();
  });
  Receiver told = Must(Receiver::Create(Must(told_.Duplicate())));
  Message sent = Must(told.Receive(Soon()));
  sender->Kill();
  sender->Join();
  Receiver receiver = Must(Receiver::Create(Must(port_.Duplicate())));
  for (uint32_t i = 0; i < 50; ++i)
    ASSERT_EQ(Must(receiver.Receive(Soon())).label(), i);
  Inspector inspector =
      Must(Inspector::Create(Must(world_->root().Take("kernel"))));
  // The lane ends once it is drained.
  while (true) {
    EXPECT_EQ(
        ErrorOf(
            receiver.Receive(Deadline::After(absl::Milliseconds(1))).status()),
        Error::timed_out);
    bool there = false;
    for (const LaneEntry& lane : Must(inspector.Lanes()))
      there |= lane.badge == 7;
    if (!there) break;
  }
}

TEST_F(Restart, LoansComeBackWhenTheirTakerIsKilled) {
  Pool pool = Must(Pool::Create(world_->root(), 100'000'000));
  Sender sender = Must(Sender::Create(SendRight(port_)));
  auto listener = StartListener([](Session& session) {
    Sender teller = Must(Sender::Create(Must(session.Take("told"))));
    Receiver receiver = Must(Receiver::Create(Must(session.Take("port"))));
    Message lent = Must(receiver.Receive());
    EXPECT_TRUE(lent.is_loan());
    EXPECT_EQ(lent.payload().size(), 100'000'000u);
    EXPECT_EQ(lent.payload()[99'999'999], std::byte{42});
    Must(teller.Send("mapped"));
    teller.Call("hold").status().IgnoreError();
  });
  Loan loan = Must(pool.Allocate(100'000'000));
  loan.bytes()[99'999'999] = std::byte{42};
  Must(sender.SendLoan(loan));
  EXPECT_FALSE(loan.valid());
  Receiver told = Must(Receiver::Create(Must(told_.Duplicate())));
  EXPECT_EQ(Must(told.Receive(Soon())).text(), "mapped");
  Message held = Must(told.Receive(Soon()));
  EXPECT_EQ(pool.bytes_in_use() / 1'000'000, 100u);
  EXPECT_EQ(ErrorOf(pool.Allocate(1'000'000).status()), Error::should_wait);
  listener->Kill();
  listener->Join();
  while (pool.bytes_in_use() != 0) {
  }
}

TEST_F(Restart, LoansComeBackWhenTheirGuardIsDestroyed) {
  Pool pool = Must(Pool::Create(world_->root(), 1 << 20));
  Sender sender = Must(Sender::Create(SendRight(port_)));
  Receiver receiver = Must(Receiver::Create(Must(port_.Duplicate())));
  for (int i = 0; i < 100; ++i) {
    Loan loan = Must(pool.Allocate(1 << 20));
    loan.bytes()[5] = static_cast<std::byte>(i);
    Must(sender.SendLoan(loan));
    {
      Message lent = Must(receiver.Receive(Soon()));
      ASSERT_EQ(lent.payload()[5], static_cast<std::byte>(i));
      EXPECT_NE(pool.bytes_in_use(), 0u);
    }
    EXPECT_EQ(pool.bytes_in_use(), 0u);
  }
}

TEST_F(Restart, SeveralListenersShareTheWorkAndADeadOnesQueueIsHandedOn) {
  Capability port = world_->NewPort({.sharing = Sharing::kManyListeners});
  Capability receive = Must(port.Duplicate(kRightReceive | kRightDuplicate));
  const InitialCapability initial[] = {{"port", &receive},
                                       {"told", &told_right_}};
  auto first = world_->StartPeer("first", initial, TakeAndTell);
  auto second = world_->StartPeer("second", initial, TakeAndTell);
  Receiver told = Must(Receiver::Create(Must(told_.Duplicate())));
  Sender sender = Must(Sender::Create(SendRight(port)));
  std::set<uint32_t> seen;
  uint32_t sent = 0;
  bool killed = false;
  constexpr uint32_t kCount = 4'000;
  while (sent < kCount) {
    for (int i = 0; i < 100; ++i) Must(sender.Send("x", {.label = ++sent}));
    while (seen.size() + 50 < sent) {
      Message message = Must(told.Receive(Soon()));
      ASSERT_TRUE(seen.insert(message.label()).second) << "taken twice";
    }
    if (!killed && sent >= kCount / 2) {
      first->Kill();
      killed = true;
    }
  }
  // At most the one that the killed listener had in hand is missing.
  while (seen.size() + 1 < kCount)
    ASSERT_TRUE(seen.insert(Must(told.Receive(Soon())).label()).second);
  second->Kill();
}

TEST_F(Restart, ARestartedListenerGetsItsShareAgain) {
  Capability port = world_->NewPort({.sharing = Sharing::kManyListeners});
  Capability receive = Must(port.Duplicate(kRightReceive | kRightDuplicate));
  const InitialCapability initial[] = {{"port", &receive}};
  auto answer = [](Session& session) {
    absl::StatusOr<Capability> right = session.Take("port");
    if (!right.ok()) return;
    absl::StatusOr<Receiver> receiver = Receiver::Create(*std::move(right));
    if (!receiver.ok()) return;
    while (true) {
      absl::StatusOr<Message> call = receiver->Receive();
      if (!call.ok()) return;
      call->Reply(std::to_string(session.process_id())).IgnoreError();
    }
  };
  auto first = world_->StartPeer("first", initial, answer);
  Sender sender = Must(Sender::Create(SendRight(port)));
  auto until_two_answer = [&] {
    std::set<std::string> who;
    while (who.size() < 2) {
      absl::StatusOr<Message> reply = sender.Call("who?");
      if (reply.ok()) who.insert(std::string(reply->text()));
    }
  };
  Must(sender.Call("who?"));
  auto second = world_->StartPeer("second", initial, answer);
  until_two_answer();
  second->Kill();
  second->Join();
  auto third = world_->StartPeer("third", initial, answer);
  until_two_answer();
  first->Kill();
  third->Kill();
}

TEST_F(Restart, AReceiverThatClosesInPeaceLeavesItsQueueToTheNext) {
  Sender sender = Must(Sender::Create(SendRight(port_)));
  for (uint32_t i = 0; i < 100; ++i) Must(sender.Send("x", {.label = i}));
  for (uint32_t i = 0; i < 100; i += 10) {
    // The same session listens again and again, each time with a right that it
    // had before.
    Capability right = Must(port_.Duplicate());
    Receiver receiver = Must(Receiver::Create(std::move(right)));
    for (uint32_t k = i; k < i + 10; ++k)
      ASSERT_EQ(Must(receiver.Receive(Soon())).label(), k);
    receiver.Close();
  }
  Must(sender.Send("still open"));
}

TEST_F(Restart, ListeningAgainAtOnceMissesNothing) {
  Sender sender = Must(Sender::Create(SendRight(port_)));
  std::vector<Capability> rights;
  for (int i = 0; i < 20; ++i) rights.push_back(Must(port_.Duplicate()));
  Receiver receiver = Must(Receiver::Create(std::move(rights[0])));
  for (uint32_t i = 1; i < 20; ++i) {
    Must(sender.Send("x", {.label = i}));
    receiver.Close();
    receiver = Must(Receiver::Create(std::move(rights[i])));
    ASSERT_EQ(Must(receiver.Receive(Soon())).label(), i);
  }
}

TEST_F(Restart, AnotherListenerTakesOverFromOneThatCloses) {
  Capability port = world_->NewPort({.sharing = Sharing::kManyListeners});
  Capability receive = Must(port.Duplicate(kRightReceive | kRightDuplicate));
  const InitialCapability initial[] = {{"port", &receive},
                                       {"told", &told_right_}};
  Receiver first = Must(Receiver::Create(Must(port.Duplicate())));
  auto second = world_->StartPeer("second", initial, TakeAndTell);
  Receiver told = Must(Receiver::Create(Must(told_.Duplicate())));
  Sender sender = Must(Sender::Create(SendRight(port)));
  for (uint32_t i = 1; i <= 50; ++i) Must(sender.Send("x", {.label = i}));
  first.Close();
  for (uint32_t i = 51; i <= 100; ++i) Must(sender.Send("x", {.label = i}));
  std::set<uint32_t> seen;
  while (seen.size() < 100)
    ASSERT_TRUE(seen.insert(Must(told.Receive(Soon())).label()).second);
  second->Kill();
}

TEST_F(Restart, ASenderThatEndsGivesItsBlocksBack) {
  Pool pool = Must(Pool::Create(world_->root(), 1 << 20));
  Receiver receiver = Must(Receiver::Create(Must(port_.Duplicate())));
  for (int i = 0; i < 10; ++i) {
    Sender sender = Must(Sender::Create(SendRight(port_)));
    Loan loan = Must(pool.Allocate(1 << 20));
    Must(sender.SendLoan(loan));
    Must(receiver.Receive(Soon()));
  }
  EXPECT_EQ(pool.bytes_in_use(), 0u);
}

}  // namespace
}  // namespace ipc
