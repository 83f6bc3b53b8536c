// Lanes that grow while they are often full, and give back when they are idle.
#include <thread>
#include <vector>

#include "ipc/inspect.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;

constexpr uint32_t kBase = 4096;
constexpr uint32_t kMost = 256u << 10;

std::string TextOf(uint32_t number) {
  return std::string(number % 300, static_cast<char>('a' + number % 26));
}

void SendNumbered(Sender& sender, uint32_t first, uint32_t last) {
  for (uint32_t i = first; i <= last; ++i)
    Must(sender.Send(TextOf(i), {.label = i}));
}

void ExpectNumbered(Receiver& receiver, uint32_t first, uint32_t last) {
  for (uint32_t i = first; i <= last; ++i) {
    const Message message = Must(receiver.Receive(Soon()));
    ASSERT_EQ(message.label(), i);
    ASSERT_EQ(message.text(), TextOf(i));
  }
}

class Growth : public Syscalls {
 protected:
  static constexpr uint64_t kBadge = 7;

  Capability SendRight(uint64_t badge = kBadge) {
    return Must(port_.Mint(kRightSend | kRightDuplicate, badge));
  }
  LaneEntry TheLane() {
    for (const LaneEntry& lane : Must(inspector_.Lanes()))
      if (lane.badge == kBadge) return lane;
    return {};
  }
  // Takes one message each time the sender sleeps for room, until its ring is
  // another than `bytes`; the last one taken.
  uint32_t TakeSlowlyWhile(Receiver& receiver, uint32_t bytes,
                           uint32_t taken = 0) {
    while (true) {
      const LaneEntry lane = TheLane();
      if (lane.ring_bytes != bytes && lane.id != 0) return taken;
      if ((lane.sender_armed & abi::kArmRoomFutex) == 0) continue;
      const Message message = Must(receiver.Receive(Soon()));
      EXPECT_EQ(message.label(), ++taken);
      EXPECT_EQ(message.text(), TextOf(taken));
    }
  }
  uint64_t BytesCharged() {
    return Must(GetAccountInfo(world_->account()))
        .used[static_cast<size_t>(abi::AccountItem::bytes)];
  }

  Capability port_ =
      world_->NewPort({.ring_bytes = kBase, .ring_bytes_max = kMost});
  Inspector inspector_ =
      Must(Inspector::Create(Must(kernel_object_.Duplicate(kRightsSame))));
};

TEST_F(Growth, ASlowReceiversLaneGrowsAndNothingIsLostOrReordered) {
  constexpr uint32_t kCount = 5'000;
  Capability right = SendRight();
  const InitialCapability initial[] = {{"port", &right}};
  auto peer = world_->StartPeer("sender", initial, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    SendNumbered(sender, 1, kCount);
  });
  Receiver receiver = Must(Receiver::Create(Must(port_.Duplicate())));
  uint32_t taken = 0;
  for (uint32_t bytes = kBase; bytes < kMost; bytes = TheLane().ring_bytes)
    taken = TakeSlowlyWhile(receiver, bytes, taken);
  EXPECT_EQ(TheLane().ring_bytes, kMost);
  ExpectNumbered(receiver, taken + 1, kCount);
}

