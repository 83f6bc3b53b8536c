// Replies and Receive rights that go to other processes, through the API.
#include <gtest/gtest.h>

#include <thread>

#include "ipc/region.h"
#include "ipc/reply.h"
#include "ipc/wait_set.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

// A port for calls, and one over which Reply capabilities go to a worker.
class MovedReply : public ::testing::Test {
 protected:
  std::unique_ptr<testing_kit::Peer> StartCaller(
      std::function<void(Sender&)> body) {
    caller_right_ = Must(port_.Mint(kRightSend | kRightDuplicate, 7));
    const InitialCapability initial[] = {{"port", &caller_right_}};
    return world_->StartPeer("caller", initial, [body](Session& session) {
      Sender sender = Must(Sender::Create(Must(session.Take("port"))));
      body(sender);
    });
  }
  std::unique_ptr<testing_kit::Peer> StartWorker(
      std::function<void(Session&, Receiver&)> body) {
    const InitialCapability initial[] = {{"work", &work_}};
    return world_->StartPeer("worker", initial, [body](Session& session) {
      Receiver receiver = Must(Receiver::Create(Must(session.Take("work"))));
      body(session, receiver);
    });
  }
  static Replier Received(Message& job) {
    auto given = Must(job.TakeCapabilities());
    return Must(Replier::Adopt(std::move(given.at(0).capability)));
  }
  // Hands the reply right of the next call on, with the call's payload.
  void HandOn(Receiver& receiver, Sender& to_worker) {
    Message call = Must(receiver.Receive(Soon()));
    Capability right[] = {Must(call.MoveReply())};
    EXPECT_FALSE(call.wants_reply());
    Must(to_worker.Send(call.payload(), {.capabilities = right}));
  }

  std::unique_ptr<World> world_ = World::Start();
  Capability port_ = world_->NewPort();
  Capability work_ = world_->NewPort();
  Capability caller_right_;
};

TEST_F(MovedReply, IsUsedByAnotherProcess) {
  constexpr int kCalls = 200;
  auto caller = StartCaller([](Sender& sender) {
    for (int i = 0; i < kCalls; ++i) {
      Message reply = Must(sender.Call(std::to_string(i), {.label = 9}));
      ASSERT_EQ(reply.text(), "worker: " + std::to_string(i));
      ASSERT_EQ(reply.label(), 9u);
    }
    EXPECT_EQ(sender.stale_replies(), 0u);
  });
  auto worker = StartWorker([](Session&, Receiver& receiver) {
    for (int i = 0; i < kCalls; ++i) {
      Message job = Must(receiver.Receive(Soon()));
      Replier replier = Received(job);
      EXPECT_FALSE(Must(replier.Info()).over);
      Must(replier.Reply("worker: " + std::string(job.text())));
      EXPECT_EQ(ErrorOf(replier.Reply("twice")), Error::bad_handle);
    }
  });
  Sender to_worker =
      Must(Sender::Create(Must(work_.Mint(kRightSend | kRightTransfer, 1))));
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  for (int i = 0; i < kCalls; ++i) HandOn(receiver, to_worker);
}

