// Messages: order, sizes, capacity, capabilities in them.
#include <gtest/gtest.h>

#include <cstring>
#include <stop_token>
#include <thread>

#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

class Messages : public ::testing::Test {
 protected:
  Capability SendRight(const Capability& port, uint64_t badge = 7) {
    return Must(port.Mint(
        kRightSend | kRightTransfer | kRightWait | kRightDuplicate, badge));
  }
  // Each over a lane that is new.
  void FindsWhatWasSent(uint32_t ring_bytes) {
    constexpr int kTimes = 200;
    Capability port = world_->NewPort({.ring_bytes = ring_bytes});
    Capability told = world_->NewPort();
    Capability right = SendRight(port), telling = SendRight(told);
    const InitialCapability initial[] = {{"port", &right},
                                         {"telling", &telling}};
    auto peer = world_->StartPeer("sender", initial, [&](Session& session) {
      const Capability each = Must(session.Take("port"));
      Sender tell = Must(Sender::Create(Must(session.Take("telling"))));
      for (int i = 0; i < kTimes; ++i) {
        Sender sender = Must(Sender::Create(Must(each.Duplicate())));
        Must(sender.Send("it"));
        Must(tell.Call("it was sent"));
      }
    });
    Receiver receiver = Must(Receiver::Create(std::move(port)));
    Receiver hears = Must(Receiver::Create(std::move(told)));
    for (int i = 0; i < kTimes; ++i) {
      Message call = Must(hears.Receive(Soon()));
      ASSERT_EQ(Must(receiver.Receive(Deadline::Immediately())).text(), "it")
          << "time " << i << ", rings of " << ring_bytes << " bytes";
      Must(call.Reply(""));
    }
  }
  std::unique_ptr<World> world_ = World::Start();
};

TEST_F(Messages, ArriveWithLabelBadgeAndPayload) {
  Capability port = world_->NewPort();
  Sender sender = Must(Sender::Create(SendRight(port, 42)));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  Must(sender.Send("hello", {.label = 5}));
  Message message = Must(receiver.Receive(Soon()));
  EXPECT_EQ(message.text(), "hello");
  EXPECT_EQ(message.label(), 5u);
  EXPECT_EQ(message.badge(), 42u);
  EXPECT_FALSE(message.wants_reply());
}

TEST_F(Messages, SentBeforeAnybodyListensAreThere) {
  Capability port = world_->NewPort();
  Sender sender = Must(Sender::Create(SendRight(port)));
  for (int i = 0; i < 100; ++i) Must(sender.Send(std::to_string(i)));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(Must(receiver.Receive(Soon())).text(), std::to_string(i));
}

TEST_F(Messages, AreThereForWhoeverWasToldThatTheyWereSent) {
  // A size that is made ahead (a spare), and one that is not.
  FindsWhatWasSent(abi::kRingBytesDefault);
  FindsWhatWasSent(4096);
}

TEST_F(Messages, AreThereThoughAnotherThreadFetchesTheNews) {
  Receiver other = Must(Receiver::Create(world_->NewPort()));
  const std::jthread fetches([&](const std::stop_token& stop) {
    while (!stop.stop_requested())
      EXPECT_FALSE(other.Receive(Deadline::Immediately()).ok());
  });
  FindsWhatWasSent(4096);
}

TEST_F(Messages, EmptyOnesAreLegal) {
  Capability port = world_->NewPort();
  Sender sender = Must(Sender::Create(SendRight(port)));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  Must(sender.Send(""));
  EXPECT_EQ(Must(receiver.Receive(Soon())).payload().size(), 0u);
}

TEST_F(Messages, OfAnySizeArriveWhole) {
  Capability port = world_->NewPort();
  Capability right = SendRight(port);
  const InitialCapability initial[] = {{"port", &right}};
  const std::vector<size_t> sizes = {
      1, 31, 32, 33, 160, 161, 65'535, 65'536, 65'537, 300'000, 5 << 20};
  auto peer = world_->StartPeer("sender", initial, [&](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    for (const size_t size : sizes)
      Must(sender.Send(std::string(size, static_cast<char>(size % 251))));
    // Its blocks stay lent until the receiver has them.
    Must(sender.Call("done"));
  });
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  for (const size_t size : sizes) {
    Message message = Must(receiver.Receive(Soon()));
    ASSERT_EQ(message.payload().size(), size);
    EXPECT_EQ(message.text(), std::string(size, static_cast<char>(size % 251)));
  }
  Message last = Must(receiver.Receive(Soon()));
  Must(last.Reply("thanks"));
}