TEST_F(Growth, CallsAreAnsweredWhileTheRingBeforeIsNotYetRead) {
  constexpr int kCalls = 8;
  Capability right = SendRight();
  Capability steps = world_->NewPort();
  const InitialCapability initial[] = {{"port", &right}, {"steps", &steps}};
  Sender teller =
      Must(Sender::Create(Must(steps.Mint(kRightSend | kRightDuplicate, 1))));
  auto peer = world_->StartPeer("sender", initial, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    Receiver step = Must(Receiver::Create(Must(session.Take("steps"))));
    std::vector<std::thread> callers;
    for (int i = 0; i < kCalls; ++i)
      callers.emplace_back([&sender] {
        EXPECT_EQ(Must(sender.Call("?")).payload().size(), 1'000u);
      });
    Must(step.Receive(Soon()));
    SendNumbered(sender, 1, 300);
    for (std::thread& caller : callers) caller.join();
  });
  Receiver receiver = Must(Receiver::Create(Must(port_.Duplicate())));
  std::vector<Message> calls;
  for (int i = 0; i < kCalls; ++i)
    calls.push_back(Must(receiver.Receive(Soon())));
  Must(teller.Send("begin"));
  const uint32_t taken = TakeSlowlyWhile(receiver, kBase);
  // More than fits into the ring of replies: room has to be looked for.
  const std::string answer(1'000, 'a');
  for (Message& call : calls)
    Must(call.Reply(ipc::BytesOf(answer), {}, Soon()));
  ExpectNumbered(receiver, taken + 1, 300);
}

TEST_F(Growth, AnIdleLaneGivesItsMemoryBackAndGrowsAgain) {
  Capability right = SendRight();
  Capability steps = world_->NewPort();
  const InitialCapability initial[] = {{"port", &right}, {"steps", &steps}};
  Sender teller =
      Must(Sender::Create(Must(steps.Mint(kRightSend | kRightDuplicate, 1))));
  auto peer = world_->StartPeer("sender", initial, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    Receiver step = Must(Receiver::Create(Must(session.Take("steps"))));
    for (uint32_t next = 1; next < 1'000; next += 500) {
      SendNumbered(sender, next, next + 499);
      Must(step.Receive(Soon()));
    }
  });
  Receiver receiver = Must(Receiver::Create(Must(port_.Duplicate())));
  uint32_t taken = 0;
  for (uint32_t next = 1; next < 1'000; next += 500) {
    const uint64_t before = next == 1 ? 0 : BytesCharged();
    taken = TakeSlowlyWhile(receiver, kBase, taken);
    EXPECT_GT(BytesCharged(), before);
    ExpectNumbered(receiver, taken + 1, next + 499);
    taken = next + 499;
    while (TheLane().grown_bytes != 0) {
    }
    Must(teller.Send("next"));
  }
}

