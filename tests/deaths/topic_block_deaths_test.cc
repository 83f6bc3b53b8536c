// Who publishes blocks in a topic, and who reads them where they lie, dies:
// what was published stays readable, others read on, and every block comes
// back to its pool, or the pool to its account.
#include <deque>
#include <utility>

#include "libipc/abi/limits.h"
#include "tests/deaths/blocks.h"
#include "tests/deaths/topics.h"

namespace deaths {
namespace {

using ipc::Deadline;
using ipc::Loan;
using ipc::Pool;
using ipc::Publisher;
using ipc::Session;
using ipc::Subscriber;
using ipc::TopicMessage;

constexpr uint64_t kBlock = 4'096;
constexpr size_t kHeldMost = 3;

void ExpectMarked(const TopicMessage& message) {
  EXPECT_TRUE(IsMarked(message.payload, message.label)) << message.label;
}

// Blocks among bytes, of one pool and then of another.
class BlockPublisher {
 public:
  explicit BlockPublisher(Session& session)
      : session_(session),
        publisher_(Must(Publisher::Create(Must(session.Take("topic"))))) {}

  void Run() {
    Pool growing = Must(Pool::Create(session_));
    PublishFrom(growing, 12);
    {
      Pool small = Must(Pool::Create(session_, 4 * kBlock));
      PublishFrom(small, 12);
    }
    // The small one is detached, as soon as it is needed no more.
    Pool next = Must(Pool::Create(session_, 4 * kBlock));
    PublishFrom(next, 12);
    (void)publisher_.blocks_out();
    const Loan unsent = Must(publisher_.Allocate(growing, kBlock, Soon()));
  }

 private:
  void PublishFrom(Pool& pool, int many) {
    for (int i = 0; i < many; ++i, ++next_) {
      Loan loan = Must(publisher_.Allocate(pool, kBlock, Soon()));
      Mark(loan.bytes(), next_);
      if (i % 4 == 1)
        Must(publisher_.Publish(loan.bytes().first(64), Soon(), 0));
      Must(publisher_.Publish(loan, Soon(), next_));
    }
  }

  Session& session_;
  Publisher publisher_;
  uint32_t next_ = 1;
};

// What a subscriber that keeps some messages has read.
class BlockReader {
 public:
  explicit BlockReader(Subscriber subscriber)
      : subscriber_(std::move(subscriber)) {}

  // False: there was nothing.
  bool Read(Deadline deadline) {
    auto got = subscriber_.Next(deadline);
    if (!got.ok()) return false;
    EXPECT_EQ(got->sequence, sequence_ + got->lost + 1);
    sequence_ = got->sequence;
    lost_ += got->lost;
    if (got->lent == nullptr) return true;
    EXPECT_TRUE(got->lost != 0 || got->label == label_ + 1) << got->label;
    label_ = got->label;
    held_.push_back(*std::move(got));
    if (held_.size() > kHeldMost) LetGo();
    return true;
  }
  void LetGo() {
    if (held_.front().IsWhole()) ExpectMarked(held_.front());
    // One that was overtaken while it was looked at is no news either.
    held_.pop_front();
  }
  // What there is, and nothing is held any more.
  void ReadTheRest() {
    while (Read(Deadline::Immediately())) {
    }
    while (!held_.empty()) LetGo();
  }
  // The next publisher counts its blocks from 1.
  void Restart() { label_ = 0; }

  const std::deque<TopicMessage>& held() const { return held_; }
  uint64_t sequence() const { return sequence_; }
  uint64_t lost() const { return lost_; }

 private:
  Subscriber subscriber_;
  std::deque<TopicMessage> held_;
  uint64_t sequence_ = 0;
  uint64_t lost_ = 0;
  uint32_t label_ = 0;
};

TEST_F(TopicDeaths, OfWhoPublishesBlocksLeaveThemReadable) {
  const ipc::Capability right = PublishRight();
  BlockReader reliable(NewSubscriber(ipc::Delivery::kReliable));
  bool dead = false;
  const auto meanwhile = [&] {
    reliable.Read(InAMoment());
    if (dead) reliable.ReadTheRest();
  };
  // What is held of a dead one's is whole, and goes with the message.
  const auto look = [&] {
    dead = true;
    for (const TopicMessage& message : reliable.held()) {
      EXPECT_TRUE(message.IsWhole());
      ExpectMarked(message);
    }
  };
  const auto begin_anew = [&] {
    dead = false;
    reliable.Restart();
    EXPECT_EQ(reliable.lost(), 0u);
  };
  Kill({.initial = {{"topic", &right}},
        .body = [](Session& session, Told&) { BlockPublisher(session).Run(); },
        .meanwhile = meanwhile,
        // The ring, until another publishes; of its pools nothing.
        .kept = std::to_string(ipc::abi::kControlBytes + kRing) + " bytes ",
        .bury = look,
        .afterwards = begin_anew});
}

// Takes some and keeps up to three, lets go in another order.
void ReadAWhile(Session& session, Told& told) {
  const bool lossy = ++told.last % 4 == 0;
  Subscriber subscriber = Must(Subscriber::Create(
      Must(session.Take("topic")),
      {.delivery = lossy ? ipc::Delivery::kLossy : ipc::Delivery::kReliable,
       .beginning = told.last % 3 == 0 ? ipc::Beginning::kOldest
                                       : ipc::Beginning::kLatest}));
  std::vector<TopicMessage> held;
  for (size_t i = 0; i < 20; ++i) {
    held.push_back(Must(subscriber.Next(Soon())));
    for (const TopicMessage& message : held) {
      const bool marked = IsMarked(message.payload, message.label);
      if (!marked && (!lossy || message.IsWhole())) abort();
    }
    if (held.size() > kHeldMost)
      held.erase(held.begin() + static_cast<int>(i % kHeldMost));
  }
}

TEST_F(TopicDeaths, OfWhoReadsBlocksHoldNone) {
  const ipc::Capability right = SubscribeRight();
  Publisher publisher = NewPublisher();
  BlockReader witness(NewSubscriber(ipc::Delivery::kReliable));
  Pool pool = Must(Pool::Create(graph_.root(), 8 * kBlock));
  uint32_t next = 1;
  const auto publish = [&](Deadline deadline) {
    auto loan = publisher.Allocate(pool, kBlock, deadline);
    if (!loan.ok()) return loan.status();
    Mark(loan->bytes(), next);
    const auto status = publisher.Publish(*loan, deadline, next);
    if (status.ok()) ++next;
    return status;
  };
  const auto meanwhile = [&] {
    publish(InAMoment()).IgnoreError();
    witness.Read(Deadline::Immediately());
  };
  // The pool more than once, and then all of it is back.
  const auto go_on = [&] {
    for (int i = 0; i < 20; ++i) {
      Must(publish(Soon()));
      witness.Read(Soon());
    }
    EXPECT_EQ(publisher.subscribers(), 1u);
    witness.ReadTheRest();
    EXPECT_EQ(publisher.blocks_out(), 0u);
    EXPECT_EQ(pool.bytes_in_use(), 0u);
    EXPECT_EQ(witness.sequence(), next - 1);
    EXPECT_EQ(witness.lost(), 0u);
  };
  Kill({.initial = {{"topic", &right}},
        .body = ReadAWhile,
        .meanwhile = meanwhile,
        .afterwards = go_on});
}

}  // namespace
}  // namespace deaths
