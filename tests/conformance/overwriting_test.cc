// Overwriting ports: a send never waits; the receiver gets the newest messages
// of each sender, whole and in order, and knows how many it lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "ipc/inspect.h"
#include "ipc/loan.h"
#include "libipc/base/futex.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using ::testing::HasSubstr;
using testing_kit::Must;

constexpr uint32_t kRing = 4096;
// Small messages that stay at least (docs/ports.md), of one line each.
constexpr uint32_t kStay = kRing / 4 * 3 / 64;

// Says its label all over.
std::string Text(uint32_t label, size_t bytes) {
  return std::string(bytes, static_cast<char>('a' + label % 23));
}

class Overwriting : public Syscalls {
 protected:
  Sender NewSender() {
    return Must(Sender::Create(
        Must(port_.Mint(kRightSend | kRightTransfer | kRightManage, 3))));
  }
  void Listen() {
    receiver_.emplace(Must(Receiver::Create(Must(port_.Duplicate()))));
  }
  // Until the death of the last one is known.
  void ListenNext() {
    for (const Deadline deadline = Soon(); deadline.ns > base::NowNs();) {
      auto receiver = Receiver::Create(Must(port_.Duplicate()));
      if (!receiver.ok()) continue;
      receiver_.emplace(*std::move(receiver));
      return;
    }
    FAIL() << "the port still has a listener";
  }
  static void SendAll(Sender& sender, uint32_t first, uint32_t end) {
    for (uint32_t i = first; i < end; ++i)
      Must(sender.Send("x", {.label = i, .deadline = Deadline::Immediately()}));
  }
  Message Take() { return Must(receiver_->Receive(Soon())); }
  // The labels from here to `last` come in order, those left out were counted.
  // How many came.
  uint32_t TakeUntil(uint32_t last, uint32_t expected) {
    for (uint32_t count = 1;; ++count) {
      const Message message = Take();
      EXPECT_EQ(message.label(), expected + message.lost());
      expected = message.label() + 1;
      if (message.label() >= last) return count;
    }
  }
  void ExpectNothing() {
    EXPECT_EQ(
        ipc::ErrorOf(receiver_->Receive(Deadline::Immediately()).status()),
        Error::should_wait);
  }

  Capability port_ = world_->NewPort(
      {.ring_bytes = kRing, .buffering = Buffering::kOverwriting});
  std::optional<Receiver> receiver_;
};

TEST_F(Overwriting, ItIsAQueueWhileThereIsRoom) {
  Sender sender = NewSender();
  Listen();
  for (uint32_t i = 0; i < 1'000; i += kStay) {
    SendAll(sender, i, i + kStay);
    EXPECT_EQ(TakeUntil(i + kStay - 1, i), kStay);
    ExpectNothing();
  }
}

