// Flows: what is sent for a message belongs to its flow, whichever thread does
// it, and a trace tells for which message it was sent.
#include "ipc/flow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <map>
#include <set>
#include <thread>

#include "ipc/loan.h"
#include "ipc/trace.h"
#include "libipc/src/message_state.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

class Flows : public ::testing::Test {
 protected:
  // A port of which this process has both ends.
  struct Line {
    explicit Line(World& world, const PortOptions& options = {})
        : port(world.NewPort(options)),
          sender(Must(Sender::Create(
              Must(port.Duplicate(kRightSend | kRightDuplicate))))),
          receiver(
              Must(Receiver::Create(Must(port.Duplicate(kRightReceive))))) {}
    Message Take() { return Must(receiver.Receive(Soon())); }
    // All of them, in as many batches as it takes: what else there is to do for
    // a lane may end a batch.
    void TakeAll(std::span<Message> into) {
      while (!into.empty())
        into = into.subspan(Must(receiver.ReceiveBatch(into, Soon())));
    }
    // What it is sent, as an onlooker sees it.
    uint64_t FlowOfNext() {
      Message into[1];
      Must(receiver.ReceiveBatch(into, Soon()));
      return into[0].flow();
    }
    Capability port;
    Sender sender;
    Receiver receiver;
  };
  std::unique_ptr<World> world_ = World::Start();
  Line in_{*world_};
  Line out_{*world_};
};

uint64_t Now() { return Flow::Current().id(); }

// On a thread of its own.
template <typename F>
void Elsewhere(F&& work) {
  std::thread(std::forward<F>(work)).join();
}

TEST_F(Flows, AWorkerSendsInTheFlowOfTheMessageItWasHanded) {
  Must(in_.sender.Send("work"));
  Message message = in_.Take();
  const uint64_t flow = message.flow();
  EXPECT_EQ(Now(), flow);
  auto work = InFlow(Flow::Leave(), [&, own = std::move(message)]() mutable {
    Must(out_.sender.Send("for it"));
    own = Message();
    Must(out_.sender.Send("still for it"));
  });
  EXPECT_EQ(Now(), 0u);
  Elsewhere([&] {
    work();
    EXPECT_EQ(Now(), 0u);
  });
  EXPECT_EQ(out_.FlowOfNext(), flow);
  EXPECT_EQ(out_.FlowOfNext(), flow);
  // Who has handed it over does something else.
  Must(out_.sender.Send("something else"));
  const uint64_t other = out_.FlowOfNext();
  EXPECT_NE(other, flow);
  EXPECT_NE(other, 0u);
}

// Who sends there is not to be trusted with the numbers of flows.
TEST_F(Flows, BeginAtAPortThatIsMadeSo) {
  Line border(*world_, {.flows_from = FlowOrigin::kPort});
  const Flow theirs = Flow::Begin(world_->root());
  const auto send = [&](int count) {
    const FlowScope scope(theirs);
    for (int i = 0; i < count; ++i) Must(border.sender.Send("message"));
  };
  std::set<uint64_t> flows = {theirs.id()};
  const auto is_new = [&](uint64_t flow) {
    return flow != 0 && flows.insert(flow).second;
  };
  send(2);
  for (int i = 0; i < 2; ++i) {
    Message message = border.Take();
    EXPECT_TRUE(is_new(message.flow()));
    EXPECT_EQ(Flow::Of(message).id(), message.flow());
    Must(out_.sender.Send("for it"));
    EXPECT_EQ(out_.FlowOfNext(), message.flow());
  }
  send(2);
  Message into[2];
  border.TakeAll(into);
  for (const Message& message : into) EXPECT_TRUE(is_new(message.flow()));
  // In place, of which the first may have come the long way.
  send(20);
  for (int shown = 0; shown < 20;) {
    const auto look = [&](const MessageInPlace& message) {
      EXPECT_TRUE(is_new(message.flow));
      EXPECT_EQ(Now(), message.flow);
    };
    shown += static_cast<int>(
        Must(border.receiver.ReceiveInPlace(look, Soon(), 20)));
  }
}

TEST_F(Flows, ScopesNestAndPutBackWhatWasThere) {
  const Flow first = Flow::Begin(world_->root());
  const Flow second = Flow::Begin(world_->root());
  EXPECT_NE(first.id(), second.id());
  Must(in_.sender.Send("message"));
  Message message = in_.Take();
  {
    FlowScope outer(first);
    {
      FlowScope inner(second);
      Must(out_.sender.Send("two"));
      FlowScope none{Flow()};
      EXPECT_EQ(Now(), 0u);
    }
    Must(out_.sender.Send("one"));
    // What is received within goes with the scope.
    Must(in_.sender.Send("another"));
    Message another = in_.Take();
    EXPECT_EQ(Now(), another.flow());
  }
  Must(out_.sender.Send("the message's"));
  EXPECT_EQ(out_.FlowOfNext(), second.id());
  EXPECT_EQ(out_.FlowOfNext(), first.id());
  EXPECT_EQ(out_.FlowOfNext(), message.flow());
  message = Message();
  EXPECT_EQ(Now(), 0u);
}

