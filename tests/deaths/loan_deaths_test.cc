// Lenders and borrowers that die: blocks come back, regions go, the next one
// works.
#include "ipc/loan.h"
#include "ipc/receiver.h"
#include "ipc/sender.h"
#include "tests/deaths/blocks.h"
#include "tests/deaths/deaths.h"

namespace deaths {
namespace {

using ipc::Deadline;
using ipc::Error;
using ipc::Loan;
using ipc::Message;
using ipc::Pool;
using ipc::Receiver;
using ipc::Sender;
using ipc::Session;

constexpr uint64_t kKiB = 1024;

// Every way to lend.
class Lender {
 public:
  explicit Lender(Session& session)
      : sender_(Must(Sender::Create(Must(session.Take("port"))))),
        pool_(Must(Pool::Create(session))) {}
  void Run() {
    for (const uint64_t bytes : {4 * kKiB, 3'000 * kKiB, 4 * kKiB}) {
      LendTwice(bytes);
      LendParts();
    }
    Must(sender_.Send(std::string(8 * kKiB, 'c'), {.label = 0}));
    pool_.Trim();
    Loan unsent = Must(pool_.Allocate(kKiB));
  }

 private:
  Loan Allocate(uint64_t bytes) {
    Loan loan = Must(pool_.Allocate(bytes, Soon()));
    Mark(loan.bytes(), next_);
    return loan;
  }
  void LendTwice(uint64_t bytes) {
    Loan loan = Allocate(bytes);
    Loan share = loan.Share();
    Must(sender_.SendLoan(loan, {.label = next_}));
    Must(sender_.SendLoan(share, {.label = next_++}));
  }
  void LendParts() {
    Loan parts[] = {Allocate(kKiB), Allocate(2 * kKiB)};
    Must(sender_.SendParts({}, parts, {.label = next_++}));
  }

  Sender sender_;
  Pool pool_;
  uint32_t next_ = 1;
};

TEST_F(Deaths, OfLendersLeaveWhatTheyLentReadableAndNothingElse) {
  const ipc::Capability port = NewPort();
  const ipc::Capability right = SendRight(port);
  // One for all deaths: what it had mapped of the dead goes with the message.
  Receiver receiver = Must(Receiver::Create(Must(port.Duplicate())));
  uint32_t last = 0;
  const auto take = [&](Deadline deadline) {
    const auto message = receiver.Receive(deadline);
    if (!message.ok()) return false;
    if (message->label() == 0) return true;
    EXPECT_GE(message->label(), last);
    EXPECT_LE(message->label(), last + 1);
    last = message->label();
    for (const ipc::Bytes block : message->blocks())
      EXPECT_TRUE(IsMarked(block, last));
    return true;
  };
  const auto take_the_rest = [&] {
    while (take(Deadline::Immediately())) {
    }
    last = 0;
  };
  Kill({.initial = {{"port", &right}},
        .body = [](Session& session, Told&) { Lender(session).Run(); },
        .meanwhile = [&] { take(InAMoment()); },
        .bury = take_the_rest});
}

// Takes some and keeps up to three, gives back in another order.
void Borrow(Session& session) {
  Receiver receiver = Must(Receiver::Create(Must(session.Take("port"))));
  std::vector<Message> held;
  for (int i = 0; i < 12; ++i) {
    held.push_back(Must(receiver.Receive(Soon())));
    for (const ipc::Bytes block : held.back().blocks())
      if (!IsMarked(block, held.back().label())) abort();
    if (i % 4 == 1) Must(held.back().MakePrivate());
    if (held.size() > 3) held.erase(held.begin() + i % 3);
  }
  if (held.size() % 2 == 1) Must(receiver.Release());
}

TEST_F(Deaths, OfBorrowersReturnWhatTheyHad) {
  const ipc::Capability port = NewPort();
  const ipc::Capability right =
      Must(port.Duplicate(ipc::kRightReceive | ipc::kRightDuplicate));
  Sender sender = Must(Sender::Create(SendRight(port)));
  Pool pool = Must(Pool::Create(graph_.root(), 64 * kKiB));
  uint32_t next = 1;
  const auto lend = [&] {
    auto loan = pool.Allocate(4 * kKiB, InAMoment());
    if (!loan.ok()) return;
    Mark(loan->bytes(), next);
    const auto status = sender.SendLoan(
        *loan, {.label = next, .deadline = Deadline::Immediately()});
    if (status.ok()) ++next;
  };
  const auto take_the_rest = [&] {
    Receiver receiver = Must(Receiver::Create(Must(port.Duplicate())));
    while (pool.bytes_in_use() > 0) {
      const auto message = receiver.Receive(Soon());
      if (message.ok()) {
        EXPECT_TRUE(IsMarked(message->payload(), message->label()));
      }
      ASSERT_TRUE(message.ok()) << pool.bytes_in_use() << " bytes stay lent";
    }
  };
  Kill({.initial = {{"port", &right}},
        .body = [](Session& session, Told&) { Borrow(session); },
        .meanwhile = lend,
        .afterwards = take_the_rest});
}

}  // namespace
}  // namespace deaths
