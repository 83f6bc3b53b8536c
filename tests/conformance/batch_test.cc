// Batches, and messages looked at where they lie.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

class Batches : public ::testing::Test {
 protected:
  void SetUp() override { Open({}); }
  void Open(const PortOptions& options) {
    Capability port = world_->NewPort(options);
    sender_.emplace(Must(Sender::Create(
        Must(port.Mint(kRightSend | kRightTransfer | kRightDuplicate, 3)))));
    receiver_.emplace(Must(Receiver::Create(std::move(port))));
  }
  // "first", "first + 1", ...
  static std::vector<std::string> Numbers(int first, int count) {
    std::vector<std::string> texts;
    for (int i = 0; i < count; ++i) texts.push_back(std::to_string(first + i));
    return texts;
  }
  static std::vector<Bytes> BytesOfAll(const std::vector<std::string>& texts) {
    std::vector<Bytes> all;
    for (const std::string& text : texts) all.push_back(BytesOf(text));
    return all;
  }

  std::unique_ptr<World> world_ = World::Start();
  std::optional<Sender> sender_;
  std::optional<Receiver> receiver_;
};

TEST_F(Batches, ArriveInOrderAsSingleMessages) {
  const auto texts = Numbers(0, 100);
  EXPECT_EQ(Must(sender_->SendBatch(BytesOfAll(texts), {.label = 9})), 100u);
  for (const std::string& text : texts) {
    Message message = Must(receiver_->Receive(Soon()));
    EXPECT_EQ(message.text(), text);
    EXPECT_EQ(message.label(), 9u);
    EXPECT_EQ(message.badge(), 3u);
  }
}

TEST_F(Batches, OfAnySizeArriveWholeAndInOrder) {
  std::vector<std::string> texts;
  for (const size_t size : {0u, 1u, 32u, 160u, 161u, 65'536u, 70'000u, 5u})
    texts.emplace_back(size, static_cast<char>('a' + texts.size()));
  EXPECT_EQ(Must(sender_->SendBatch(BytesOfAll(texts))), texts.size());
  for (const std::string& text : texts)
    EXPECT_EQ(Must(receiver_->Receive(Soon())).text(), text);
}

TEST_F(Batches, ThatDoNotFitSayHowManyDid) {
  Open({.ring_bytes = 4096});
  Must(sender_->Send("warm"));
  Must(receiver_->Receive(Soon()));
  const auto texts = Numbers(0, 1'000);
  const auto send_the_rest = [&](size_t from) {
    return sender_->SendBatch(
        BytesOfAll({texts.begin() + static_cast<long>(from), texts.end()}),
        {.deadline = Deadline::Immediately()});
  };
  size_t queued = Must(send_the_rest(0));
  // The first one's room may not be known to be free yet.
  EXPECT_GE(queued, 4096u / 64 - 1);
  absl::StatusOr<size_t> more = send_the_rest(queued);
  for (; more.ok(); more = send_the_rest(queued)) queued += *more;
  EXPECT_EQ(ErrorOf(more.status()), Error::should_wait);
  EXPECT_LE(queued, 4096u / 64);
  for (size_t i = 0; i < queued; ++i)
    EXPECT_EQ(Must(receiver_->Receive(Soon())).text(), texts[i]);
  EXPECT_EQ(ErrorOf(receiver_->Receive(Deadline::Immediately()).status()),
            Error::should_wait);
}

TEST_F(Batches, CarryNoCapabilities) {
  Capability moved = world_->NewPort();
  const auto sent = sender_->SendBatch(BytesOfAll(Numbers(0, 2)),
                                       {.capabilities = {&moved, 1}});
  EXPECT_EQ(ErrorOf(sent.status()), Error::invalid_args);
  EXPECT_TRUE(moved.valid());
  EXPECT_EQ(ErrorOf(receiver_->Receive(Deadline::Immediately()).status()),
            Error::should_wait);
}

TEST_F(Batches, AreReceivedTogetherAndWaitOnlyForTheFirst) {
  const auto texts = Numbers(0, 10);
  Must(sender_->SendBatch(BytesOfAll(texts)));
  std::vector<Message> into(64);
  size_t count = 0;
  while (count < texts.size()) {
    const size_t more =
        Must(receiver_->ReceiveBatch(std::span(into).subspan(count), Soon()));
    ASSERT_GE(more, 1u);
    count += more;
  }
  ASSERT_EQ(count, texts.size());
  for (size_t i = 0; i < count; ++i) EXPECT_EQ(into[i].text(), texts[i]);
  EXPECT_EQ(
      ErrorOf(receiver_->ReceiveBatch(into, Deadline::Immediately()).status()),
      Error::should_wait);
  EXPECT_EQ(ErrorOf(receiver_->ReceiveBatch({}, Soon()).status()),
            Error::invalid_args);
}

TEST_F(Batches, ReceivedTogetherCallsAreAnsweredEach) {
  Capability port = world_->NewPort();
  Capability send = Must(port.Mint(kRightSend | kRightDuplicate, 1));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  const InitialCapability initial[] = {{"port", &send}};
  auto peer = world_->StartPeer("caller", initial, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    for (int i = 0; i < 100; ++i) {
      Must(sender.Send("between"));
      EXPECT_EQ(Must(sender.Call(std::to_string(i))).text(),
                std::to_string(i) + "!");
    }
  });
  int answered = 0;
  int between = 0;
  while (answered < 100) {
    std::vector<Message> into(8);
    const size_t count = Must(receiver.ReceiveBatch(into, Soon()));
    for (size_t i = 0; i < count; ++i) {
      if (!into[i].wants_reply()) {
        ++between;
        continue;
      }
      Must(into[i].Reply(std::string(into[i].text()) + "!"));
      ++answered;
    }
  }
  EXPECT_EQ(between, 100);
}

