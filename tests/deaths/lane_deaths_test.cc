// Senders and receivers that die while their lane grows, while the Receive
// right moves on, and while several receive from one port.
#include <cstring>

#include "ipc/receiver.h"
#include "ipc/sender.h"
#include "tests/deaths/deaths.h"

namespace deaths {
namespace {

using ipc::Deadline;
using ipc::Error;
using ipc::Message;
using ipc::Receiver;
using ipc::Sender;
using ipc::Session;

constexpr uint32_t kRing = 4096;
constexpr uint32_t kRingMost = 65'536;
constexpr ipc::Rights kReceive = ipc::kRightReceive | ipc::kRightDuplicate;

std::string LanePayload(uint32_t label) {
  return std::string(100 + label % 200, static_cast<char>(label));
}

class LaneDeaths : public Deaths {
 protected:
  const ipc::Capability port_ =
      NewPort({.ring_bytes = kRing, .ring_bytes_max = kRingMost});
  const ipc::Capability send_ = SendRight(port_);
  const ipc::Capability receive_ = Must(port_.Duplicate(kReceive));
};

TEST_F(LaneDeaths, OfSendersWhoseLanesGrowLeaveWhatTheySentReadable) {
  Receiver receiver = Must(Receiver::Create(Must(port_.Duplicate())));
  uint32_t last = 0;
  const auto take = [&] {
    const auto message = receiver.Receive(InAMoment());
    if (!message.ok()) return;
    EXPECT_EQ(message->label(), ++last);
    EXPECT_EQ(message->text(), LanePayload(last));
  };
  const auto send = [](Session& session, Told&) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    for (uint32_t i = 1; i <= 400; ++i)
      Must(sender.Send(LanePayload(i), {.label = i, .deadline = Soon()}));
  };
  Kill({.initial = {{"port", &send_}},
        .body = send,
        .meanwhile = take,
        .afterwards = [&] { last = 0; }});
}

// Takes and tells what it has taken.
void TakeSome(Session& session, Told& told) {
  Receiver receiver = Must(Receiver::Create(Must(session.Take("port"))));
  for (int i = 0; i < 40; ++i) {
    const Message message = Must(receiver.Receive(Soon()));
    if (message.text() != LanePayload(message.label())) abort();
    ++told.taken[message.label() % sizeof(told.taken)];
    told.last = message.label();
  }
  const ipc::Capability right = Must(receiver.Release());
}

TEST_F(LaneDeaths, OfReceiversLoseOneMessageAtMostAndRepeatNone) {
  Sender sender = Must(Sender::Create(SendRight(port_)));
  uint32_t next = 1;
  const auto send = [&] {
    const auto status =
        sender.Send(LanePayload(next),
                    {.label = next, .deadline = Deadline::Immediately()});
    if (status.ok()) ++next;
  };
  const auto go_on = [&] {
    Receiver receiver = Must(Receiver::Create(Must(port_.Duplicate())));
    const Message message = Must(receiver.Receive(Soon()));
    EXPECT_GT(message.label(), graph_.told().last);
    EXPECT_LE(message.label(), graph_.told().last + 2);
    EXPECT_EQ(message.text(), LanePayload(message.label()));
    graph_.told().last = message.label();
  };
  Kill({.initial = {{"port", &receive_}},
        .body = TakeSome,
        .meanwhile = send,
        .afterwards = go_on});
}

TEST_F(Deaths, OfOneOfTwoReceiversOfAPortLeaveTheOtherWorking) {
  const ipc::Capability port =
      NewPort({.ring_bytes = kRing, .sharing = ipc::Sharing::kManyListeners});
  const ipc::Capability receive = Must(port.Duplicate(kReceive));
  Sender sender = Must(Sender::Create(SendRight(port)));
  Receiver receiver = Must(Receiver::Create(Must(port.Duplicate())));
  Told& told = graph_.told();
  uint32_t next = 1;
  uint32_t counted = 0;
  const auto take = [&](Deadline deadline) {
    const auto message = receiver.Receive(deadline);
    if (!message.ok()) return false;
    EXPECT_EQ(message->text(), LanePayload(message->label()));
    ++told.taken[message->label() % sizeof(told.taken)];
    return true;
  };
  const auto meanwhile = [&] {
    const auto status =
        sender.Send(LanePayload(next),
                    {.label = next, .deadline = Deadline::Immediately()});
    if (status.ok()) ++next;
    if (random_.OneIn(3)) take(Deadline::Immediately());
  };
  // All went to one of them, but for the one in a dead one's hand.
  const auto count = [&] {
    while (take(Deadline::Immediately())) {
    }
    int missing = 0;
    while (counted + 1 < next) {
      uint8_t& taken = told.taken[++counted % sizeof(told.taken)];
      EXPECT_LE(taken, 1) << "message " << counted << " twice";
      missing += taken == 0 ? 1 : 0;
      taken = 0;
    }
    EXPECT_LE(missing, 1) << "before message " << next;
  };
  Kill({.initial = {{"port", &receive}},
        .body = TakeSome,
        .meanwhile = meanwhile,
        .afterwards = count});
}

}  // namespace
}  // namespace deaths