TEST_F(MovedReply, CarriesAnswersOfAnySizeAndCapabilities) {
  auto caller = StartCaller([](Sender& sender) {
    for (const size_t bytes : {size_t{0}, size_t{16'000}, size_t{5'000'000}}) {
      Message reply = Must(sender.Call(std::to_string(bytes)));
      ASSERT_EQ(reply.payload().size(), bytes);
      for (const std::byte b : reply.payload()) ASSERT_EQ(b, std::byte{7});
      ASSERT_EQ(reply.capability_count(), 1u);
      auto given = Must(reply.TakeCapabilities());
      ASSERT_EQ(given.size(), 1u);
      EXPECT_EQ(given[0].kind, ObjectKind::region);
    }
  });
  auto worker = StartWorker([](Session& session, Receiver& receiver) {
    for (int i = 0; i < 3; ++i) {
      Message job = Must(receiver.Receive(Soon()));
      Replier replier = Received(job);
      const std::vector<std::byte> answer(std::stoul(std::string(job.text())),
                                          std::byte{7});
      Capability region[] = {
          Must(Region::Create(session, 4096)).TakeCapability()};
      Must(replier.Reply(answer, region));
    }
  });
  Sender to_worker = Must(Sender::Create(Must(work_.Mint(kRightSend, 1))));
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  for (int i = 0; i < 3; ++i) HandOn(receiver, to_worker);
}

TEST_F(MovedReply, AnswersThoughTheServerAndItsPortAreGone) {
  auto caller = StartCaller([](Sender& sender) {
    EXPECT_EQ(Must(sender.Call("question")).text(), "answer");
  });
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  Message call = Must(receiver.Receive(Soon()));
  Replier replier(Must(call.MoveReply()));
  receiver.Close();
  call = Message();
  // The kernel process has closed the port by now.
  Must(world_->root().CreatePort({}));
  Must(replier.Reply("answer"));
}

TEST_F(MovedReply, DroppedUnusedFailsTheCallAtOnce) {
  auto caller = StartCaller([](Sender& sender) {
    EXPECT_EQ(ErrorOf(sender.Call("one").status()), Error::dropped);
    EXPECT_EQ(ErrorOf(sender.Call("two").status()), Error::dropped);
  });
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  {
    Message call = Must(receiver.Receive(Soon()));
    Must(call.MoveReply());
  }
  // By the death of who holds it.
  auto worker = StartWorker([](Session&, Receiver& work) {
    Message job = Must(work.Receive(Soon()));
    Replier replier = Received(job);
    Must(job.Reply("I have it"));
    work.Receive(Deadline::Never()).status().IgnoreError();
  });
  Sender to_worker = Must(Sender::Create(Must(work_.Mint(kRightSend, 1))));
  Message call = Must(receiver.Receive(Soon()));
  Capability right[] = {Must(call.MoveReply())};
  Must(to_worker.Call("hold this", {.capabilities = right}));
  worker->Kill();
  worker->Join();
}

TEST_F(MovedReply, OfACallerThatGaveUpIsStaleAndHarmsNothing) {
  auto caller = StartCaller([](Sender& sender) {
    EXPECT_EQ(
        ErrorOf(sender
                    .Call("hurry",
                          {.deadline = Deadline::After(absl::Milliseconds(20))})
                    .status()),
        Error::timed_out);
    EXPECT_EQ(Must(sender.Call("patient")).text(), "ok");
  });
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  Message call = Must(receiver.Receive(Soon()));
  Replier replier(Must(call.MoveReply()));
  Must(replier.capability().Wait(kSignalPeerClosed, Soon()));
  EXPECT_TRUE(Must(replier.Info()).over);
  EXPECT_EQ(ErrorOf(replier.Reply("too late")), Error::stale_reply);
  EXPECT_FALSE(replier.capability().valid());
  Must(Must(receiver.Receive(Soon())).Reply("ok"));
}

// ---- the Receive right

TEST_F(MovedReply, CallsInHandAreAnsweredAfterTheirPortWasHandedOn) {
  auto caller = StartCaller([](Sender& sender) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&sender, i] {
        const std::string text = std::to_string(i);
        EXPECT_EQ(Must(sender.Call(text)).text(), "re " + text);
      });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(ErrorOf(sender.Call("drop me").status()), Error::dropped);
  });
  Receiver first = Must(Receiver::Create(std::move(port_)));
  std::vector<Message> in_hand;
  for (int i = 0; i < 2; ++i) in_hand.push_back(Must(first.Receive(Soon())));
  Receiver second = Must(Receiver::Create(Must(first.Release())));
  EXPECT_EQ(ErrorOf(first.Release().status()), Error::bad_state);
  const auto answer = [](Message& call) {
    EXPECT_FALSE(call.IsCancelled());
    Must(call.Reply("re " + std::string(call.text())));
  };
  for (int i = 0; i < 2; ++i) {
    Message next = Must(second.Receive(Soon()));
    answer(next);
  }
  for (Message& call : in_hand) answer(call);
  Message dropped = Must(second.Receive(Soon()));
  Receiver third = Must(Receiver::Create(Must(second.Release())));
  dropped = Message();
}