TEST_F(Batches, InPlaceAreShownInOrderAndTakenOnce) {
  const auto texts = Numbers(0, 200);
  Must(sender_->SendBatch(BytesOfAll(texts), {.label = 4}));
  size_t seen = 0;
  while (seen < texts.size()) {
    const size_t before = seen;
    const size_t count = Must(receiver_->ReceiveInPlace(
        [&](const MessageInPlace& message) {
          EXPECT_EQ(TextOf(message.payload), texts[seen]);
          EXPECT_EQ(message.label, 4u);
          EXPECT_EQ(message.badge, 3u);
          ++seen;
        },
        Soon(), 16));
    EXPECT_EQ(seen - before, count);
    EXPECT_LE(count, 16u);
  }
  EXPECT_EQ(ErrorOf(receiver_
                        ->ReceiveInPlace([](const MessageInPlace&) {},
                                         Deadline::Immediately())
                        .status()),
            Error::should_wait);
}

TEST_F(Batches, InPlaceAllSendersAreShownInOneTurn) {
  Capability port = world_->NewPort();
  std::vector<Sender> senders;
  for (uint64_t badge = 1; badge <= 5; ++badge)
    senders.push_back(Must(Sender::Create(Must(port.Mint(kRightSend, badge)))));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  std::map<uint64_t, int> next;
  const auto look = [&](const MessageInPlace& message) {
    EXPECT_EQ(TextOf(message.payload), std::to_string(next[message.badge]++));
  };
  // The first time lanes are opened, and shown one by one.
  for (Sender& sender : senders) Must(sender.Send("0"));
  for (size_t shown = 0; shown < senders.size();)
    shown += Must(receiver.ReceiveInPlace(look, Soon()));
  for (int i = 1; i <= 3; ++i)
    for (Sender& sender : senders) Must(sender.Send(std::to_string(i)));
  // News from the kernel process may end a turn early, but not each.
  size_t turns = 0;
  for (size_t shown = 0; shown < 15; ++turns)
    shown += Must(receiver.ReceiveInPlace(look, Soon()));
  EXPECT_LT(turns, 5u);
  EXPECT_EQ(next,
            (std::map<uint64_t, int>{{1, 4}, {2, 4}, {3, 4}, {4, 4}, {5, 4}}));
}