TEST_F(Overwriting, AtFullTheNewestStayAndTheLossIsCounted) {
  Sender sender = NewSender();
  Listen();
  SendAll(sender, 0, 10'000);
  EXPECT_GE(TakeUntil(9'999, 0), kStay);
  ExpectNothing();
  SendAll(sender, 10'000, 10'010);
  EXPECT_EQ(TakeUntil(10'009, 10'000), 10u);
}

TEST_F(Overwriting, WhatWasLostBeforeAnybodyListenedIsCountedToo) {
  Sender sender = NewSender();
  SendAll(sender, 0, 10'000);
  Listen();
  EXPECT_GE(TakeUntil(9'999, 0), kStay);
}

TEST_F(Overwriting, EachSenderLosesItsOwnOnly) {
  Sender loud = NewSender();
  Sender quiet = NewSender();
  Must(quiet.Send("quiet", {.label = 1}));
  SendAll(loud, 2, 10'000);
  Listen();
  uint64_t lost = 0;
  for (bool heard = false, over = false; !heard || !over;) {
    const Message message = Take();
    if (message.label() == 1) {
      EXPECT_EQ(message.text(), "quiet");
      EXPECT_EQ(message.lost(), 0u);
      heard = true;
    }
    lost += message.lost();
    over |= message.label() == 9'999;
  }
  EXPECT_GT(lost, 0u);
  // A process that lists ports is told.
  Inspector inspector =
      Must(Inspector::Create(Must(kernel_object_.Duplicate())));
  for (const PortEntry& port : Must(inspector.Ports()))
    if (port.id == Must(port_.Info()).object_id) {
      EXPECT_EQ(port.receiver_counters.lost, lost);
      EXPECT_LE(port.queued_bytes, kRing);
    }
}

TEST_F(Overwriting, MessagesOfAnySizeStayWholeInARace) {
  constexpr uint32_t kCount = 50'000;
  const Capability right = Must(port_.Mint(kRightSend | kRightDuplicate, 1));
  const InitialCapability initial[] = {{"port", &right}};
  Listen();
  auto peer = world_->StartPeer("fast", initial, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    for (uint32_t i = 0; i < kCount; ++i)
      Must(sender.Send(Text(i, i % 1'025), {.label = i}));
  });
  uint64_t lost = 0;
  for (uint32_t expected = 0; expected < kCount;) {
    const Message message = Take();
    ASSERT_EQ(message.label(), expected + message.lost());
    ASSERT_EQ(message.text(), Text(message.label(), message.label() % 1'025));
    expected = message.label() + 1;
    lost += message.lost();
  }
  EXPECT_GT(lost, 0u);  // else nothing was tried
}

TEST_F(Overwriting, AReceiverThatSleepsIsWoken) {
  const Capability right = Must(port_.Mint(kRightSend | kRightDuplicate, 1));
  Capability turns = world_->NewPort();
  const Capability hears =
      Must(turns.Duplicate(kRightReceive | kRightDuplicate));
  const InitialCapability initial[] = {{"port", &right}, {"turns", &hears}};
  Listen();
  auto peer = world_->StartPeer("slow", initial, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    Receiver hears_turns = Must(Receiver::Create(Must(session.Take("turns"))));
    for (uint32_t i = 0; i < 200; ++i) {
      Must(hears_turns.Receive(testing_kit::Soon()));
      for (uint32_t n = 0; n <= i; ++n) Must(sender.Send("x", {.label = i}));
    }
  });
  Sender asks = Must(Sender::Create(Must(turns.Mint(kRightSend, 1))));
  for (uint32_t i = 0; i < 200; ++i) {
    Must(asks.Send("go"));
    for (uint64_t of_turn = 0; of_turn <= i; ++of_turn) {
      const Message message = Take();
      ASSERT_EQ(message.label(), i);
      of_turn += message.lost();
    }
  }
}

TEST_F(Overwriting, ItsDescriptorIsReadableWhileThereIsAnything) {
  Sender sender = NewSender();
  Listen();
  pollfd polled = {receiver_->descriptor(), POLLIN, 0};
  for (uint32_t i = 0; i < 10'000; i += 1'000) {
    while (receiver_->Receive(Deadline::Immediately()).ok()) {
    }
    std::thread sends([&] { SendAll(sender, i, i + 1'000); });
    EXPECT_EQ(poll(&polled, 1, 60'000), 1);
    sends.join();
  }
}

TEST_F(Overwriting, InPlaceACopyIsShown) {
  Sender sender = NewSender();
  Listen();
  Must(sender.Send("copy", {.label = 5}));
  const auto look = [](const MessageInPlace& message) {
    EXPECT_EQ(TextOf(message.payload), "copy");
    ASSERT_NE(message.message, nullptr);
    EXPECT_EQ(message.message->label(), 5u);
  };
  EXPECT_EQ(Must(receiver_->ReceiveInPlace(look, Soon())), 1u);
}

// ---- What it refuses

TEST_F(Overwriting, OnlyBytesAreTaken) {
  Sender sender = NewSender();
  Listen();
  const absl::Status call = sender.Call("x").status();
  EXPECT_EQ(ipc::ErrorOf(call), Error::bad_state);
  EXPECT_THAT(call.message(), HasSubstr("takes no calls"));

  Capability gift = world_->NewPort();
  const absl::Status gave = sender.Send("x", {.capabilities = {&gift, 1}});
  EXPECT_EQ(ipc::ErrorOf(gave), Error::bad_state);
  EXPECT_THAT(gave.message(), HasSubstr("takes no capabilities"));
  EXPECT_TRUE(gift.Info().ok());

  Pool pool = Must(Pool::Create(world_->root(), 1 << 16));
  Loan loan = Must(pool.Allocate(100));
  const absl::Status lent = sender.SendLoan(loan);
  EXPECT_EQ(ipc::ErrorOf(lent), Error::bad_state);
  EXPECT_THAT(lent.message(), HasSubstr("takes no loans"));
  EXPECT_EQ(ipc::ErrorOf(sender.SendParts(BytesOf("x"), {&loan, 1})),
            Error::bad_state);
  EXPECT_EQ(loan.bytes().size(), 100u);
  ExpectNothing();
  SendAll(sender, 0, 1);
  EXPECT_EQ(Take().lost(), 0u);
}

TEST_F(Overwriting, WhatDoesNotFitInlineIsRefused) {
  Sender sender = NewSender();
  Listen();
  const absl::Status status = sender.Send(Text(1, kRing / 4 + 1));
  EXPECT_EQ(ipc::ErrorOf(status), Error::out_of_range);
  EXPECT_THAT(status.message(), HasSubstr("1024 at most"));
  Must(sender.Send(Text(1, kRing / 4)));
  EXPECT_EQ(Take().text(), Text(1, kRing / 4));

  port_ = world_->NewPort({.buffering = Buffering::kOverwriting});
  Sender large = NewSender();
  Listen();
  EXPECT_EQ(ipc::ErrorOf(large.Send(Text(1, abi::kPayloadBytesMax + 1))),
            Error::out_of_range);
  for (uint32_t i = 0; i < 20; ++i)
    Must(large.Send(Text(i, abi::kPayloadBytesMax), {.label = i}));
  EXPECT_GE(TakeUntil(19, 0), 2u);
}

TEST_F(Overwriting, ABatchGoesWhole) {
  Sender sender = NewSender();
  Listen();
  const std::vector<Bytes> batch(1'000, BytesOf("x"));
  EXPECT_EQ(Must(sender.SendBatch(batch)), batch.size());
  uint64_t sum = 0;
  while (sum < batch.size()) sum += 1 + Take().lost();
  EXPECT_EQ(sum, batch.size());
  ExpectNothing();
}

// ---- Who ends, and who comes after

TEST_F(Overwriting, TheNextListenerGoesOnAndCountsWhatWasLostInBetween) {
  Sender sender = NewSender();
  Listen();
  SendAll(sender, 0, 20);
  EXPECT_EQ(TakeUntil(9, 0), 10u);
  receiver_->Close();
  ListenNext();
  EXPECT_EQ(TakeUntil(14, 10), 5u);
  receiver_->Close();
  SendAll(sender, 20, 10'000);
  ListenNext();
  EXPECT_GE(TakeUntil(9'999, 15), kStay);
}

TEST_F(Overwriting, AListenerThatIsKilledLosesOnlyWhatItTook) {
  Capability receive = Must(port_.Duplicate(kRightReceive | kRightDuplicate));
  Capability told = world_->NewPort();
  const Capability tells = Must(told.Mint(kRightSend | kRightDuplicate, 1));
  const InitialCapability initial[] = {{"port", &receive}, {"told", &tells}};
  const auto body = [](Session& session) {
    auto port = session.Take("port");
    auto right = session.Take("told");
    if (!port.ok() || !right.ok()) return;
    auto receiver = Receiver::Create(*std::move(port));
    auto teller = Sender::Create(*std::move(right));
    while (receiver.ok() && teller.ok()) {
      auto message = receiver->Receive();
      if (!message.ok()) return;
      const std::string lost = std::to_string(message->lost());
      if (!teller->Send(lost, {.label = message->label()}).ok()) return;
    }
  };
  Sender sender = NewSender();
  Receiver hears = Must(Receiver::Create(std::move(told)));
  auto peer = world_->StartPeer("listener", initial, body);
  uint32_t next = 0;
  for (int kills = 0; kills < 5; ++kills) {
    SendAll(sender, next, next + 500);
    next += 500;
    // It takes some, is killed at any step, and the sender does not notice.
    for (int i = 0; i < 20; ++i) Must(hears.Receive(Soon()));
    peer->Kill();
    peer->Join();
    SendAll(sender, next, next + 500);
    next += 500;
    peer = world_->StartPeer("listener", initial, body);
  }
  uint32_t last = 0;
  while (last != next - 1) last = Must(hears.Receive(Soon())).label();
  peer->Kill();
}

TEST_F(Overwriting, WhatASenderThatIsKilledSentStays) {
  const Capability right = Must(port_.Mint(kRightSend | kRightDuplicate, 1));
  Capability told = world_->NewPort();
  const Capability tells = Must(told.Mint(kRightSend | kRightDuplicate, 1));
  const InitialCapability initial[] = {{"port", &right}, {"told", &tells}};
  auto peer = world_->StartPeer("sender", initial, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    Sender teller = Must(Sender::Create(Must(session.Take("told"))));
    SendAll(sender, 0, 10'000);
    Must(teller.Send("sent"));
  });
  Receiver hears = Must(Receiver::Create(std::move(told)));
  Must(hears.Receive(Soon()));
  peer->Kill();
  peer->Join();
  Listen();
  EXPECT_GE(TakeUntil(9'999, 0), kStay);
  ExpectNothing();
}

// Killed between any two instructions: what it had sent is whole.
TEST_F(Overwriting, ASenderMayBeKilledAtAnyStep) {
  const Capability right = Must(port_.Mint(kRightSend | kRightDuplicate, 1));
  const InitialCapability initial[] = {{"port", &right}};
  Listen();
  for (int i = 0; i < 10; ++i) {
    auto peer = world_->StartPeer("sender", initial, [](Session& session) {
      auto port = session.Take("port");
      if (!port.ok()) return;
      auto sender = Sender::Create(*std::move(port));
      for (uint32_t n = 0; sender.ok(); ++n)
        if (!sender->Send(Text(n, n % 900), {.label = n}).ok()) return;
    });
    for (int taken = 0; taken < 100 + i; ++taken) {
      const Message message = Take();
      ASSERT_EQ(message.text(), Text(message.label(), message.label() % 900));
    }
    peer->Kill();
    peer->Join();
    // Until only what comes after its death can come.
    while (true) {
      auto message = receiver_->Receive(Deadline::Immediately());
      if (!message.ok()) break;
      ASSERT_EQ(message->text(),
                Text(message->label(), message->label() % 900));
    }
  }
}

// ---- Hostile peers

// What it wants back would stand among the messages of the next one.
TEST_F(Overwriting, AListenerThatLendsAnswersLeavesTheLaneToTheNext) {
  Other liar = MakeOther(port_.handle());
  auto inbox = Syscalls::Listen(liar.core(), liar.handle);
  Sender sender = NewSender();
  SendAll(sender, 0, 10);
  auto lane = Join(liar.core(), *inbox);
  const abi::LoanRef ref = {};
  std::memcpy(lane->out.Payload(), &ref, sizeof(ref));
  abi::RecordHeader header = {};
  header.payload_bytes = sizeof(ref);
  header.flags = abi::kRecordReply | abi::kRecordLoan;
  lane->out.Publish(header);
  liar.session.Close();
  ListenNext();
  SendAll(sender, 10, 20);
  EXPECT_EQ(TakeUntil(19, 0), 20u);
  SendAll(sender, 20, 30);
  EXPECT_EQ(TakeUntil(29, 20), 10u);
}

class HostileOverwriting : public Overwriting {
 protected:
  HostileOverwriting() { Listen(); }
  // A message as an honest sender publishes it.
  void Put(uint64_t number) { PutFlags(number, abi::kRecordNumber); }
  void PutFlags(uint64_t number, uint16_t flags) {
    lane_->out.MakeRoom(sizeof(number));
    std::memcpy(lane_->out.Payload(), &number, sizeof(number));
    abi::RecordHeader header = {};
    header.payload_bytes = sizeof(number);
    header.flags = flags;
    lane_->out.Publish(header);
    base::WakeWord(lane_->own->tail_word(), 1);
  }
  // Everybody else is served, at once, whatever is in its lane.
  void ExpectOthersServed() {
    Sender sender = NewSender();
    SendAll(sender, 77, 78);
    while (Take().label() != 77) {
    }
  }
  Other liar_ = MakeOther(port_.handle(), kRightSend);
  std::unique_ptr<RawLane> lane_ = Connect(liar_.core(), liar_.handle);
};

TEST_F(HostileOverwriting, AFalseOldestHurtsItsSenderOnly) {
  const uint64_t lies[] = {1,     63,         64,         128,
                           4'096, 1u << 20,   1ull << 62, 1ull << 63,
                           ~0ull, ~0ull - 63, 0,          960};
  for (const uint64_t lie : lies) {
    for (uint64_t i = 0; i < 100; ++i) {
      Put(i);
      lane_->own->oldest().store(lie + i % 3 * 64);
    }
    ExpectOthersServed();
    liar_ = MakeOther(port_.handle(), kRightSend);
    lane_ = Connect(liar_.core(), liar_.handle);
  }
}

TEST_F(HostileOverwriting, AnOldestThatNeverStandsStillStopsNobody) {
  std::atomic<bool> over{false};
  std::thread lies([&] {
    for (uint64_t at = 0; !over.load(); at = (at + 64) % (1ull << 40))
      lane_->own->oldest().store(at);
  });
  for (int i = 0; i < 100; ++i) ExpectOthersServed();
  over.store(true);
  lies.join();
}

TEST_F(HostileOverwriting, WhatIsNoNumberedMessageEndsItsLane) {
  for (const uint16_t flags :
       {uint16_t{0}, uint16_t{abi::kRecordCall},
        uint16_t{abi::kRecordNumber | abi::kRecordCall},
        uint16_t{abi::kRecordNumber | abi::kRecordLoan},
        uint16_t{abi::kRecordNumber | abi::kRecordToken},
        uint16_t{abi::kRecordReturn}, uint16_t{abi::kRecordFlagsAll}}) {
    Put(0);
    PutFlags(1, flags);
    Put(2);
    EXPECT_EQ(Take().lost(), 0u);
    ExpectNothing();
    ExpectOthersServed();
    liar_ = MakeOther(port_.handle(), kRightSend);
    lane_ = Connect(liar_.core(), liar_.handle);
  }
}

TEST_F(HostileOverwriting, FalseNumbersCountNothingBelowNull) {
  for (const uint64_t number :
       {uint64_t{5}, uint64_t{3}, ~uint64_t{0}, uint64_t{0}, uint64_t{1}})
    Put(number);
  EXPECT_EQ(Take().lost(), 5u);
  EXPECT_EQ(Take().lost(), 0u);
  EXPECT_EQ(Take().lost(), ~uint64_t{0} - 4);
  EXPECT_EQ(Take().lost(), 0u);
  EXPECT_EQ(Take().lost(), 0u);
}

}  // namespace
}  // namespace ipc
