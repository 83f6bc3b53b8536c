// What lanes measure always: how long messages waited, were worked on and took.
#include "libipc/base/times.h"

#include "ipc/inspect.h"
#include "libipc/base/clock.h"
#include "libipc/base/sampler.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;

uint64_t MessagesIn(const TimeBuckets& times) {
  uint64_t sum = 0;
  for (const uint64_t count : times.messages) sum += count;
  return sum;
}

// Of the messages, those that took at least so long.
uint64_t AtLeast(const TimeBuckets& times, uint64_t ns) {
  uint64_t sum = 0;
  for (size_t i = base::TimeBucketOf(ns); i < abi::kTimeBuckets; ++i)
    sum += times.messages[i];
  return sum;
}

void Work(int64_t ns) {
  for (const int64_t end = base::NowNs() + ns; base::NowNs() < end;) {
  }
}

class PortTimes : public Syscalls {
 protected:
  static constexpr int64_t kWorkNs = 2'000'000;

  Inspector MakeInspector() {
    return Must(Inspector::Create(Must(kernel_object_.Duplicate())));
  }
  LaneTimes TimesOf(uint64_t port) { return Must(MakeInspector().Times(port)); }
  uint64_t TheOnlyPort() { return Must(MakeInspector().Ports())[0].id; }
  std::unique_ptr<testing_kit::Peer> StartPeer(
      const Capability& port, std::function<void(Sender&)> body) {
    Capability right = Must(port.Mint(
        kRightSend | kRightTransfer | kRightWait | kRightDuplicate, 1));
    const InitialCapability initial[] = {{"port", &right}};
    return world_->StartPeer("peer", initial, [body](Session& session) {
      Sender sender = Must(Sender::Create(Must(session.Take("port"))));
      body(sender);
    });
  }
};

// ---- the call

TEST_F(PortTimes, ChecksHandleRightsAndFields) {
  const uint64_t port = IdOf(MakePort());
  ExpectDoor(Syscall::port_times, {.args = 2, .good = {.args = {port}}});
}

TEST_F(PortTimes, OfWhatIsNoPortAreNotFound) {
  for (const uint64_t port : {uint64_t{0}, IdOf(MakeRegion()), ~uint64_t{0}})
    EXPECT_EQ(ErrorOf(Syscall::port_times, kernel_object(), {.args = {port}}),
              Error::not_found);
}

TEST_F(PortTimes, OfAnUnusedPortAreNone) {
  const uint64_t port = IdOf(MakePort());
  const Answer answer =
      Call(Syscall::port_times, kernel_object(), {.args = {port}});
  EXPECT_EQ(answer.error(), Error::ok);
  EXPECT_EQ(answer.value(0), 0u);
  EXPECT_EQ(answer.payload.size(), sizeof(LaneTimes));
  EXPECT_EQ(MessagesIn(TimesOf(port).queue), 0u);
}

TEST_F(PortTimes, OfAPeerThatWritesNonsenseAreBounded) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  std::memset(&lane->own->times(), 0xff, sizeof(LaneTimes));
  const LaneTimes times = TimesOf(IdOf(port));
  // As many as the nanoseconds that it is there.
  EXPECT_LT(times.call.messages[0], uint64_t{1} << 50);
  EXPECT_EQ(MessagesIn(times.queue), 0u);
  EXPECT_EQ(MessagesIn(times.work), 0u);
}

// ---- what is measured

TEST_F(PortTimes, StandForAllCallsAndOutliveTheirLane) {
  constexpr int kCalls = 5'000;
  Capability port = world_->NewPort();
  auto peer = StartPeer(port, [](Sender& sender) {
    for (int i = 0; i < kCalls; ++i) Must(sender.Call("question", {}));
  });
  {
    Receiver receiver = Must(Receiver::Create(std::move(port)));
    for (int i = 0; i < kCalls; ++i)
      Must(Must(receiver.Receive(Soon())).Reply("answer"));
    peer->Join();
    while (Must(MakeInspector().Ports())[0].lanes != 0) {
      EXPECT_EQ(
          ipc::ErrorOf(receiver.Receive(Deadline::Immediately()).status()),
          Error::should_wait);
    }
    const LaneTimes times = TimesOf(TheOnlyPort());
    for (const TimeBuckets* each : {&times.queue, &times.work, &times.call}) {
      EXPECT_GT(each->samples, 16u);
      EXPECT_LE(MessagesIn(*each), kCalls);
      EXPECT_GE(MessagesIn(*each), kCalls - 8 * base::Sampler::kSampleEvery);
    }
  }
}