// One thread looks at messages where they lie, one takes them.
TEST_F(Batches, InPlaceAndTakenByAnotherThreadEachComesOnce) {
  constexpr int kSenders = 4;
  constexpr int kEach = 3000;
  Capability port = world_->NewPort();
  std::vector<InitialCapability> initial;
  std::vector<Capability> sends;
  for (uint64_t badge = 1; badge <= kSenders; ++badge)
    sends.push_back(Must(port.Mint(kRightSend | kRightDuplicate, badge)));
  std::vector<std::string> names;
  for (int i = 0; i < kSenders; ++i) names.push_back(std::to_string(i));
  for (int i = 0; i < kSenders; ++i) initial.push_back({names[i], &sends[i]});
  auto peer = world_->StartPeer("sender", initial, [](Session& session) {
    std::vector<Sender> senders;
    for (int i = 0; i < kSenders; ++i)
      senders.push_back(
          Must(Sender::Create(Must(session.Take(std::to_string(i))))));
    for (int i = 0; i < kEach; ++i)
      for (Sender& sender : senders) Must(sender.Send(std::to_string(i)));
  });
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  std::atomic<int> left = kSenders * kEach;
  using Seen = std::map<uint64_t, std::vector<int>>;
  Seen shown;
  Seen taken;
  const auto note = [&](Seen& seen, uint64_t badge, Bytes payload) {
    seen[badge].push_back(std::stoi(std::string(TextOf(payload))));
    if (--left == 0) receiver.Close();
  };
  std::thread other([&] {
    while (true) {
      auto message = receiver.Receive(Soon());
      if (!message.ok()) return;
      note(taken, message->badge(), message->payload());
    }
  });
  while (receiver
             .ReceiveInPlace(
                 [&](const MessageInPlace& message) {
                   shown[message.badge].push_back(
                       std::stoi(std::string(TextOf(message.payload))));
                   --left;
                 },
                 Soon())
             .ok())
    if (left.load() == 0) receiver.Close();
  other.join();
  EXPECT_EQ(left.load(), 0);
  for (uint64_t badge = 1; badge <= kSenders; ++badge) {
    EXPECT_TRUE(std::is_sorted(shown[badge].begin(), shown[badge].end()));
    EXPECT_TRUE(std::is_sorted(taken[badge].begin(), taken[badge].end()));
    std::vector<int> all;
    std::merge(shown[badge].begin(), shown[badge].end(), taken[badge].begin(),
               taken[badge].end(), std::back_inserter(all));
    ASSERT_EQ(all.size(), static_cast<size_t>(kEach));
    for (int i = 0; i < kEach; ++i) EXPECT_EQ(all[i], i);
  }
}

TEST_F(Batches, InPlaceACallIsShownAsAMessageThatCanBeAnswered) {
  Capability port = world_->NewPort();
  Capability send = Must(port.Mint(kRightSend | kRightDuplicate, 1));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  const InitialCapability initial[] = {{"port", &send}};
  auto peer = world_->StartPeer("caller", initial, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    Must(sender.Send("plain"));
    EXPECT_EQ(Must(sender.Call("question")).text(), "answer");
  });
  bool answered = false;
  std::string plain;
  while (!answered)
    Must(receiver.ReceiveInPlace(
        [&](const MessageInPlace& message) {
          if (message.message == nullptr || !message.message->wants_reply()) {
            plain = TextOf(message.payload);
            return;
          }
          Must(message.message->Reply("answer"));
          answered = true;
        },
        Soon()));
  EXPECT_EQ(plain, "plain");
}

TEST_F(Batches, ThroughASmallRingNothingIsLostWhileBothSidesGoOn) {
  Capability port = world_->NewPort({.ring_bytes = 4096});
  Capability send = Must(port.Mint(kRightSend | kRightDuplicate, 1));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  const InitialCapability initial[] = {{"port", &send}};
  constexpr int kBatches = 500;
  constexpr int kEach = 37;
  auto peer = world_->StartPeer("sender", initial, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    for (int i = 0; i < kBatches; ++i)
      EXPECT_EQ(Must(sender.SendBatch(BytesOfAll(Numbers(i * kEach, kEach)))),
                static_cast<size_t>(kEach));
  });
  int next = 0;
  while (next < kBatches * kEach)
    Must(receiver.ReceiveInPlace(
        [&](const MessageInPlace& message) {
          EXPECT_EQ(TextOf(message.payload), std::to_string(next));
          ++next;
        },
        Soon()));
}

}  // namespace
}  // namespace ipc
