// Waiting: wait sets, descriptors, object events, ends of sessions.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <thread>

#include "ipc/wait_set.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

class Waiting : public ::testing::Test {
 protected:
  Waiting() : port_(world_->NewPort()) {}
  Capability SendRight(const Capability& port, uint64_t badge = 7) {
    return Must(port.Mint(kRightSend | kRightDuplicate | kRightWait, badge));
  }
  static bool Readable(int fd, int timeout_ms) {
    pollfd entry = {fd, POLLIN, 0};
    return poll(&entry, 1, timeout_ms) > 0;
  }
  std::unique_ptr<World> world_ = World::Start();
  Capability port_;
};

TEST_F(Waiting, ASleepingReceiverUsesNoTime) {
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  rusage before;
  getrusage(RUSAGE_THREAD, &before);
  EXPECT_EQ(
      ErrorOf(
          receiver.Receive(Deadline::After(absl::Milliseconds(300))).status()),
      Error::timed_out);
  rusage after;
  getrusage(RUSAGE_THREAD, &after);
  const long used_us =
      (after.ru_utime.tv_sec - before.ru_utime.tv_sec) * 1'000'000 +
      after.ru_utime.tv_usec - before.ru_utime.tv_usec;
  EXPECT_LT(used_us, 30'000);
}

TEST_F(Waiting, ClosingTheReceiverEndsItsWaits) {
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      EXPECT_EQ(ErrorOf(receiver.Receive(Soon()).status()), Error::canceled);
    });
  receiver.Close();
  for (auto& thread : threads) thread.join();
}

TEST_F(Waiting, EndingTheSessionEndsEveryWait) {
  Session session = world_->NewSession("short");
  Capability port = Must(session.CreatePort({}));
  Receiver receiver = Must(Receiver::Create(Must(port.Duplicate())));
  WaitSet set = Must(WaitSet::Create(session));
  std::thread receiving([&] { EXPECT_FALSE(receiver.Receive(Soon()).ok()); });
  std::thread watching([&] {
    EXPECT_EQ(ErrorOf(port.Wait(kSignalPeerClosed, Soon()).status()),
              Error::canceled);
  });
  std::thread polling([&] { EXPECT_FALSE(set.Wait(Soon()).ok()); });
  session.Close();
  receiving.join();
  watching.join();
  polling.join();
}

TEST_F(Waiting, RevokingTheReceiveRightEndsTheWait) {
  Capability right = Must(port_.Mint(kRightReceive, 3));
  Receiver receiver = Must(Receiver::Create(std::move(right)));
  std::thread waiting([&] {
    EXPECT_EQ(ErrorOf(receiver.Receive(Soon()).status()), Error::revoked);
  });
  Must(port_.Revoke(3));
  waiting.join();
}