TEST_F(Growth, AnAccountWithoutRoomIsNoErrorToTheSender) {
  const uint64_t lane_bytes = 2 * (abi::kControlBytes + kBase);
  Other poor = MakePoor(MakeAccount({.limit = {0, 0, 0, 0, lane_bytes}}),
                        SendRight().Release());
  Receiver receiver = Must(Receiver::Create(Must(port_.Duplicate())));
  std::thread sending([&] {
    Sender sender =
        Must(Sender::Create(Capability(poor.session.core(), poor.handle)));
    SendNumbered(sender, 1, 2'000);
  });
  uint32_t taken = 0;
  while (taken < 500) {
    if ((TheLane().sender_armed & abi::kArmRoomFutex) == 0) continue;
    ExpectNumbered(receiver, taken + 1, taken + 1);
    ++taken;
  }
  EXPECT_EQ(TheLane().grown_bytes, 0u);
  ExpectNumbered(receiver, taken + 1, 2'000);
  sending.join();
}

TEST_F(Growth, AReceiverThatComesLateFindsEverythingInOrder) {
  // Nobody listens while the lane grows, as far as it may.
  Sender sender = Must(Sender::Create(SendRight()));
  uint32_t sent = 0;
  const auto send = [&] {
    const absl::Status status =
        sender.Send(TextOf(sent + 1),
                    {.label = sent + 1, .deadline = Deadline::Immediately()});
    sent += status.ok() ? 1 : 0;
  };
  while (TheLane().ring_bytes == kBase || sent == 0) send();
  const uint32_t first_of_grown = sent;
  while (sent < first_of_grown + 20) send();
  for (int handed_on = 0; handed_on < 3; ++handed_on) {
    Receiver receiver = Must(Receiver::Create(Must(port_.Duplicate())));
    const uint32_t first = static_cast<uint32_t>(handed_on) * 5 + 1;
    ExpectNumbered(receiver, first, first + 4);
  }
  Receiver receiver = Must(Receiver::Create(Must(port_.Duplicate())));
  ExpectNumbered(receiver, 16, sent);
  SendNumbered(sender, sent + 1, sent + 50);
  ExpectNumbered(receiver, sent + 1, sent + 50);
}

TEST_F(Growth, ADeadSendersGrownLaneIsReadToItsEnd) {
  Capability right = SendRight();
  const InitialCapability initial[] = {{"port", &right}};
  auto peer = world_->StartPeer("sender", initial, [](Session& session) {
    absl::StatusOr<Sender> sender = Sender::Create(*session.Take("port"));
    for (uint32_t i = 1; sender.ok(); ++i)
      if (!sender->Send(TextOf(i), {.label = i}).ok()) return;
  });
  uint32_t taken = 0;
  {
    Receiver receiver = Must(Receiver::Create(Must(port_.Duplicate())));
    taken = TakeSlowlyWhile(receiver, kBase);
  }
  // It goes on until that ring is full, too.
  while (TheLane().queued_bytes < 2 * kBase) {
  }
  peer->Kill();
  peer->Join();
  const uint64_t queued = TheLane().queued_bytes;
  Receiver receiver = Must(Receiver::Create(Must(port_.Duplicate())));
  uint64_t bytes = 0;
  while (bytes < queued) {
    const Message message = Must(receiver.Receive(Soon()));
    ASSERT_EQ(message.label(), ++taken);
    ASSERT_EQ(message.text(), TextOf(taken));
    bytes += abi::RecordBytes(message.payload().size());
  }
  EXPECT_EQ(bytes, queued);
}

TEST_F(Growth, APortThatFailsWhenFullGrows) {
  port_ = world_->NewPort(
      {.ring_bytes = kBase, .ring_bytes_max = kMost, .at_full = AtFull::kFail});
  Sender sender = Must(Sender::Create(SendRight()));
  uint32_t sent = 0;
  while (TheLane().ring_bytes <= kBase)
    if (sender.Send(TextOf(sent + 1), {.label = sent + 1}).ok()) ++sent;
  Receiver receiver = Must(Receiver::Create(std::move(port_)));
  ExpectNumbered(receiver, 1, sent);
}

TEST_F(Growth, AFixedRingStaysAsItIs) {
  port_ = world_->NewPort({.ring_bytes = kBase, .at_full = AtFull::kFail});
  Sender sender = Must(Sender::Create(SendRight()));
  uint32_t sent = 0;
  for (int i = 0; i < 1'000; ++i)
    if (sender.Send(std::string(32, 'x')).ok()) ++sent;
  EXPECT_EQ(sent, kBase / abi::RecordBytes(32));
  EXPECT_EQ(TheLane().ring_bytes, kBase);
}

TEST_F(Growth, ASenderThatLiesAboutWhereItGoesOnHurtsItsOwnLaneOnly) {
  const Handle right = SendRight().Release();
  auto liar = Connect(root(), right);
  Receiver receiver = Must(Receiver::Create(Must(port_.Duplicate())));
  liar->own->tail().store(kBase);
  ASSERT_EQ(ErrorOf(Syscall::lane_resize, liar->handle, {.args = {8192}}),
            Error::ok);
  ASSERT_EQ(ErrorOf(Syscall::lane_resized, liar->handle, {.args = {kBase}}),
            Error::ok);
  Sender honest = Must(Sender::Create(SendRight(9)));
  SendNumbered(honest, 1, 10);
  ExpectNumbered(receiver, 1, 10);
  EXPECT_EQ(ipc::ErrorOf(receiver.Receive(Deadline::Immediately()).status()),
            Error::should_wait);
  EXPECT_EQ(liar->inbox.Await(abi::Event::lane_cut).value(2),
            static_cast<uint64_t>(Error::peer_closed));
}

}  // namespace
}  // namespace ipc