TEST_F(Flows, AMessageThatEndsOnAnotherThreadLeavesThatThreadsFlowAlone) {
  Must(in_.sender.Send("message"));
  Message message = in_.Take();
  const Flow flow = Flow::Of(message);
  Elsewhere([&, own = std::move(message)]() mutable {
    FlowScope scope(flow);
    own = Message();
    EXPECT_EQ(Now(), flow.id());
  });
  // Two messages of one flow: the one at hand counts.
  {
    FlowScope scope(flow);
    const std::string twice[] = {"a", "b"};
    const Bytes both[] = {BytesOf(twice[0]), BytesOf(twice[1])};
    EXPECT_EQ(Must(in_.sender.SendBatch(both)), 2u);
  }
  std::optional<Message> a = in_.Take();
  Message b = in_.Take();
  ASSERT_EQ(a->flow(), b.flow());
  a.reset();
  EXPECT_EQ(Now(), b.flow());
}

TEST_F(Flows, AScopeThatEndsOnAnotherThreadLeavesThatThreadAlone) {
  const Flow mine = Flow::Begin(world_->root());
  auto scope = std::make_unique<FlowScope>(Flow::Begin(world_->root()));
  Elsewhere([&] {
    FlowScope own(mine);
    scope.reset();
    EXPECT_EQ(Now(), mine.id());
  });
  Flow::Leave();
}

TEST_F(Flows, ABatchEntersNoFlowAndEachOfItsMessagesCanBeEntered) {
  const Flow before = Flow::Begin(world_->root());
  std::vector<uint64_t> sent;
  for (int i = 0; i < 3; ++i) {
    FlowScope scope(Flow::Begin(world_->root()));
    sent.push_back(Now());
    Must(in_.sender.Send("x"));
  }
  FlowScope scope(before);
  std::vector<Message> batch(3);
  in_.TakeAll(batch);
  EXPECT_EQ(Now(), before.id());
  for (size_t i = 0; i < 3; ++i) {
    FlowScope in(Flow::Of(batch[i]));
    Must(out_.sender.Send("for it"));
    EXPECT_EQ(out_.FlowOfNext(), sent[i]);
  }
  batch.clear();
  EXPECT_EQ(Now(), before.id());
}

TEST_F(Flows, AMessageInPlaceIsLookedAtInItsFlow) {
  const Flow before = Flow::Begin(world_->root());
  FlowScope scope(before);
  const auto look = [&](const MessageInPlace& message) {
    EXPECT_EQ(Now(), message.flow);
    EXPECT_NE(message.flow, before.id());
    Must(out_.sender.Send("for it"));
    EXPECT_EQ(out_.FlowOfNext(), message.flow);
  };
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 3; ++i) {
      FlowScope other(Flow::Begin(world_->root()));
      Must(in_.sender.Send("x"));
    }
    for (size_t left = 3; left > 0;)
      left -= Must(in_.receiver.ReceiveInPlace(look, Soon()));
    EXPECT_EQ(Now(), before.id());
  }
}

TEST_F(Flows, SeveralSendsCanShareAFlowThatWasBegun) {
  const Flow flow = Flow::Begin(world_->root());
  {
    FlowScope scope(flow);
    Must(out_.sender.Send("a"));
    Must(out_.sender.Send("b"));
  }
  EXPECT_EQ(out_.FlowOfNext(), flow.id());
  EXPECT_EQ(out_.FlowOfNext(), flow.id());
}