TEST_F(Waiting, TheDescriptorIsReadableAsLongAsMessagesWait) {
  Sender sender = Must(Sender::Create(SendRight(port_)));
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  const int fd = receiver.descriptor();
  ASSERT_GE(fd, 0);
  for (int round = 0; round < 50; ++round) {
    Must(sender.Send("1"));
    Must(sender.Send("2"));
    ASSERT_TRUE(Readable(fd, 60'000));
    int got = 0;
    while (got < 2) {
      ASSERT_TRUE(Readable(fd, 60'000)) << "a message waits";
      if (receiver.Receive(Deadline::Immediately()).ok()) ++got;
    }
    // Empty, said so, and then quiet.
    while (ErrorOf(receiver.Receive(Deadline::Immediately()).status()) !=
               Error::should_wait ||
           Readable(fd, 0)) {
    }
  }
}

TEST_F(Waiting, AWaitSetReportsPortsObjectsAndDescriptors) {
  Sender sender = Must(Sender::Create(SendRight(port_)));
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  Capability other = world_->NewPort();
  Capability others_sender = SendRight(other);
  const int event = eventfd(0, EFD_CLOEXEC);
  WaitSet set = Must(WaitSet::Create(world_->root()));
  Must(set.Add(1, receiver));
  Must(set.Add(2, others_sender, kSignalPeerClosed));
  Must(set.AddDescriptor(3, event));
  EXPECT_EQ(ErrorOf(set.AddDescriptor(3, event)), Error::already_exists);

  Must(sender.Send("x"));
  while (!receiver.Receive(Deadline::Immediately()).ok())
    EXPECT_EQ(Must(set.Wait(Soon())).key, 1u);

  // A port may be reported without need; asking it settles that.
  auto next = [&] {
    Ready ready = Must(set.Wait(Soon()));
    while (ready.key == 1) {
      EXPECT_FALSE(receiver.Receive(Deadline::Immediately()).ok());
      ready = Must(set.Wait(Soon()));
    }
    return ready;
  };
  const uint64_t one = 1;
  ASSERT_EQ(write(event, &one, sizeof(one)), 8);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(next().key, 3u) << "level-triggered";
  Must(set.Remove(3));
  close(event);

  Must(other.Close());
  for (int i = 0; i < 3; ++i) {
    const Ready ready = next();
    EXPECT_EQ(ready.key, 2u);
    EXPECT_EQ(ready.signals, kSignalPeerClosed);
  }
  Must(set.Remove(2));
  EXPECT_EQ(ErrorOf(set.Remove(2)), Error::not_found);
}

TEST_F(Waiting, NoReadyMemberStarves) {
  WaitSet set = Must(WaitSet::Create(world_->root()));
  constexpr int kMembers = 100;
  std::vector<int> events;
  for (int i = 0; i < kMembers; ++i) {
    events.push_back(eventfd(1, EFD_CLOEXEC));
    Must(set.AddDescriptor(static_cast<uint64_t>(i), events.back()));
  }
  std::vector<int> counts(kMembers, 0);
  for (int i = 0; i < kMembers * 10; ++i) ++counts[Must(set.Wait(Soon())).key];
  for (const int count : counts) EXPECT_GT(count, 2);
  for (const int event : events) close(event);
}

TEST_F(Waiting, AWaitSetCanBeInterrupted) {
  WaitSet set = Must(WaitSet::Create(world_->root()));
  std::thread waiting(
      [&] { EXPECT_EQ(ErrorOf(set.Wait(Soon()).status()), Error::canceled); });
  set.Interrupt();
  waiting.join();
}

TEST_F(Waiting, NoSendersIsToldAndAgainAfterNewOnesHaveGone) {
  for (int i = 0; i < 3; ++i) {
    {
      Capability sender = SendRight(port_);
      EXPECT_EQ(
          ErrorOf(
              port_.Wait(kSignalNoSenders, Deadline::Immediately()).status()),
          Error::should_wait);
    }
    EXPECT_EQ(Must(port_.Wait(kSignalNoSenders, Soon())), kSignalNoSenders);
  }
}

TEST_F(Waiting, ADeadProcessIsTold) {
  ipc::NewProcess child = world_->NewProcess("child");
  std::thread waiting([&] {
    EXPECT_EQ(Must(child.process.Wait(kSignalDead, Soon())), kSignalDead);
  });
  {
    Session session = Must(Session::Adopt(std::move(child.socket), "child"));
    EXPECT_EQ(Must(GetProcessInfo(child.process)).state,
              abi::ProcessState::running);
    session.Close();
  }
  waiting.join();
  EXPECT_EQ(Must(GetProcessInfo(child.process)).state, abi::ProcessState::dead);
}

TEST_F(Waiting, AConditionThatHoldsWinsOverAPassedDeadline) {
  Sender sender = Must(Sender::Create(SendRight(port_)));
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  Must(sender.Send("1"));
  Must(receiver.Receive(Soon()));
  Must(sender.Send("2"));
  EXPECT_EQ(Must(receiver.Receive(Deadline{1})).text(), "2");
}

TEST_F(Waiting, TheKernelProcesssDeathEndsEveryWait) {
  if (testing_kit::CurrentFlavour() == testing_kit::Flavour::kInProcess)
    GTEST_SKIP() << "only a process can be killed";
  Capability polled_port = world_->NewPort();
  Receiver polled = Must(Receiver::Create(std::move(polled_port)));
  ASSERT_GE(polled.descriptor(), 0);
  Capability watched = world_->NewPort();
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  WaitSet set = Must(WaitSet::Create(world_->root()));
  std::thread receiving([&] {
    EXPECT_EQ(ErrorOf(receiver.Receive(Soon()).status()), Error::peer_closed);
  });
  std::thread polling([&] {
    EXPECT_EQ(ErrorOf(polled.Receive(Soon()).status()), Error::peer_closed);
  });
  std::thread watching([&] {
    EXPECT_EQ(ErrorOf(watched.Wait(kSignalNoSenders, Soon()).status()),
              Error::peer_closed);
  });
  std::thread setting([&] {
    EXPECT_EQ(ErrorOf(set.Wait(Soon()).status()), Error::peer_closed);
  });
  ASSERT_TRUE(world_->KillKernel());
  receiving.join();
  polling.join();
  watching.join();
  setting.join();
  EXPECT_FALSE(world_->root().connected());
}

TEST_F(Waiting, AThousandSendersOnOnePort) {
  rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const int kSenders = limit.rlim_cur >= 8'000 ? 1'000 : 200;
  Receiver receiver = Must(Receiver::Create(Must(port_.Duplicate())));
  std::vector<Sender> senders;
  for (int i = 0; i < kSenders; ++i)
    senders.push_back(
        Must(Sender::Create(SendRight(port_, static_cast<uint64_t>(i) + 1))));
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < kSenders; ++i)
      Must(senders[static_cast<size_t>(i)].Send(
          "x", {.label = static_cast<uint32_t>(round)}));
    std::vector<int> seen(static_cast<size_t>(kSenders) + 1, 0);
    for (int i = 0; i < kSenders; ++i) {
      Message message = Must(receiver.Receive(Soon()));
      ASSERT_EQ(message.label(), static_cast<uint32_t>(round));
      ++seen[message.badge()];
    }
    for (int i = 1; i <= kSenders; ++i)
      ASSERT_EQ(seen[static_cast<size_t>(i)], 1);
  }
}

}  // namespace
}  // namespace ipc
