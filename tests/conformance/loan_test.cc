// Loans: pools that grow, blocks lent to several, parts, and that everything
// comes back.
#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <thread>

#include "ipc/inspect.h"
#include "ipc/process.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

constexpr uint64_t kKiB = 1 << 10;
constexpr uint64_t kMiB = 1 << 20;

class Loans : public ::testing::Test {
 protected:
  Capability SendRight(const Capability& port, uint64_t badge = 7) {
    return Must(port.Mint(kRightSend | kRightDuplicate, badge));
  }
  // A listener to a port of its own that tells what it has taken, and holds it
  // until it is told to go on.
  struct Holder {
    Capability port;
    Capability receive;
    Capability told_right;
    std::unique_ptr<testing_kit::Peer> peer;
    std::optional<Sender> sender;
  };
  Holder StartHolder(int messages) {
    Holder holder;
    holder.port = world_->NewPort();
    holder.receive =
        Must(holder.port.Duplicate(kRightReceive | kRightDuplicate));
    holder.told_right = SendRight(told_, 9);
    const InitialCapability initial[] = {{"port", &holder.receive},
                                         {"told", &holder.told_right}};
    holder.peer =
        world_->StartPeer("holder", initial, [messages](Session& session) {
          Sender teller = Must(Sender::Create(Must(session.Take("told"))));
          Receiver receiver =
              Must(Receiver::Create(Must(session.Take("port"))));
          std::vector<Message> held;
          while (held.size() < static_cast<size_t>(messages)) {
            absl::StatusOr<Message> message = receiver.Receive();
            if (!message.ok()) return;
            held.push_back(*std::move(message));
          }
          teller.Call("held").status().IgnoreError();
        });
    holder.sender.emplace(Must(Sender::Create(SendRight(holder.port))));
    return holder;
  }
  static void Fill(Loan& loan, int value) {
    std::memset(loan.bytes().data(), value, loan.bytes().size());
  }
  static bool IsAll(Bytes bytes, int value) {
    return bytes.front() == static_cast<std::byte>(value) &&
           std::memcmp(&bytes[0], &bytes[1], bytes.size() - 1) == 0;
  }
  static void AwaitAllBack(const Pool& pool) {
    const Deadline deadline = Soon();
    while (pool.bytes_in_use() > 0)
      ASSERT_FALSE(deadline.ns < Deadline::After(absl::ZeroDuration()).ns)
          << pool.bytes_in_use() << " bytes are still lent";
  }

  std::unique_ptr<World> world_ = World::Start();
  Capability told_ = world_->NewPort();
  std::vector<Sender> senders_;  // kept open
  Receiver hears_ = Must(Receiver::Create(Must(told_.Duplicate())));
};

// ---- what Send copies

TEST_F(Loans, WhatIsCopiedArrivesWholeWhetherLentOrInline) {
  Capability port = world_->NewPort();
  Sender sender = Must(Sender::Create(SendRight(port)));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  for (int round = 0; round < 300; ++round) {
    const size_t bytes = 8 * kKiB - 2 + round * 193;
    const std::string sent(bytes, static_cast<char>(round));
    Must(sender.Send(sent));
    const Message message = Must(receiver.Receive(Soon()));
    ASSERT_EQ(message.text(), sent);
    EXPECT_EQ(message.is_loan(), bytes >= 8 * kKiB) << bytes;
  }
}

TEST_F(Loans, WhatFindsNoBlockGoesInlineAndInOrder) {
  Capability port = world_->NewPort();
  Sender sender = Must(Sender::Create(SendRight(port)));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  const std::string payload(60 * kKiB, 'x');
  uint32_t sent = 0;
  absl::Status status;
  while ((status = sender.Send(
              payload, {.label = sent, .deadline = Deadline::Immediately()}))
             .ok())
    ++sent;
  EXPECT_EQ(ErrorOf(status), Error::should_wait);
  // A ring, and as much again.
  EXPECT_GE(sent, 6u);
  EXPECT_LE(sent, 9u);
  int lent = 0;
  for (uint32_t i = 0; i < sent; ++i) {
    const Message message = Must(receiver.Receive(Soon()));
    EXPECT_EQ(message.label(), i);
    EXPECT_EQ(message.text(), payload);
    lent += message.is_loan() ? 1 : 0;
  }
  EXPECT_GE(lent, 3);
  EXPECT_LT(lent, static_cast<int>(sent));
}