TEST_F(Messages, OfOneSenderStayInOrderThroughManyWraps) {
  Capability port = world_->NewPort({.ring_bytes = 4096});
  Capability right = SendRight(port);
  const InitialCapability initial[] = {{"port", &right}};
  constexpr int kCount = 20'000;
  auto peer = world_->StartPeer("sender", initial, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    for (int i = 0; i < kCount; ++i) {
      std::string text = std::to_string(i);
      text.append(static_cast<size_t>(i % 97), 'x');
      Must(sender.Send(text, {.label = static_cast<uint32_t>(i)}));
    }
  });
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  for (int i = 0; i < kCount; ++i) {
    Message message = Must(receiver.Receive(Soon()));
    ASSERT_EQ(message.label(), static_cast<uint32_t>(i));
    ASSERT_EQ(message.text().substr(0, message.text().find('x')),
              std::to_string(i));
  }
}

TEST_F(Messages, NothingThereIsShouldWaitOrTimedOut) {
  Receiver receiver = Must(Receiver::Create(world_->NewPort()));
  EXPECT_EQ(ErrorOf(receiver.Receive(Deadline::Immediately()).status()),
            Error::should_wait);
  EXPECT_EQ(
      ErrorOf(
          receiver.Receive(Deadline::After(absl::Milliseconds(5))).status()),
      Error::timed_out);
}

TEST_F(Messages, AFullQueueIsShouldWaitOrTimedOut) {
  Capability port = world_->NewPort({.ring_bytes = 4096});
  Sender sender = Must(Sender::Create(SendRight(port)));
  absl::Status status;
  int sent = 0;
  while ((status = sender.Send(std::string(900, 'x'),
                               {.deadline = Deadline::Immediately()}))
             .ok())
    ++sent;
  EXPECT_EQ(ErrorOf(status), Error::should_wait);
  EXPECT_EQ(sent, 4);
  EXPECT_EQ(ErrorOf(sender.Send(
                std::string(900, 'x'),
                {.deadline = Deadline::After(absl::Milliseconds(5))})),
            Error::timed_out);
}

TEST_F(Messages, APortThatFailsWhenFullNeverBlocks) {
  Capability port =
      world_->NewPort({.ring_bytes = 4096, .at_full = AtFull::kFail});
  Sender sender = Must(Sender::Create(SendRight(port)));
  absl::Status status;
  while ((status = sender.Send(std::string(900, 'x'))).ok()) {
  }
  EXPECT_EQ(ErrorOf(status), Error::should_wait);
}

TEST_F(Messages, ABlockedSendGoesOnWhenOneIsTaken) {
  Capability port = world_->NewPort({.ring_bytes = 4096});
  Capability right = SendRight(port);
  const InitialCapability initial[] = {{"port", &right}};
  Capability told = world_->NewPort();
  Capability told_right = SendRight(told);
  const InitialCapability both[] = {{"port", &right}, {"told", &told_right}};
  auto peer = world_->StartPeer("sender", both, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    Sender teller = Must(Sender::Create(Must(session.Take("told"))));
    while (
        sender
            .Send(std::string(900, 'x'), {.deadline = Deadline::Immediately()})
            .ok()) {
    }
    Must(teller.Send("full"));
    Must(sender.Send(std::string(900, 'y')));
    Must(teller.Send("sent"));
  });
  Receiver listener = Must(Receiver::Create(std::move(told)));
  EXPECT_EQ(Must(listener.Receive(Soon())).text(), "full");
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  EXPECT_EQ(Must(receiver.Receive(Soon())).payload().size(), 900u);
  EXPECT_EQ(Must(listener.Receive(Soon())).text(), "sent");
}