TEST_F(PortTimes, TellWhatAServiceWorksApartFromTheQueue) {
  constexpr int kCalls = 30;
  Capability port = world_->NewPort();
  auto peer = StartPeer(port, [](Sender& sender) {
    for (int i = 0; i < kCalls; ++i) Must(sender.Call("question", {}));
  });
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  for (int i = 0; i < kCalls; ++i) {
    Message call = Must(receiver.Receive(Soon()));
    Work(kWorkNs);
    Must(call.Reply("answer"));
  }
  peer->Join();
  const LaneTimes times = TimesOf(TheOnlyPort());
  EXPECT_GE(times.work.samples, 16u);
  EXPECT_EQ(AtLeast(times.work, kWorkNs), MessagesIn(times.work));
  EXPECT_EQ(AtLeast(times.call, kWorkNs), MessagesIn(times.call));
  EXPECT_GE(times.work.sum_ns, MessagesIn(times.work) * kWorkNs);
  EXPECT_LT(AtLeast(times.queue, kWorkNs), MessagesIn(times.queue));
}

TEST_F(PortTimes, TellHowLongMessagesWaited) {
  constexpr int kMessages = 20;
  Capability port = world_->NewPort();
  Sender sender = Must(Sender::Create(Must(port.Mint(kRightSend, 1))));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  for (int i = 0; i < kMessages; ++i) Must(sender.Send("message"));
  Work(kWorkNs);
  for (int i = 0; i < kMessages; ++i) Must(receiver.Receive(Soon()));
  const LaneTimes times = TimesOf(TheOnlyPort());
  EXPECT_GE(times.queue.samples, 16u);
  EXPECT_EQ(AtLeast(times.queue, kWorkNs), MessagesIn(times.queue));
  EXPECT_EQ(MessagesIn(times.work), 0u);
  EXPECT_EQ(MessagesIn(times.call), 0u);
}

// Each way of sending and taking.
TEST_F(PortTimes, AreOfMessagesTakenInPlaceTooAndLeaveThemAsTheyWere) {
  constexpr size_t kMessages = 2'000;
  Capability port = world_->NewPort();
  Sender sender = Must(Sender::Create(Must(port.Mint(kRightSend, 1))));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  size_t taken = 0;
  for (size_t sent = 0; taken < kMessages;) {
    const std::string text(1 + sent % 150, 'x');
    const std::vector<Bytes> payloads(10, BytesOf(text));
    for (size_t left = payloads.size(); left > 0;) {
      const size_t went =
          Must(sender.SendBatch(std::span(payloads).first(left)));
      left -= went;
      sent += went;
    }
    while (taken < sent)
      taken += Must(receiver.ReceiveInPlace(
          [&](const MessageInPlace& message) {
            EXPECT_EQ(message.payload.size(), text.size());
            EXPECT_EQ(static_cast<char>(message.payload.back()), 'x');
          },
          Soon()));
  }
  const LaneTimes times = TimesOf(TheOnlyPort());
  EXPECT_GT(times.queue.samples, 16u);
  EXPECT_GE(MessagesIn(times.queue),
            kMessages - 8 * base::Sampler::kSampleEvery);
}

TEST_F(PortTimes, AreOfCallsWithDeadlinesAndBlocksToo) {
  constexpr int kCalls = 50;
  Capability port = world_->NewPort();
  auto peer = StartPeer(port, [](Sender& sender) {
    const std::string large(20'000, 'y');
    for (int i = 0; i < kCalls; ++i) {
      const Message reply = Must(sender.Call(i % 2 == 0 ? "small" : large,
                                             {.label = 3, .deadline = Soon()}));
      EXPECT_EQ(reply.text(), i % 2 == 0 ? "5" : "20000");
    }
  });
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  for (int i = 0; i < kCalls; ++i) {
    Message call = Must(receiver.Receive(Soon()));
    EXPECT_FALSE(call.deadline().ns == base::kNoDeadline);
    Must(call.Reply(std::to_string(call.payload().size())));
  }
  peer->Join();
  EXPECT_GT(TimesOf(TheOnlyPort()).queue.samples, 16u);
}

}  // namespace
}  // namespace ipc