TEST_F(Flows, GoOnWithLoansAndTheirAnswers) {
  Pool pool = Must(Pool::Create(world_->root()));
  const Flow flow = Flow::Begin(world_->root());
  auto caller = std::async(std::launch::async, [&] {
    FlowScope scope(flow);
    Loan block = Must(pool.Allocate(100'000));
    return Must(in_.sender.CallLoan(block)).flow();
  });
  Message message = in_.Take();
  EXPECT_TRUE(message.is_loan());
  EXPECT_EQ(message.flow(), flow.id());
  // A block that is filled on another thread and sent from there.
  Elsewhere(InFlow(Flow::Current(), [&] {
    Loan block = Must(pool.Allocate(20'000));
    Must(out_.sender.SendLoan(block));
  }));
  EXPECT_EQ(out_.FlowOfNext(), flow.id());
  Must(message.ReplyLoan(Must(pool.Allocate(50'000))));
  EXPECT_EQ(caller.get(), flow.id());
}

TEST_F(Flows, ACallableIsCalledInItsFlowAndIsWhatItWas) {
  const Flow flow = Flow::Begin(world_->root());
  int sum = 0;
  auto add = InFlow(flow, [&sum](int by) -> int& {
    EXPECT_NE(Now(), 0u);
    sum += by;
    return sum;
  });
  EXPECT_EQ(&add(3), &sum);
  auto copy = add;
  EXPECT_EQ(copy(4), 7);
  auto owns = InFlow(flow, [own = std::make_unique<int>(5)] { return *own; });
  auto moved = std::move(owns);
  EXPECT_EQ(moved(), 5);
  EXPECT_EQ(Now(), 0u);
}

class TracedFlows : public Flows {
 protected:
  Tracer Trace(const Capability& port) {
    return Must(Tracer::TracePort(Must(port.Duplicate(kRightTraceMeta))));
  }
  static std::vector<TraceRecord> All(Tracer& tracer, TraceKind kind) {
    std::vector<TraceRecord> all;
    Must(tracer.Drain([&](const TraceSource& source, const TraceRecord& one) {
      if (source.process_id != 0 && one.kind == static_cast<uint16_t>(kind))
        all.push_back(one);
    }));
    return all;
  }
};

// Eight messages of one flow are worked on by eight threads at once, in an
// order that has nothing to do with that in which they came.
TEST_F(TracedFlows, TellForWhichOfTheirMessagesSomethingWasSent) {
  constexpr uint32_t kMessages = 8;
  Tracer tracer = Must(Tracer::TraceAll(Must(world_->root().Take("kernel"))));
  const uint64_t in = Must(in_.port.Info()).object_id;
  {
    FlowScope scope(Flow::Begin(world_->root()));
    for (uint32_t i = 0; i < kMessages; ++i)
      Must(in_.sender.Send("x", {.label = i}));
  }
  std::vector<std::function<void()>> queue;
  for (uint32_t i = 0; i < kMessages; ++i) {
    auto message = std::make_shared<Message>(in_.Take());
    queue.push_back(InFlow(Flow::Leave(), [&, message] {
      Must(out_.sender.Send("for it", {.label = message->label()}));
    }));
  }
  std::vector<std::thread> workers;
  for (uint32_t i = 0; i < kMessages; ++i)
    workers.emplace_back(queue[(i * 5 + 3) % kMessages]);
  for (std::thread& worker : workers) worker.join();
  Must(out_.sender.Send("for nothing", {.label = kMessages}));
  for (uint32_t i = 0; i <= kMessages; ++i) out_.Take();

  std::map<uint32_t, uint64_t> received, cause;
  Must(tracer.Drain([&](const TraceSource&, const TraceRecord& record) {
    if (record.port == in &&
        record.kind == static_cast<uint16_t>(TraceKind::receive))
      received[record.label] = record.time_ns;
    if (record.port != in &&
        record.kind == static_cast<uint16_t>(TraceKind::send))
      cause[record.label] =
          record.interval_ns == 0 ? 0 : record.time_ns - record.interval_ns;
  }));
  ASSERT_EQ(received.size(), kMessages);
  received[kMessages] = 0;
  EXPECT_EQ(cause, received);
}

TEST_F(TracedFlows, ThatBeginAtAPortAreNotThoseOfTheirSenders) {
  Line border(*world_, {.flows_from = FlowOrigin::kPort});
  Tracer before = Trace(border.port);
  Tracer behind = Trace(out_.port);
  Must(border.sender.Send("message"));
  Message message = border.Take();
  Must(out_.sender.Send("for it"));
  out_.Take();
  const auto came = All(before, TraceKind::send);
  const auto went = All(behind, TraceKind::send);
  ASSERT_EQ(came.size(), 1u);
  ASSERT_EQ(went.size(), 1u);
  EXPECT_NE(went[0].flow, came[0].flow);
  EXPECT_EQ(went[0].flow, message.flow());
}

// Both ends name the flow that the message had on its way, so that they can be
// put together; what was sent for it tells when it had been received.
TEST_F(TracedFlows, OfAPortWhereTheyBeginAreTiedToWhatCameByTheTime) {
  Line border(*world_, {.flows_from = FlowOrigin::kPort});
  Tracer tracer = Must(Tracer::TraceAll(Must(world_->root().Take("kernel"))));
  Must(border.sender.Send("message"));
  Message message = border.Take();
  Must(out_.sender.Send("for it"));
  out_.Take();
  const uint64_t port = Must(border.port.Info()).object_id;
  std::map<TraceKind, TraceRecord> at_border;
  TraceRecord went = {};
  Must(tracer.Drain([&](const TraceSource&, const TraceRecord& record) {
    const auto kind = static_cast<TraceKind>(record.kind);
    if (record.port == port) at_border[kind] = record;
    if (record.port != port && kind == TraceKind::send) went = record;
  }));
  EXPECT_EQ(at_border[TraceKind::send].flow,
            at_border[TraceKind::receive].flow);
  EXPECT_NE(at_border[TraceKind::send].flow, 0u);
  EXPECT_EQ(went.time_ns - went.interval_ns,
            at_border[TraceKind::receive].time_ns);
}

TEST_F(TracedFlows, OfAMessageThatWasNotTracedTellNoTime) {
  Must(in_.sender.Send("before"));
  Message before = in_.Take();
  Tracer tracer = Trace(out_.port);
  Must(out_.sender.Send("for it"));
  Message after = out_.Take();
  Must(out_.sender.Send("for that"));
  const auto sends = All(tracer, TraceKind::send);
  ASSERT_EQ(sends.size(), 2u);
  EXPECT_EQ(sends[0].interval_ns, 0u);
  EXPECT_GT(sends[1].interval_ns, 0u);
}

}  // namespace
}  // namespace ipc