TEST_F(Messages, CarryCapabilitiesInOrder) {
  Capability port = world_->NewPort();
  Sender sender = Must(Sender::Create(SendRight(port)));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  Capability first = world_->NewPort({.name = "first"});
  Capability second = world_->NewPort({.name = "second"});
  const uint64_t ids[] = {Must(first.Info()).object_id,
                          Must(second.Info()).object_id};
  Capability gifts[] = {std::move(first), std::move(second)};
  Must(sender.Send("take these", {.capabilities = gifts}));
  EXPECT_FALSE(gifts[0].valid());
  EXPECT_FALSE(gifts[1].valid());
  Message message = Must(receiver.Receive(Soon()));
  ASSERT_EQ(message.capability_count(), 2u);
  auto taken = Must(message.TakeCapabilities());
  ASSERT_EQ(taken.size(), 2u);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(taken[i].error, Error::ok);
    EXPECT_EQ(Must(taken[i].capability.Info()).object_id, ids[i]);
  }
}

TEST_F(Messages, AFailedSendKeepsEveryCapability) {
  Capability port =
      world_->NewPort({.ring_bytes = 4096, .at_full = AtFull::kFail});
  Sender sender = Must(Sender::Create(SendRight(port)));
  while (sender.Send(std::string(900, 'x')).ok()) {
  }
  Capability gifts[] = {world_->NewPort()};
  const uint64_t id = Must(gifts[0].Info()).object_id;
  EXPECT_EQ(
      ErrorOf(sender.Send(std::string(900, 'x'), {.capabilities = gifts})),
      Error::should_wait);
  ASSERT_TRUE(gifts[0].valid());
  EXPECT_EQ(Must(gifts[0].Info()).object_id, id);
}

TEST_F(Messages, ACapabilityThatCannotMoveFailsTheWholeSend) {
  Capability port = world_->NewPort();
  Sender sender = Must(Sender::Create(SendRight(port)));
  Capability whole = world_->NewPort();
  Capability gifts[] = {Must(whole.Duplicate()),
                        Must(whole.Duplicate(kRightSend))};
  const absl::Status status = sender.Send("no", {.capabilities = gifts});
  EXPECT_EQ(ErrorOf(status), Error::access_denied) << status;
  EXPECT_TRUE(gifts[0].Info().ok());
  EXPECT_TRUE(gifts[1].Info().ok());
}

TEST_F(Messages, APortsReceiveRightCannotGoThroughThatPort) {
  Capability port = world_->NewPort();
  Sender sender = Must(Sender::Create(SendRight(port)));
  Capability gifts[] = {std::move(port)};
  EXPECT_EQ(ErrorOf(sender.Send("", {.capabilities = gifts})),
            Error::invalid_args);
  EXPECT_TRUE(gifts[0].valid());
}

TEST_F(Messages, TooManyCapabilitiesAreOutOfRange) {
  Capability port = world_->NewPort();
  Sender sender = Must(Sender::Create(SendRight(port)));
  std::vector<Capability> gifts(abi::kMessageHandlesMax + 1);
  EXPECT_EQ(ErrorOf(sender.Send("", {.capabilities = std::span(gifts)})),
            Error::out_of_range);
}

TEST_F(Messages, ManySendersTakeTurns) {
  Capability port = world_->NewPort();
  Capability flood = SendRight(port, 1);
  Capability quiet = SendRight(port, 2);
  const InitialCapability initial[] = {{"port", &flood}};
  Sender gentle = Must(Sender::Create(std::move(quiet)));
  auto peer = world_->StartPeer("flood", initial, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    while (sender.Send(std::string(64, 'x')).ok()) {
    }
  });
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  // Until its lane has joined.
  Must(gentle.Send("I am here"));
  while (Must(receiver.Receive(Soon())).badge() != 2) {
  }
  // From then on its messages come within a turn of the flood.
  Must(gentle.Send("me too"));
  bool seen = false;
  for (int i = 0; i < 40 && !seen; ++i)
    seen = Must(receiver.Receive(Soon())).badge() == 2;
  EXPECT_TRUE(seen);
  receiver.Close();
}

}  // namespace
}  // namespace ipc
