// Rendezvous: a send returns when its message was taken; what was not taken
// nobody gets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "ipc/loan.h"
#include "libipc/base/futex.h"
#include "libipc/base/offer.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Peer;

class Rendezvous : public Syscalls {
 protected:
  Sender NewSender() {
    return Must(Sender::Create(
        Must(port_.Mint(kRightSend | kRightTransfer | kRightManage, 3))));
  }
  void Listen() {
    receiver_.emplace(Must(Receiver::Create(Must(port_.Duplicate()))));
  }
  // Sends in another thread; its outcome is seen by Join.
  void Start(Sender& sender, std::string_view text) {
    thread_ = std::thread([this, &sender, text] {
      status_ = sender.Send(text, {.deadline = Soon()});
      returned_.store(true);
    });
  }
  Error Outcome() {
    thread_.join();
    return ipc::ErrorOf(status_);
  }
  static SendOptions Until(absl::Duration time) {
    return {.deadline = Deadline::After(time)};
  }

  Capability port_ = world_->NewPort({.buffering = Buffering::kRendezvous});
  std::optional<Receiver> receiver_;
  std::thread thread_;
  absl::Status status_;
  std::atomic<bool> returned_{false};
};

TEST_F(Rendezvous, ASendReturnsOnceItsMessageIsTaken) {
  Sender sender = NewSender();
  Listen();
  for (int i = 0; i < 200; ++i) {
    returned_.store(false);
    const std::string text = std::to_string(i);
    Start(sender, text);
    EXPECT_EQ(Must(receiver_->Receive(Soon())).text(), text);
    EXPECT_EQ(Outcome(), Error::ok);
  }
}

TEST_F(Rendezvous, WithoutAReceiverASendTimesOutAndNobodyGetsIt) {
  Sender sender = NewSender();
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(ipc::ErrorOf(sender.Send("early", Until(absl::Milliseconds(1)))),
              Error::timed_out);
  Listen();
  EXPECT_EQ(ipc::ErrorOf(sender.Send("early", Until(absl::Milliseconds(1)))),
            Error::timed_out);
  Start(sender, "now");
  EXPECT_EQ(Must(receiver_->Receive(Soon())).text(), "now");
  EXPECT_EQ(Outcome(), Error::ok);
}

TEST_F(Rendezvous, ASendThatMayNotWaitIsRefused) {
  Sender sender = NewSender();
  Listen();
  EXPECT_EQ(
      ipc::ErrorOf(sender.Send("x", {.deadline = Deadline::Immediately()})),
      Error::should_wait);
  EXPECT_EQ(ipc::ErrorOf(receiver_->Receive(Deadline::Immediately()).status()),
            Error::should_wait);
}

// The two sides decide the same, however close to the deadline it is.
TEST_F(Rendezvous, AtTheDeadlineAMessageIsEitherTakenOrNeverWas) {
  constexpr uint32_t kCount = 5'000;
  Sender sender = NewSender();
  Listen();
  std::atomic<bool> over{false};
  std::set<uint32_t> received;
  std::thread taker([&] {
    while (true) {
      const bool last = over.load();
      auto message = receiver_->Receive(Deadline::Immediately());
      if (message.ok())
        received.insert(message->label());
      else if (last)
        return;
    }
  });
  std::set<uint32_t> sent;
  for (uint32_t i = 0; i < kCount; ++i) {
    const absl::Status status = sender.Send(
        "x", {.label = i,
              .deadline = Deadline::After(absl::Nanoseconds(i % 512 * 50))});
    if (status.ok())
      sent.insert(i);
    else
      ASSERT_EQ(ipc::ErrorOf(status), Error::timed_out);
  }
  over.store(true);
  taker.join();
  EXPECT_EQ(received, sent);
  // Both happened, else nothing was tried.
  EXPECT_GT(sent.size(), 0u);
  EXPECT_LT(sent.size(), kCount);
}

