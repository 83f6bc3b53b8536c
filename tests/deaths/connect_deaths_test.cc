// Who connects to a port, and who listens on it, dies at every step of that:
// the other end goes on, a message that was sent is read by the next listener,
// and no lane stays.
#include "ipc/receiver.h"
#include "ipc/sender.h"
#include "tests/deaths/deaths.h"

namespace deaths {
namespace {

using ipc::Deadline;
using ipc::Message;
using ipc::Receiver;
using ipc::Sender;
using ipc::Session;

// Connections that a victim makes, one after the other.
constexpr int kConnections = 4;

std::string ConnectPayload(uint32_t label) {
  return "message " + std::to_string(label);
}

// Each is used both ways.
void ConnectAndCall(Session& session) {
  const ipc::Capability port = Must(session.Take("port"));
  for (uint32_t i = 1; i <= kConnections; ++i) {
    Sender sender = Must(Sender::Create(Must(port.Duplicate())));
    const Message answer =
        Must(sender.Call(ConnectPayload(i), {.label = i, .deadline = Soon()}));
    if (answer.text() != ConnectPayload(i)) abort();
  }
}

TEST_F(Deaths, OfThoseWhoConnectLeaveTheListenerServing) {
  const ipc::Capability port = NewPort();
  const ipc::Capability right = SendRight(port);
  Receiver receiver = Must(Receiver::Create(Must(port.Duplicate())));
  const auto serve = [&] {
    auto call = receiver.Receive(InAMoment());
    if (!call.ok()) return;
    EXPECT_EQ(call->text(), ConnectPayload(call->label()));
    call->Reply(call->text()).IgnoreError();  // it may be dead
  };
  const auto connect_too = [&] {
    Sender sender = Must(Sender::Create(Must(right.Duplicate())));
    Must(sender.Send(ConnectPayload(9), {.label = 9, .deadline = Soon()}));
    EXPECT_EQ(Must(receiver.Receive(Soon())).label(), 9u);
  };
  Kill({.initial = {{"port", &right}},
        .body = [](Session& session, Told&) { ConnectAndCall(session); },
        .meanwhile = serve,
        .afterwards = connect_too});
}

// Listens, takes one or two, and leaves the rest to the next.
void ListenAWhile(Session& session, Told& told) {
  const ipc::Capability port = Must(session.Take("port"));
  for (int i = 0; i < kConnections; ++i) {
    Receiver receiver = Must(Receiver::Create(Must(port.Duplicate())));
    for (int taken = 0; taken <= i % 2; ++taken) {
      const Message message = Must(receiver.Receive(Soon()));
      if (message.text() != ConnectPayload(message.label())) abort();
      ++told.taken[message.label() % sizeof(told.taken)];
    }
  }
}

TEST_F(Deaths, OfThoseWhoBeginToListenLeaveConnectionsToTheNext) {
  constexpr uint32_t kSendersMost = 16;  // of one victim's time
  const ipc::Capability port = NewPort();
  const ipc::Capability receive =
      Must(port.Duplicate(ipc::kRightReceive | ipc::kRightDuplicate));
  const ipc::Capability send = SendRight(port);
  Told& told = graph_.told();
  uint32_t next = 1;
  uint32_t counted = 0;
  // A lane for each message; what it holds outlives it.
  const auto connect = [&] {
    Sender sender = Must(Sender::Create(Must(send.Duplicate())));
    Must(
        sender.Send(ConnectPayload(next), {.label = next, .deadline = Soon()}));
    ++next;
  };
  const auto take = [&](Receiver& receiver, Deadline deadline) {
    const auto message = receiver.Receive(deadline);
    if (!message.ok()) return uint32_t{0};
    EXPECT_EQ(message->text(), ConnectPayload(message->label()));
    ++told.taken[message->label() % sizeof(told.taken)];
    return message->label();
  };
  // All but the one in a dead one's hand, none twice.
  const auto count = [&] {
    int missing = 0;
    while (counted + 1 < next) {
      uint8_t& taken = told.taken[++counted % sizeof(told.taken)];
      EXPECT_LE(taken, 1) << "message " << counted << " twice";
      missing += taken == 0 ? 1 : 0;
      taken = 0;
    }
    EXPECT_LE(missing, 1) << "before message " << next;
  };
  const auto take_the_rest = [&] {
    Receiver receiver = Must(Receiver::Create(Must(port.Duplicate())));
    // Who connects last is heard of last.
    connect();
    const uint32_t last = next - 1;
    for (uint32_t label = 0; label != last;) {
      label = take(receiver, Soon());
      ASSERT_NE(label, 0u) << "message " << last << " is not there";
    }
    while (take(receiver, Deadline::Immediately()) != 0) {
    }
    count();
  };
  const auto connect_some = [&] {
    if (next - counted <= kSendersMost) connect();
  };
  Kill({.initial = {{"port", &receive}},
        .body = ListenAWhile,
        .meanwhile = connect_some,
        .afterwards = take_the_rest});
}

}  // namespace
}  // namespace deaths
