// Calls: one outcome each.
#include <gtest/gtest.h>

#include <thread>

#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

class Calls : public ::testing::Test {
 protected:
  Calls() : port_(world_->NewPort()) {}
  Capability SendRight(uint64_t badge = 7) {
    return Must(port_.Mint(
        kRightSend | kRightTransfer | kRightWait | kRightDuplicate, badge));
  }
  // A peer that makes calls; its body gets the Sender.
  std::unique_ptr<testing_kit::Peer> StartCaller(
      std::function<void(Sender&)> body) {
    caller_right_ = SendRight();
    const InitialCapability initial[] = {{"port", &caller_right_}};
    return world_->StartPeer("caller", initial, [body](Session& session) {
      Sender sender = Must(Sender::Create(Must(session.Take("port"))));
      body(sender);
    });
  }
  std::unique_ptr<World> world_ = World::Start();
  Capability port_;
  Capability caller_right_;
};

TEST_F(Calls, AreAnswered) {
  auto caller = StartCaller([](Sender& sender) {
    for (int i = 0; i < 2'000; ++i) {
      Message reply = Must(sender.Call(std::to_string(i)));
      ASSERT_EQ(reply.text(), std::to_string(i + 1));
    }
  });
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  for (int i = 0; i < 2'000; ++i) {
    Message call = Must(receiver.Receive(Soon()));
    ASSERT_TRUE(call.wants_reply());
    Must(call.Reply(std::to_string(std::stoi(std::string(call.text())) + 1)));
    EXPECT_FALSE(call.wants_reply());
  }
}

TEST_F(Calls, MayBeAnsweredInAnyOrder) {
  auto caller = StartCaller([](Sender& sender) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&sender, i] {
        Message reply = Must(sender.Call(std::to_string(i)));
        EXPECT_EQ(reply.text(), "re " + std::to_string(i));
      });
    for (auto& thread : threads) thread.join();
  });
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  std::vector<Message> calls;
  for (int i = 0; i < 4; ++i) calls.push_back(Must(receiver.Receive(Soon())));
  while (!calls.empty()) {
    Must(calls.back().Reply("re " + std::string(calls.back().text())));
    calls.pop_back();
  }
}

TEST_F(Calls, DestroyedUnansweredAreDropped) {
  auto caller = StartCaller([](Sender& sender) {
    EXPECT_EQ(ErrorOf(sender.Call("x").status()), Error::dropped);
  });
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  Must(receiver.Receive(Soon()));
}

TEST_F(Calls, ThatTimedOutMakeTheReplyStale) {
  auto caller = StartCaller([](Sender& sender) {
    EXPECT_EQ(
        ErrorOf(sender
                    .Call("x",
                          {.deadline = Deadline::After(absl::Milliseconds(20))})
                    .status()),
        Error::timed_out);
    Must(sender.Send("gave up"));
    EXPECT_EQ(Must(sender.Call("y")).text(), "fresh");
  });
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  Message late = Must(receiver.Receive(Soon()));
  EXPECT_NE(late.deadline().ns, Deadline::Never().ns);
  EXPECT_EQ(Must(receiver.Receive(Soon())).text(), "gave up");
  EXPECT_TRUE(late.IsCancelled());
  EXPECT_EQ(ErrorOf(late.Reply("late")), Error::stale_reply);
  Must(Must(receiver.Receive(Soon())).Reply("fresh"));
}

TEST_F(Calls, AnAnswerIsGivenOnce) {
  auto caller = StartCaller([](Sender& sender) { Must(sender.Call("x")); });
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  Message call = Must(receiver.Receive(Soon()));
  Must(call.Reply("1"));
  EXPECT_EQ(ErrorOf(call.Reply("2")), Error::bad_state);
}

TEST_F(Calls, AnswersMayBeLargeAndAreGivenBack) {
  auto caller = StartCaller([](Sender& sender) {
    for (int i = 0; i < 20; ++i) {
      Message reply = Must(sender.Call("big"));
      ASSERT_EQ(reply.payload().size(), 3u << 20);
      ASSERT_TRUE(reply.is_loan());
      ASSERT_EQ(reply.text().back(), static_cast<char>('a' + i));
    }
    // What the last one lent is given back before this is read.
    Must(sender.Call("small"));
  });
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  for (int i = 0; i < 20; ++i)
    Must(Must(receiver.Receive(Soon()))
             .Reply(std::string(3u << 20, static_cast<char>('a' + i))));
  Must(Must(receiver.Receive(Soon())).Reply("ok"));
}

TEST_F(Calls, AnswersMayCarryCapabilities) {
  auto caller = StartCaller([](Sender& sender) {
    Message reply = Must(sender.Call("give"));
    auto taken = Must(reply.TakeCapabilities());
    ASSERT_EQ(taken.size(), 1u);
    EXPECT_EQ(taken[0].kind, ObjectKind::port);
    EXPECT_TRUE(taken[0].capability.Info().ok());
  });
  Capability gifts[] = {world_->NewPort()};
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  Message call = Must(receiver.Receive(Soon()));
  Must(call.Reply(BytesOf("here"), gifts));
  EXPECT_FALSE(gifts[0].valid());
  caller->Join();
}

TEST_F(Calls, FailAtOnceWhenTheServerTookThemAndClosed) {
  auto caller = StartCaller([](Sender& sender) {
    EXPECT_EQ(ErrorOf(sender.Call("x", {.deadline = Soon()}).status()),
              Error::peer_closed);
  });
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  Message call = Must(receiver.Receive(Soon()));
  receiver.Close();
  caller->Join();
  EXPECT_FALSE(call.Reply("too late").ok());
}

TEST_F(Calls, FailAtOnceWhenTheLastReceiveRightGoes) {
  Capability port = Must(port_.Duplicate(kRightReceive | kRightTransfer));
  auto caller = StartCaller([](Sender& sender) {
    EXPECT_EQ(ErrorOf(sender.Call("x", {.deadline = Soon()}).status()),
              Error::peer_closed);
    EXPECT_EQ(ErrorOf(sender.Send("y")), Error::peer_closed);
  });
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  Message call = Must(receiver.Receive(Soon()));
  // The caller's right hangs off this one; closing it leaves the caller's.
  Must(port_.Close());
  receiver.Close();
}

TEST_F(Calls, FailAtOnceWhenTheSendRightIsRevoked) {
  auto caller = StartCaller([](Sender& sender) {
    EXPECT_EQ(ErrorOf(sender.Call("x", {.deadline = Soon()}).status()),
              Error::revoked);
    EXPECT_EQ(ErrorOf(sender.Send("y")), Error::revoked);
  });
  Receiver receiver = Must(Receiver::Create(Must(port_.Duplicate())));
  Message call = Must(receiver.Receive(Soon()));
  const RevokeReceipt receipt = Must(port_.Revoke(7));
  EXPECT_GE(receipt.capabilities, 1u);
  EXPECT_EQ(receipt.lanes, 1u);
  caller->Join();
}

TEST_F(Calls, QueuedOnesWaitForTheNextReceiver) {
  auto caller = StartCaller([](Sender& sender) {
    EXPECT_EQ(Must(sender.Call("x")).text(), "from the second");
  });
  {
    // Listens, takes nothing, goes.
    Receiver first = Must(Receiver::Create(Must(port_.Duplicate())));
  }
  Receiver second = Must(Receiver::Create(Must(port_.Duplicate())));
  Must(Must(second.Receive(Soon())).Reply("from the second"));
}

}  // namespace
}  // namespace ipc