TEST_F(Rendezvous, CapabilitiesAndLoansOfWhatWasWithdrawnComeBack) {
  Sender sender = NewSender();
  Capability gift = world_->NewPort();
  const uint64_t object = Must(gift.Info()).object_id;
  SendOptions options = Until(absl::Milliseconds(1));
  options.capabilities = {&gift, 1};
  EXPECT_EQ(ipc::ErrorOf(sender.Send("x", options)), Error::timed_out);
  EXPECT_EQ(Must(gift.Info()).object_id, object);

  Pool pool = Must(Pool::Create(world_->root(), 1 << 16));
  Loan loan = Must(pool.Allocate(1000));
  EXPECT_EQ(ipc::ErrorOf(sender.SendLoan(loan, Until(absl::Milliseconds(1)))),
            Error::timed_out);
  EXPECT_EQ(loan.bytes().size(), 1000u);
  EXPECT_NE(pool.bytes_in_use(), 0u);
  { const Loan gone = std::move(loan); }
  EXPECT_EQ(pool.bytes_in_use(), 0u);
}

TEST_F(Rendezvous, CapabilitiesAndLoansOfWhatWasTakenAreTheTakers) {
  Sender sender = NewSender();
  Listen();
  Pool pool = Must(Pool::Create(world_->root(), 1 << 16));
  std::thread sends([&] {
    Capability gift = world_->NewPort();
    Must(sender.Send("gift", {.capabilities = {&gift, 1}, .deadline = Soon()}));
    EXPECT_FALSE(gift.valid());
    Loan loan = Must(pool.Allocate(1000));
    Must(sender.SendLoan(loan, {.deadline = Soon()}));
    Must(sender.Send(std::string(1 << 20, 'x'), {.deadline = Soon()}));
  });
  Message gift = Must(receiver_->Receive(Soon()));
  EXPECT_EQ(Must(gift.TakeCapabilities()).size(), 1u);
  EXPECT_EQ(Must(receiver_->Receive(Soon())).payload().size(), 1000u);
  EXPECT_EQ(Must(receiver_->Receive(Soon())).payload().size(), 1u << 20);
  sends.join();
}

TEST_F(Rendezvous, CallsAreTakenOrWithdrawnToo) {
  Sender sender = NewSender();
  EXPECT_EQ(
      ipc::ErrorOf(sender.Call("early", Until(absl::Milliseconds(1))).status()),
      Error::timed_out);
  Listen();
  std::thread serves([&] {
    for (int i = 0; i < 100; ++i)
      Must(Must(receiver_->Receive(Soon())).Reply("answer"));
  });
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(Must(sender.Call("ask", {.deadline = Soon()})).text(), "answer");
  serves.join();
}

TEST_F(Rendezvous, ThreadsThatShareASenderTakeTurns) {
  constexpr int kThreads = 4, kEach = 200;
  Sender sender = NewSender();
  Listen();
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < kEach; ++n)
        Must(sender.Send("x", {.deadline = Soon()}));
    });
  for (int i = 0; i < kThreads * kEach; ++i) Must(receiver_->Receive(Soon()));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ipc::ErrorOf(receiver_->Receive(Deadline::Immediately()).status()),
            Error::should_wait);
}

TEST_F(Rendezvous, ClosingThePortEndsASend) {
  Sender sender = NewSender();
  Start(sender, "x");
  EXPECT_FALSE(returned_.load());
  Must(port_.Close());
  EXPECT_EQ(Outcome(), Error::peer_closed);
}

TEST_F(Rendezvous, RevokingEndsASend) {
  Sender sender = NewSender();
  // There is a lane by now.
  EXPECT_EQ(ipc::ErrorOf(sender.Send("x", Until(absl::Milliseconds(1)))),
            Error::timed_out);
  Start(sender, "x");
  Must(port_.Revoke());
  EXPECT_EQ(Outcome(), Error::revoked);
}

// A listener that looked at nothing dies: the next one gets the offer.
TEST_F(Rendezvous, TheNextListenerGetsWhatADeadOneDidNotTake) {
  Capability receive = Must(port_.Duplicate(kRightReceive | kRightDuplicate));
  Capability back = world_->NewPort();
  const Capability ready = Must(back.Mint(kRightSend | kRightDuplicate, 1));
  const InitialCapability initial[] = {{"port", &receive}, {"ready", &ready}};
  auto peer = world_->StartPeer("idle", initial, [](Session& session) {
    auto right = session.Take("port");
    if (!right.ok()) return;
    auto receiver = Receiver::Create(*std::move(right));
    auto ready_right = session.Take("ready");
    if (!receiver.ok() || !ready_right.ok()) return;
    auto tells = Sender::Create(*std::move(ready_right));
    if (tells.ok()) tells->Send("listens").IgnoreError();
    // Until it is killed.
    auto never = session.CreatePort({});
    if (never.ok()) {
      auto waits = Receiver::Create(*std::move(never));
      if (waits.ok()) waits->Receive().IgnoreError();
    }
  });
  Receiver told = Must(Receiver::Create(std::move(back)));
  Sender sender = NewSender();
  Start(sender, "offer");
  Must(told.Receive(Soon()));
  peer->Kill();
  while (true) {  // until its death is known
    auto receiver = Receiver::Create(Must(port_.Duplicate()));
    if (!receiver.ok()) continue;
    receiver_.emplace(*std::move(receiver));
    break;
  }
  EXPECT_EQ(Must(receiver_->Receive(Soon())).text(), "offer");
  EXPECT_EQ(Outcome(), Error::ok);
}