TEST_F(Loans, CopiesOutliveTheirSender) {
  Capability port = world_->NewPort();
  Capability right = SendRight(port);
  const InitialCapability initial[] = {{"port", &right}};
  const std::string payload(40 * kKiB, 'y');
  auto peer = world_->StartPeer("sender", initial, [&](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    Must(sender.Send(payload));
    Must(sender.Send(std::string(300 * kKiB, 'z')));
  });
  peer->Join();
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  EXPECT_EQ(Must(receiver.Receive(Soon())).text(), payload);
  EXPECT_EQ(Must(receiver.Receive(Soon())).payload().size(), 300 * kKiB);
}

TEST_F(Loans, APrivateCopyStaysAsItWasAndTheBlockGoesBack) {
  Pool pool = Must(Pool::Create(world_->root(), 64 * kKiB));
  Capability port = world_->NewPort();
  Sender sender = Must(Sender::Create(SendRight(port)));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  Loan loan = Must(pool.Allocate(64 * kKiB));
  Fill(loan, 1);
  std::byte* const shared = loan.bytes().data();
  Must(sender.SendLoan(loan));
  Message message = Must(receiver.Receive(Soon()));
  ASSERT_TRUE(message.is_loan());
  EXPECT_EQ(message.blocks().size(), 1u);
  std::memset(shared, 2, 100);
  EXPECT_EQ(message.payload()[0], std::byte{2}) << "changed under its reader";
  Must(message.MakePrivate());
  std::memset(shared, 3, 64 * kKiB);
  EXPECT_EQ(message.payload()[0], std::byte{2});
  EXPECT_EQ(message.payload()[64 * kKiB - 1], std::byte{1});
  EXPECT_FALSE(message.is_loan());
  EXPECT_EQ(pool.bytes_in_use(), 0u);
  Must(message.MakePrivate());
}

// ---- pools

TEST_F(Loans, APoolGrowsByItselfAndIsTrimmed) {
  Pool pool = Must(Pool::Create(world_->root()));
  EXPECT_EQ(pool.bytes(), 0u);
  std::vector<Loan> loans;
  for (int i = 0; i < 40; ++i) {
    loans.push_back(Must(pool.Allocate(700 * kKiB)));
    Fill(loans.back(), i);
  }
  EXPECT_GE(pool.bytes(), 28 * kMiB);
  EXPECT_LE(pool.bytes(), 128 * kMiB);
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(IsAll(loans[i].bytes(), i));
  pool.Trim();
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(IsAll(loans[i].bytes(), i));
  loans.clear();
  EXPECT_EQ(pool.bytes_in_use(), 0u);
  pool.Trim();
  EXPECT_EQ(pool.bytes(), 0u);
  EXPECT_EQ(Must(pool.Allocate(100 * kMiB)).bytes().size(), 100 * kMiB);
}