// Where the calls in hand find no room as Reply capabilities the port cannot be
// handed on: who has it goes on listening, to its lanes and to new ones.
TEST_F(MovedReply, APortThatCannotBeHandedOnIsListenedToStill) {
  auto caller = StartCaller([](Sender& sender) {
    std::thread other([&] { EXPECT_EQ(Must(sender.Call("a")).text(), "yes"); });
    EXPECT_EQ(Must(sender.Call("b")).text(), "yes");
    other.join();
    EXPECT_EQ(Must(sender.Call("after")).text(), "yes");
  });
  Capability late_right = Must(port_.Mint(kRightSend | kRightDuplicate, 8));
  Capability poor = Must(
      CreateAccount(world_->account(), "poor", AccountLimits{.messages = 1}));
  const InitialCapability initial[] = {{"port", &port_}};
  Session session = Must(Session::Adopt(
      std::move(Must(CreateProcess(poor, "listener", initial)).socket),
      "listener"));
  Receiver receiver = Must(Receiver::Create(Must(session.Take("port"))));
  ASSERT_NE(receiver.descriptor(), -1);  // idle lanes sleep on their bells
  Message in_hand[] = {Must(receiver.Receive(Soon())),
                       Must(receiver.Receive(Soon()))};
  EXPECT_EQ(ErrorOf(receiver.Receive(Deadline::Immediately()).status()),
            Error::should_wait);
  EXPECT_EQ(ErrorOf(receiver.Release().status()), Error::quota_exceeded);
  const InitialCapability late_initial[] = {{"port", &late_right}};
  auto late = world_->StartPeer("late", late_initial, [](Session& own) {
    Sender sender = Must(Sender::Create(Must(own.Take("port"))));
    EXPECT_EQ(Must(sender.Call("late")).text(), "yes");
  });
  Must(Must(receiver.Receive(Soon())).Reply("yes"));
  for (Message& call : in_hand) Must(call.Reply("yes"));
  Must(Must(receiver.Receive(Soon())).Reply("yes"));
  late->Join();
  caller->Join();
}

// Three processes pass the Receive right round while a fourth sends and calls.
TEST_F(MovedReply, NothingIsLostRepeatedOrReorderedWhileAPortIsHandedRound) {
  constexpr int kMessages = 3000;
  constexpr int kHolders = 3;
  constexpr int kTurn = 50;
  auto caller = StartCaller([](Sender& sender) {
    for (int i = 0; i < kMessages; ++i) {
      const std::string text = std::to_string(i);
      if (i % 5 != 0)
        Must(sender.Send(text));
      else
        ASSERT_EQ(Must(sender.Call(text)).text(), text);
    }
    Must(sender.Call("end"));
  });
  // A port each, over which the Receive right comes.
  std::vector<Capability> doors;
  for (int i = 0; i < kHolders; ++i) doors.push_back(world_->NewPort());
  Capability report = world_->NewPort();
  std::vector<std::unique_ptr<testing_kit::Peer>> peers;
  for (int i = 0; i < kHolders; ++i) {
    Capability next =
        Must(doors[(i + 1) % kHolders].Mint(kRightSend | kRightDuplicate, 1));
    Capability tell = Must(report.Mint(kRightSend | kRightDuplicate, 1));
    const InitialCapability initial[] = {
        {"door", &doors[i]}, {"next", &next}, {"report", &tell}};
    peers.push_back(world_->StartPeer("holder", initial, [](Session& session) {
      Receiver door = Must(Receiver::Create(Must(session.Take("door"))));
      Sender next_door = Must(Sender::Create(Must(session.Take("next"))));
      Sender reports = Must(Sender::Create(Must(session.Take("report"))));
      while (true) {
        auto knock = door.Receive(Soon());
        if (!knock.ok() || knock->text() == "end") return;
        auto given = Must(knock->TakeCapabilities());
        Receiver port =
            Must(Receiver::Create(std::move(given.at(0).capability)));
        for (int taken = 0; taken < kTurn; ++taken) {
          Message message = Must(port.Receive(Soon()));
          Must(reports.Call(message.payload()));
          if (message.wants_reply()) Must(message.Reply(message.payload()));
          if (message.text() == "end") return;
        }
        Capability right[] = {Must(port.Release())};
        Must(next_door.Send("yours", {.capabilities = right}));
      }
    }));
  }
  Sender first = Must(Sender::Create(Must(doors[0].Mint(kRightSend, 2))));
  Capability right[] = {std::move(port_)};
  Must(first.Send("yours", {.capabilities = right}));
  Receiver reports = Must(Receiver::Create(std::move(report)));
  for (int i = 0; i < kMessages; ++i) {
    Message message = Must(reports.Receive(Soon()));
    ASSERT_EQ(message.text(), std::to_string(i));
    Must(message.Reply(""));
  }
  Message last = Must(reports.Receive(Soon()));
  EXPECT_EQ(last.text(), "end");
  Must(last.Reply(""));
  caller->Join();
  for (Capability& door : doors)
    Must(Must(Sender::Create(Must(door.Mint(kRightSend, 3)))).Send("end"));
}

}  // namespace
}  // namespace ipc
