// A peer that rewrites its half of a lane at random while this side sends,
// receives and calls: nothing here breaks, no wait outlasts its deadline, and
// other lanes go on.
#include <gtest/gtest.h>
#include <poll.h>

#include <deque>
#include <vector>

#include "libipc/base/clock.h"
#include "session_core.h"
#include "tests/soak/options.h"
#include "tests/soak/random.h"
#include "tests/soak/scribbler.h"
#include "tests/soak/storm.h"
#include "tests/soak/streams.h"
#include "tests/testing/world.h"

namespace soak {
namespace {

namespace abi = ipc::abi;
using base::Half;
using ipc::Answer;
using ipc::Capability;
using ipc::Deadline;
using ipc::Error;
using ipc::Message;
using ipc::Receiver;
using ipc::Sender;
using ipc::Session;
using ipc::SessionCore;
using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

// Only a hang is as late as this.
constexpr int64_t kLateNs = 5'000'000'000;
constexpr uint64_t kGoodBadge = 1;
constexpr uint64_t kBadBadge = 2;

// The hostile one must have got a turn, which takes long on a busy machine.
bool IsOver(int64_t end_ns, uint64_t heard) {
  const int64_t now = base::NowNs();
  return now >= end_ns && (heard > 0 || now >= end_ns + 20'000'000'000);
}

Deadline InAMoment(Random& random) {
  return Deadline::After(
      absl::Microseconds(random.Below(random.OneIn(16) ? 100'000 : 3000)));
}

// ---- the hostile sides -----------------------------------------------------

// Opens lane after lane and scribbles on each.
class HostileSender {
 public:
  HostileSender(Session& session, const Storm& storm)
      : core_(*session.core()),
        storm_(storm),
        port_(Must(session.Take("port"))),
        random_(CurrentOptions().seed * 1000 + 1) {}

  void Run() {
    while (!storm_.over()) {
      Answer lane;
      const auto mailbox = std::make_shared<ipc::Mailbox>();
      {
        SessionCore::Expect expect(core_);
        lane = core_.Call(abi::Syscall::port_connect, port_.handle());
        if (lane.error() != Error::ok) return;
        core_.AddLane(HandleOf(lane), mailbox);
      }
      ScribbleOn(lane, *mailbox);
      core_.RemoveLane(HandleOf(lane));
      core_.Post(abi::Syscall::lane_close, HandleOf(lane));
    }
  }

 private:
  static ipc::Handle HandleOf(const Answer& lane) {
    return static_cast<ipc::Handle>(lane.value(0));
  }
  void ScribbleOn(const Answer& lane, ipc::Mailbox& mailbox) {
    const auto bytes = static_cast<uint32_t>(lane.value(2));
    const auto own = *Half::Map(lane.descriptors[0].get(), bytes, lane.value(1),
                                base::Access::kReadWrite);
    core_.Call(abi::Syscall::lane_ready, HandleOf(lane));
    const auto peer = WaitForPeer(mailbox, bytes);
    if (peer == nullptr) return;
    Scribbler scribbler(own, peer, lane.descriptors[1].get(), 0);
    for (uint64_t left = random_.Below(1000); left > 0 && !storm_.over();
         --left)
      scribbler.Step(random_);
    scribbler.Wake();
  }
  std::shared_ptr<Half> WaitForPeer(ipc::Mailbox& mailbox, uint32_t bytes) {
    while (!storm_.over()) {
      const uint32_t seen = core_.epoch();
      core_.Pump();
      for (const Answer& event : mailbox.Take())
        if (event.descriptors.size() == 1)
          return *Half::Map(event.descriptors[0].get(), bytes, event.value(0),
                            base::Access::kRead);
      core_.Sleep(seen, {}, base::NowNs() + 10'000'000);
    }
    return nullptr;
  }

  SessionCore& core_;
  const Storm& storm_;
  const Capability port_;
  Random random_;
};

// Listens, answers some calls rightly, and scribbles on all lanes.
class HostileListener {
 public:
  HostileListener(Session& session, const Storm& storm)
      : core_(*session.core()),
        storm_(storm),
        port_(Must(session.Take("port"))),
        random_(CurrentOptions().seed * 1000 + 2) {}

  void Run() {
    {
      SessionCore::Expect expect(core_);
      const Answer listening =
          core_.Call(abi::Syscall::port_listen, port_.handle());
      ASSERT_EQ(listening.error(), Error::ok);
      core_.AddPort(listening.value(0), mailbox_, listening);
    }
    while (!storm_.over()) {
      const uint32_t seen = core_.epoch();
      core_.Pump();
      for (Answer& event : mailbox_->Take()) Open(event);
      if (lanes_.empty())
        core_.Sleep(seen, {}, base::NowNs() + 10'000'000);
      else
        Annoy(*lanes_[random_.Below(lanes_.size())]);
    }
  }

 private:
  struct Lane {
    std::shared_ptr<Half> own;
    base::RingReader reader;
    base::UniqueFd bell;
    ipc::Handle handle;
    Scribbler scribbler;
  };

  void Open(Answer& event) {
    abi::LaneOpened opened;
    if (!event.Read(&opened) || event.descriptors.size() != 3) return;
    const auto bytes = static_cast<uint32_t>(event.value(0));
    auto theirs = *Half::Map(event.descriptors[0].get(), bytes, event.value(1),
                             base::Access::kRead);
    auto own = *Half::Map(event.descriptors[1].get(), bytes, event.value(2),
                          base::Access::kReadWrite);
    const auto handle = static_cast<ipc::Handle>(event.completion.user_data);
    core_.Call(abi::Syscall::lane_ready, handle);
    const int bell = event.descriptors[2].get();
    lanes_.push_back(std::make_unique<Lane>(
        Lane{own, base::RingReader(theirs, opened.request_start),
             std::move(event.descriptors[2]), handle,
             Scribbler(own, theirs, bell, opened.reply_start)}));
    if (lanes_.size() > 4) CloseOne();
  }
  void CloseOne() {
    core_.Post(abi::Syscall::lane_close, lanes_.front()->handle);
    lanes_.pop_front();
  }
  void Annoy(Lane& lane) {
    abi::RecordHeader header;
    const auto state = lane.reader.Peek(&header);
    if (state == base::RingReader::State::kRecord) {
      lane.reader.Consume(header, lane.own.get());
      if (random_.OneIn(2))
        lane.scribbler.Put(
            {.flags = abi::kRecordReply, .correlation = header.correlation},
            "right");
    }
    for (uint64_t left = random_.Below(8); left > 0; --left)
      lane.scribbler.Step(random_);
    if (random_.OneIn(4)) lane.scribbler.Wake();
    // Its lies about what it took have cost it records: from new.
    if (random_.OneIn(1000)) CloseOne();
  }

  SessionCore& core_;
  const Storm& storm_;
  const Capability port_;
  Random random_;
  const std::shared_ptr<ipc::Mailbox> mailbox_ =
      std::make_shared<ipc::Mailbox>();
  std::deque<std::unique_ptr<Lane>> lanes_;
};

// ---- the good ones ---------------------------------------------------------

void SendGood(Session& session, const Storm& storm) {
  Sender sender = Must(Sender::Create(Must(session.Take("port"))));
  Random random(CurrentOptions().seed * 1000 + 3);
  uint64_t number = 0;
  auto next = [&](uint64_t flags) {
    const Envelope envelope = {kGoodBadge, number + 1, number,
                               kCertain | flags};
    ++number;
    return Compose(envelope, sizeof(envelope) + random.Below(300));
  };
  while (!storm.over()) {
    if (random.OneIn(2))
      Must(sender.Send(next(0), {.deadline = Soon()}));
    else
      EXPECT_EQ(Must(sender.Call(next(0), {.deadline = Soon()})).text(), "yes");
  }
  Must(sender.Send(next(kLast), {.deadline = Soon()}));
}

void ServeGood(Session& session) {
  Receiver receiver = Must(Receiver::Create(Must(session.Take("port"))));
  while (true) {
    Message call = Must(receiver.Receive(Soon()));
    const bool last = call.text() == "last";
    Must(call.Reply(call.text()));
    if (last) return;
  }
}

// ---- the victims -----------------------------------------------------------

// Receives from a good and a hostile sender.
class VictimReceiver {
 public:
  enum class Waits { kOnFutex, kOnDescriptor };
  VictimReceiver(Storm& storm, Receiver receiver, Waits waits)
      : storm_(storm),
        receiver_(std::move(receiver)),
        waits_(waits),
        random_(CurrentOptions().seed * 1000 + 4) {}

  void RunUntil(int64_t end_ns) {
    while (!finished_) {
      if (IsOver(end_ns, bad_)) storm_.End();
      const Deadline deadline = InAMoment(random_);
      auto message = Receive(deadline);
      const Error error = ipc::ErrorOf(message.status());
      if (error == Error::timed_out) storm_.SawDeadline(deadline.ns);
      if (error == Error::ok)
        Take(*std::move(message));
      else if (error != Error::timed_out && error != Error::should_wait)
        Must(message.status());
    }
  }
  uint64_t good() const { return good_; }
  uint64_t bad() const { return bad_; }

 private:
  absl::StatusOr<Message> Receive(Deadline deadline) {
    if (waits_ == Waits::kOnFutex) return receiver_.Receive(deadline);
    pollfd entry = {receiver_.descriptor(), POLLIN, 0};
    poll(&entry, 1, 20);
    return receiver_.Receive(Deadline::Immediately());
  }
  void Take(Message message) {
    if (message.badge() == kGoodBadge) return TakeGood(message);
    ++bad_;
    held_.push_back(std::move(message));
    Message& one = held_[random_.Below(held_.size())];
    for (const std::byte byte : one.payload())
      sum_ += std::to_integer<uint64_t>(byte);
    if (random_.OneIn(8)) one.TakeCapabilities().status().IgnoreError();
    if (random_.OneIn(8)) (void)one.IsCancelled();
    if (random_.OneIn(2))
      one.Reply(std::string(random_.Below(500), 'x')).IgnoreError();
    if (held_.size() > 16) held_.erase(held_.begin());
  }
  void TakeGood(Message& message) {
    ++good_;
    const auto envelope = Parse(message.payload());
    ASSERT_TRUE(envelope.has_value()) << "a damaged message";
    EXPECT_EQ(taken_.Add(*envelope, Taken::Share::kAll), "");
    if (message.wants_reply()) Must(message.Reply("yes"));
    if ((envelope->flags & kLast) != 0) finished_ = true;
  }

  Storm& storm_;
  Receiver receiver_;
  const Waits waits_;
  Random random_;
  Taken taken_;
  std::vector<Message> held_;
  uint64_t good_ = 0;
  uint64_t bad_ = 0;
  uint64_t sum_ = 0;
  bool finished_ = false;
};

// Sends to a good and a hostile receiver.
class VictimSender {
 public:
  VictimSender(Storm& storm, const Capability& good, const Capability& bad)
      : storm_(storm),
        bad_right_(bad),
        good_(Must(Sender::Create(Must(good.Duplicate())))),
        bad_(NewSender()),
        random_(CurrentOptions().seed * 1000 + 5) {}

  void RunUntil(int64_t end_ns) {
    uint64_t number = 0;
    while (!IsOver(end_ns, answered_)) {
      SendBad();
      const std::string text = std::to_string(++number);
      EXPECT_EQ(Must(good_.Call(text, {.deadline = Soon()})).text(), text);
    }
    storm_.End();
    Must(good_.Call("last", {.deadline = Soon()}));
  }
  uint64_t answered() const { return answered_; }
  uint64_t lanes() const { return lanes_; }

 private:
  Sender NewSender() {
    ++lanes_;
    return Must(Sender::Create(Must(bad_right_.Duplicate())));
  }
  void SendBad() {
    const std::string payload(random_.Below(random_.OneIn(16) ? 3000 : 200),
                              'x');
    const Deadline deadline = InAMoment(random_);
    absl::Status status;
    if (random_.OneIn(2)) {
      status = bad_.Send(payload, {.deadline = deadline});
    } else {
      const auto reply = bad_.Call(payload, {.deadline = deadline});
      status = reply.status();
      if (reply.ok()) answered_ += reply->payload().size() == 5;
    }
    storm_.SawDeadline(deadline.ns);
    const Error error = ipc::ErrorOf(status);
    // Its lane is of no use any more, or seems so.
    if (error == Error::peer_closed || random_.OneIn(16)) bad_ = NewSender();
  }

  Storm& storm_;
  const Capability& bad_right_;
  uint64_t lanes_ = 0;
  Sender good_;
  Sender bad_;
  Random random_;
  uint64_t answered_ = 0;
};

class HostileWords : public ::testing::Test {
 protected:
  static int64_t End() {
    return base::NowNs() + CurrentOptions().seconds * int64_t{300'000'000};
  }
  std::unique_ptr<testing_kit::Peer> Start(const char* name,
                                           const Capability& port,
                                           World::Body body) {
    const ipc::InitialCapability initial[] = {{"port", &port}};
    return world_->StartPeer(name, initial, std::move(body));
  }
  Capability SendRight(const Capability& port, uint64_t badge) {
    return Must(port.Mint(ipc::kRightSend | ipc::kRightDuplicate, badge));
  }
  void ReceiveBeside(VictimReceiver::Waits waits) {
    Capability port = world_->NewPort({.ring_bytes = abi::kRingBytesMin});
    const Capability good = SendRight(port, kGoodBadge);
    const Capability bad = SendRight(port, kBadBadge);
    Storm& storm = *storm_;
    const auto hostile = Start("hostile", bad, [&storm](Session& session) {
      HostileSender(session, storm).Run();
    });
    const auto friendly = Start(
        "good", good, [&storm](Session& session) { SendGood(session, storm); });
    VictimReceiver victim(storm, Must(Receiver::Create(std::move(port))),
                          waits);
    victim.RunUntil(End());
    ExpectInTime();
    EXPECT_GT(victim.good(), 10u);
    EXPECT_GT(victim.bad(), 0u);
    printf("%lu messages of the good one, %lu of the hostile one\n",
           victim.good(), victim.bad());
  }
  void ExpectInTime() { EXPECT_LT(storm_->counts().latest_ns.load(), kLateNs); }

  std::unique_ptr<World> world_ = World::Start();
  std::shared_ptr<Storm> storm_ = Storm::Create();
};

TEST_F(HostileWords, OfASenderHarmNoReceiver) {
  ReceiveBeside(VictimReceiver::Waits::kOnFutex);
}

TEST_F(HostileWords, OfASenderHarmNoReceiverThatPolls) {
  ReceiveBeside(VictimReceiver::Waits::kOnDescriptor);
}

TEST_F(HostileWords, OfAReceiverHarmNoSender) {
  const Capability bad_port =
      world_->NewPort({.ring_bytes = abi::kRingBytesMin});
  const Capability good_port = world_->NewPort();
  Storm& storm = *storm_;
  const auto hostile = Start("hostile", bad_port, [&storm](Session& session) {
    HostileListener(session, storm).Run();
  });
  const auto server = Start("good", good_port, ServeGood);
  const Capability good = SendRight(good_port, kGoodBadge);
  const Capability bad = SendRight(bad_port, kBadBadge);
  VictimSender victim(storm, good, bad);
  victim.RunUntil(End());
  ExpectInTime();
  EXPECT_GT(victim.answered(), 0u);
  printf("%lu calls answered by the hostile one, over %lu lanes\n",
         victim.answered(), victim.lanes());
}

}  // namespace
}  // namespace soak