TEST_F(Loans, TheBlockThatCameBackLastIsTakenFirst) {
  Pool pool = Must(Pool::Create(world_->root()));
  Loan first = Must(pool.Allocate(30'000));
  Loan second = Must(pool.Allocate(30'000));
  const std::byte* const at = first.bytes().data();
  first = Loan();
  EXPECT_EQ(Must(pool.Allocate(29'999)).bytes().data(), at);
}

TEST_F(Loans, APoolGrowsUpToItsAccountsLimit) {
  AccountLimits limits;
  limits.bytes = 6 * kMiB;
  Capability budget = Must(CreateAccount(world_->account(), "poor", limits));
  const InitialCapability initial[] = {{"account", &budget}};
  Session poor = world_->NewSession("poor", initial);
  Pool pool = Must(Pool::Create(poor));
  std::vector<Loan> loans;
  absl::StatusOr<Loan> loan = pool.Allocate(kMiB);
  for (; loan.ok(); loan = pool.Allocate(kMiB))
    loans.push_back(*std::move(loan));
  EXPECT_EQ(ErrorOf(loan.status()), Error::should_wait);
  EXPECT_GE(loans.size(), 4u);
  EXPECT_EQ(ErrorOf(pool.Allocate(kMiB, Deadline::After(absl::Milliseconds(20)))
                        .status()),
            Error::timed_out);
  loans.pop_back();
  EXPECT_TRUE(pool.Allocate(kMiB).ok());
  loans.clear();
  EXPECT_EQ(ErrorOf(pool.Allocate(50 * kMiB).status()), Error::quota_exceeded);
  EXPECT_EQ(ErrorOf(pool.Allocate(0).status()), Error::invalid_args);
}

TEST_F(Loans, AllocateWaitsUntilABlockComesBack) {
  Pool pool = Must(Pool::Create(world_->root(), kMiB));
  Holder holder = StartHolder(1);
  Loan loan = Must(pool.Allocate(kMiB));
  Must(holder.sender->SendLoan(loan));
  Message held = Must(hears_.Receive(Soon()));
  EXPECT_EQ(ErrorOf(pool.Allocate(kMiB).status()), Error::should_wait);
  Must(held.Reply("go on"));
  EXPECT_TRUE(pool.Allocate(kMiB, Soon()).ok());
}

TEST_F(Loans, AllocateWaitsUntilTheHolderIsKilled) {
  Pool pool = Must(Pool::Create(world_->root(), kMiB));
  Holder holder = StartHolder(1);
  Loan loan = Must(pool.Allocate(kMiB));
  Must(holder.sender->SendLoan(loan));
  Message held = Must(hears_.Receive(Soon()));
  holder.peer->Kill();
  EXPECT_TRUE(pool.Allocate(kMiB, Soon()).ok());
}

// ---- one block, several receivers

TEST_F(Loans, ABlockLentToSeveralComesBackFromTheLast) {
  Pool pool = Must(Pool::Create(world_->root()));
  Loan loan = Must(pool.Allocate(100'000));
  Fill(loan, 5);
  std::vector<Receiver> receivers;
  std::vector<Message> messages;
  for (int i = 0; i < 3; ++i) {
    Capability port = world_->NewPort();
    Sender sender = Must(Sender::Create(SendRight(port)));
    receivers.push_back(Must(Receiver::Create(std::move(port))));
    Loan share = loan.Share();
    Must(sender.SendLoan(share));
    EXPECT_FALSE(share.valid());
    messages.push_back(Must(receivers.back().Receive(Soon())));
    EXPECT_TRUE(IsAll(messages.back().payload(), 5));
    senders_.push_back(std::move(sender));
  }
  loan = Loan();
  const uint64_t lent = pool.bytes_in_use();
  EXPECT_GE(lent, 100'000u);
  messages.erase(messages.begin());
  messages.erase(messages.begin());
  EXPECT_EQ(pool.bytes_in_use(), lent);
  messages.clear();
  EXPECT_EQ(pool.bytes_in_use(), 0u);
}

TEST_F(Loans, ABlockLentToSeveralComesBackWhenTheyAreKilled) {
  Pool pool = Must(Pool::Create(world_->root()));
  for (int round = 0; round < 5; ++round) {
    Loan loan = Must(pool.Allocate(100'000));
    std::vector<Holder> holders;
    for (int i = 0; i < 3; ++i) {
      holders.push_back(StartHolder(1));
      Loan share = loan.Share();
      Must(holders.back().sender->SendLoan(share));
    }
    loan = Loan();
    std::vector<Message> held;
    for (int i = 0; i < 3; ++i) held.push_back(Must(hears_.Receive(Soon())));
    EXPECT_GE(pool.bytes_in_use(), 100'000u);
    holders[round % 3].peer->Kill();
    holders[(round + 1) % 3].peer->Kill();
    held.clear();  // the third goes on, and ends
    AwaitAllBack(pool);
  }
}

TEST_F(Loans, ARevokedLanesBlocksComeBack) {
  Pool pool = Must(Pool::Create(world_->root()));
  Capability port = world_->NewPort();
  Capability manage = Must(port.Duplicate());
  Sender sender = Must(Sender::Create(SendRight(manage)));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  Loan loan = Must(pool.Allocate(100'000));
  Must(sender.SendLoan(loan));
  Message message = Must(receiver.Receive(Soon()));
  Must(manage.Revoke(7).status());
  AwaitAllBack(pool);
  EXPECT_EQ(message.payload().size(), 100'000u) << "its mapping stays";
}

// ---- parts

TEST_F(Loans, PartsArriveInOrderBesideTheirBytesAndComeBack) {
  Pool small = Must(Pool::Create(world_->root()));
  Pool other = Must(Pool::Create(world_->root(), kMiB));
  Capability port = world_->NewPort();
  Sender sender = Must(Sender::Create(SendRight(port)));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  for (int count = 1; count <= 8; ++count) {
    std::vector<Loan> blocks;
    for (int i = 0; i < count; ++i) {
      blocks.push_back(
          Must((i % 2 == 0 ? small : other).Allocate(1'000 * (i + 1))));
      Fill(blocks.back(), i);
    }
    const std::string head(count * 50, 'h');
    Must(sender.SendParts(BytesOf(head), blocks, {.label = 3}));
    for (const Loan& block : blocks) EXPECT_FALSE(block.valid());
    Message message = Must(receiver.Receive(Soon()));
    EXPECT_EQ(message.label(), 3u);
    EXPECT_EQ(message.text(), head);
    EXPECT_TRUE(message.is_loan());
    if (count % 2 == 0) Must(message.MakePrivate());
    const std::vector<Bytes> parts = message.blocks();
    ASSERT_EQ(parts.size(), static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(parts[i].size(), 1'000u * (i + 1));
      EXPECT_TRUE(IsAll(parts[i], i));
    }
    EXPECT_EQ(small.bytes_in_use() == 0, count % 2 == 0);
    message = Message();
    EXPECT_EQ(small.bytes_in_use(), 0u);
    EXPECT_EQ(other.bytes_in_use(), 0u);
  }
}

TEST_F(Loans, PartsMayBeACallAndComeBackWhenItsServerIsKilled) {
  Pool pool = Must(Pool::Create(world_->root()));
  Holder holder = StartHolder(1);
  std::vector<Loan> blocks;
  for (int i = 0; i < 3; ++i) blocks.push_back(Must(pool.Allocate(50'000)));
  Must(holder.sender->SendParts(BytesOf("three"), blocks));
  Message held = Must(hears_.Receive(Soon()));
  EXPECT_GE(pool.bytes_in_use(), 150'000u);
  holder.peer->Kill();
  AwaitAllBack(pool);
  Holder server = StartHolder(1);
  for (Loan& block : blocks) block = Must(pool.Allocate(50'000));
  std::vector<Loan> one;
  one.push_back(std::move(blocks[0]));
  auto killer = [&] {
    Must(hears_.Receive(Soon()));
    server.peer->Kill();
  };
  std::thread thread(killer);
  EXPECT_FALSE(server.sender->CallParts(BytesOf("one"), one).ok());
  thread.join();
  blocks.clear();
  AwaitAllBack(pool);
}

TEST_F(Loans, PartsThatCannotBeSentStayWithTheCaller) {
  Pool pool = Must(Pool::Create(world_->root()));
  Capability port = world_->NewPort();
  Sender sender = Must(Sender::Create(SendRight(port)));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  std::vector<Loan> blocks;
  EXPECT_EQ(ErrorOf(sender.SendParts({}, blocks)), Error::out_of_range);
  for (int i = 0; i < 9; ++i) blocks.push_back(Must(pool.Allocate(100)));
  EXPECT_EQ(ErrorOf(sender.SendParts({}, blocks)), Error::out_of_range);
  blocks.pop_back();
  const std::string large(64 * kKiB, 'x');
  EXPECT_EQ(ErrorOf(sender.SendParts(BytesOf(large), blocks)),
            Error::out_of_range);
  for (const Loan& block : blocks) EXPECT_TRUE(block.valid());
  blocks[3] = Loan();
  EXPECT_EQ(ErrorOf(sender.SendParts({}, blocks)), Error::invalid_args);
  EXPECT_EQ(ErrorOf(receiver.Receive(Deadline::Immediately()).status()),
            Error::should_wait);
}

// ---- who has what

TEST_F(Loans, TheLaneSaysHowMuchIsLentSinceWhen) {
  Pool pool = Must(Pool::Create(world_->root()));
  Capability port = world_->NewPort();
  Sender sender = Must(Sender::Create(SendRight(port, 77)));
  Receiver receiver = Must(Receiver::Create(std::move(port)));
  Inspector inspector =
      Must(Inspector::Create(Must(world_->root().Take("kernel"))));
  const auto counted = [&] {
    for (const LaneEntry& lane : Must(inspector.Lanes()))
      if (lane.badge == 77) return lane.sender_counters;
    return LaneCounters();
  };
  std::vector<Message> messages;
  for (int i = 0; i < 3; ++i) {
    Loan loan = Must(pool.Allocate(10'000));
    Must(sender.SendLoan(loan));
    messages.push_back(Must(receiver.Receive(Soon())));
  }
  EXPECT_EQ(counted().lent_blocks, 3u);
  EXPECT_EQ(counted().lent_bytes, 30'000u);
  const uint64_t since = counted().lent_since_ns;
  EXPECT_GT(since, 0u);
  messages.erase(messages.begin());
  EXPECT_GT(pool.bytes_in_use(), 0u);
  EXPECT_EQ(counted().lent_blocks, 2u);
  EXPECT_GE(counted().lent_since_ns, since);
  messages.clear();
  EXPECT_EQ(pool.bytes_in_use(), 0u);
  EXPECT_EQ(counted().lent_blocks, 0u);
  EXPECT_EQ(counted().lent_bytes, 0u);
  EXPECT_EQ(counted().lent_since_ns, 0u);
}

}  // namespace
}  // namespace ipc