// Between taking an offer and going on behind it.
TEST_F(Rendezvous, ACallThatADeadListenerTookIsDropped) {
  Other listener = MakeOther(port_.handle());
  auto inbox = Syscalls::Listen(listener.core(), listener.handle);
  Sender sender = NewSender();
  Error outcome = Error::ok;
  std::thread calls([&] {
    outcome = ipc::ErrorOf(sender.Call("x", {.deadline = Soon()}).status());
  });
  auto lane = Join(listener.core(), *inbox);
  ASSERT_EQ(lane->answer.descriptors.size(), 4u);
  auto offer = base::Offer::Map(lane->answer.descriptors[3].get());
  ASSERT_TRUE(offer.ok());
  while (!(*offer)->Take(0)) std::this_thread::yield();
  listener.session.Close();
  Listen();
  EXPECT_EQ(
      ipc::ErrorOf(
          receiver_->Receive(Deadline::After(absl::Milliseconds(1))).status()),
      Error::timed_out);
  // The answer is on its way: it needs nobody to receive.
  calls.join();
  EXPECT_EQ(outcome, Error::dropped);
}

// What it took is known until somebody has passed it.
TEST_F(Rendezvous, ACallThatADeadListenerTookIsDroppedThoughOthersSend) {
  Other listener = MakeOther(port_.handle());
  auto inbox = Syscalls::Listen(listener.core(), listener.handle);
  Sender sender = NewSender();
  Error outcome = Error::ok;
  std::thread calls([&] {
    outcome = ipc::ErrorOf(sender.Call("x", {.deadline = Soon()}).status());
  });
  auto lane = Join(listener.core(), *inbox);
  const int page = lane->answer.descriptors[3].get();
  auto offer = base::Offer::Map(page);
  ASSERT_TRUE(offer.ok());
  while (!(*offer)->Take(0)) std::this_thread::yield();
  Start(sender, "y");
  // Were it offered before that, it would be at once.
  const Deadline while_it_may = Deadline::After(absl::Milliseconds(20));
  while ((*offer)->WasTaken(0) && while_it_may.ns > base::NowNs())
    std::this_thread::yield();
  listener.session.Close();
  Listen();
  EXPECT_EQ(Must(receiver_->Receive(Soon())).text(), "y");
  EXPECT_EQ(Outcome(), Error::ok);
  calls.join();
  EXPECT_EQ(outcome, Error::dropped);
}

// Whatever stands in the word, it ends this send and harms nobody.
TEST_F(Rendezvous, AHostileListenerCanOnlyTakeOrNotTake) {
  Other listener = MakeOther(port_.handle());
  auto inbox = Syscalls::Listen(listener.core(), listener.handle);
  Sender sender = NewSender();
  Start(sender, "x");
  auto lane = Join(listener.core(), *inbox);
  auto page = base::Mapping::Map(lane->answer.descriptors[3].get(), 0,
                                 abi::kControlBytes, base::Access::kReadWrite);
  ASSERT_TRUE(page.ok());
  auto* word = reinterpret_cast<uint64_t*>(page->data());
  while (std::atomic_ref<uint64_t>(*word).load() == 0)
    std::this_thread::yield();
  std::atomic_ref<uint64_t>(*word).store(~uint64_t{0});
  lane->own->head().store(64);
  base::WakeWord(lane->own->head_word(), 1);
  EXPECT_EQ(Outcome(), Error::ok);
  listener.session.Close();
  Listen();
  Start(sender, "y");
  EXPECT_EQ(Must(receiver_->Receive(Soon())).text(), "y");
  EXPECT_EQ(Outcome(), Error::ok);
}

}  // namespace
}  // namespace ipc
