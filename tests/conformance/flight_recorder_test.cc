// What the flight recorder has of a thread that slept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "ipc/flight.h"
#include "libipc/abi/flight.h"
#include "libipc/abi/threads.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

class FlightRecorder : public ::testing::Test {
 protected:
  FlightRecorder()
      : kernel_(Must(world_->root().Take("kernel"))),
        session_(world_->NewSession("flyer")),
        port_(Must(session_.CreatePort({}))),
        sender_(Must(Sender::Create(Must(port_.Mint(kRightSend, 7))))),
        receiver_(Must(Receiver::Create(Must(port_.Duplicate())))) {}

  // Of this thread, or another.
  std::vector<TraceRecord> Records(pid_t thread = gettid()) {
    std::vector<TraceRecord> records;
    Must(ReadFlights(
        kernel_,
        [&](const FlightSource& source) {
          return source.process_id == session_.process_id() &&
                 source.thread_id == static_cast<uint32_t>(thread);
        },
        [&](FlightLog log) { records = std::move(log.records); }));
    return records;
  }
  std::vector<TraceRecord> Records(TraceKind kind) {
    std::vector<TraceRecord> records = Records();
    std::erase_if(records, [kind](const TraceRecord& record) {
      return record.kind != static_cast<uint16_t>(kind);
    });
    return records;
  }
  void WaitInVain() {
    EXPECT_EQ(
        ErrorOf(
            receiver_.Receive(Deadline::After(absl::Milliseconds(2))).status()),
        Error::timed_out);
  }
  // Until it was seen to sleep.
  void SleepOnce() {
    const size_t before = Records(TraceKind::wait).size();
    while (Records(TraceKind::wait).size() == before) WaitInVain();
  }
  void Pass(int messages) {
    for (int i = 0; i < messages; ++i)
      Must(sender_.Send("hello", {.label = 5}));
    for (int i = 0; i < messages; ++i) Must(receiver_.Receive(Soon()));
  }
  // Recorded, and counted as not recorded.
  uint64_t Told(TraceKind kind) {
    uint64_t told = Records(kind).size();
    for (const TraceRecord& record : Records(TraceKind::passed))
      if (record.label == static_cast<uint32_t>(kind))
        told += record.payload_bytes;
    return told;
  }

  std::unique_ptr<World> world_ = World::Start();
  Capability kernel_;
  Session session_;
  Capability port_;
  Sender sender_;
  Receiver receiver_;
};

TEST_F(FlightRecorder, HasNothingOfAThreadThatNeverSlept) {
  for (int i = 0; i < 3; ++i) Must(sender_.Send("hello"));
  EXPECT_TRUE(Records().empty());
}

TEST_F(FlightRecorder, HasTheMessagesAfterASleepThoughNobodyTraces) {
  SleepOnce();
  Pass(1);
  const auto sent = Records(TraceKind::send);
  const auto received = Records(TraceKind::receive);
  ASSERT_EQ(sent.size(), 1u);
  ASSERT_EQ(received.size(), 1u);
  for (const TraceRecord& record : {sent[0], received[0]}) {
    EXPECT_EQ(record.label, 5u);
    EXPECT_EQ(record.payload_bytes, 5u);
    EXPECT_EQ(record.correlation, 0u);
    EXPECT_EQ(record.port, Must(port_.Info()).object_id);
  }
  EXPECT_EQ(sent[0].lane, received[0].lane);
  EXPECT_EQ(sent[0].flow, received[0].flow);
  EXPECT_LE(sent[0].time_ns, received[0].time_ns);
}

TEST_F(FlightRecorder, HasTheFirstMessageThoughItsRingMayComeLater) {
  WaitInVain();
  Pass(1);
  while (Records().empty()) WaitInVain();
  EXPECT_EQ(Records(TraceKind::receive).size(), 1u);
}

TEST_F(FlightRecorder, SaysWhatAThreadSleepsOnAndForHowLong) {
  SleepOnce();
  Pass(1);
  const TraceRecord wait = Records(TraceKind::wait).back();
  const TraceRecord wake = Records(TraceKind::wake).back();
  EXPECT_EQ(wait.label, static_cast<uint32_t>(abi::ThreadState::receiving));
  EXPECT_EQ(wait.port, Must(port_.Info()).object_id);
  EXPECT_EQ(wake.interval_ns, wake.time_ns - wait.time_ns);
}

// Else a call that another thread answers would seem unanswered for ever.
TEST_F(FlightRecorder, HasTheAnswersOfAThreadThatNeverSleeps) {
  SleepOnce();
  std::atomic<Message*> work{nullptr};
  std::atomic<bool> ends{false};
  std::atomic<pid_t> worker_id{0};
  std::thread worker([&] {
    worker_id = gettid();
    while (!ends) {
      const std::unique_ptr<Message> call(work.exchange(nullptr));
      if (call != nullptr) Must(call->Reply("done"));
      std::this_thread::yield();
    }
  });
  // Its ring comes with what this thread hears meanwhile.
  size_t calls = 0;
  do {
    std::thread caller([this] { Must(sender_.Call("do it")); });
    work = new Message(Must(receiver_.Receive(Soon())));
    caller.join();
    ++calls;
    WaitInVain();
  } while (Records(worker_id).empty());
  const std::vector<TraceRecord> records = Records(worker_id);
  ends = true;
  worker.join();
  EXPECT_EQ(records.size(), calls);
  for (const TraceRecord& record : records)
    EXPECT_EQ(record.kind, static_cast<uint16_t>(TraceKind::reply));
}

// Else an idle thread would write over what it did before.
TEST_F(FlightRecorder, WhoSleepsOnTheSameAgainHasNotGoneOn) {
  SleepOnce();
  for (int i = 0; i < 3; ++i) WaitInVain();
  EXPECT_EQ(Records().size(), 1u);
  Pass(1);
  EXPECT_GE(Records(TraceKind::wake).back().interval_ns, 6'000'000u);
}

TEST_F(FlightRecorder, SaysHowManyMessagesItDidNotRecord) {
  SleepOnce();
  Pass(100);
  EXPECT_LT(Records(TraceKind::send).size(), 100u);
  SleepOnce();
  Pass(1);
  EXPECT_FALSE(Records(TraceKind::passed).empty());
  EXPECT_EQ(Told(TraceKind::send), 101u);
  EXPECT_EQ(Told(TraceKind::receive), 101u);
}

TEST_F(FlightRecorder, RecordsNowAndThenWithoutSleeps) {
  SleepOnce();
  for (int i = 0; i < 200; ++i) Pass(100);
  EXPECT_GE(Records(TraceKind::receive).size(), 4u);
  SleepOnce();
  Pass(1);
  EXPECT_EQ(Told(TraceKind::receive), 20'001u);
}

TEST_F(FlightRecorder, HasCallsThatFailed) {
  SleepOnce();
  EXPECT_EQ(ErrorOf(sender_
                        .Call("?", {.label = 9,
                                    .deadline =
                                        Deadline::After(absl::Milliseconds(2))})
                        .status()),
            Error::timed_out);
  const auto outcomes = Records(TraceKind::outcome);
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].error, static_cast<uint8_t>(Error::timed_out));
  EXPECT_EQ(outcomes[0].label, 9u);
  EXPECT_EQ(outcomes[0].correlation,
            Records(TraceKind::send).back().correlation);
}

TEST_F(FlightRecorder, HasCapabilitiesOnTheMove) {
  SleepOnce();
  Capability gift = Must(session_.CreatePort({}));
  Must(sender_.Send("take it", {.capabilities = {&gift, 1}}));
  EXPECT_EQ(Must(Must(receiver_.Receive(Soon())).TakeCapabilities()).size(),
            1u);
  for (const TraceKind kind : {TraceKind::stage, TraceKind::redeem}) {
    const auto records = Records(kind);
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(records[0].handle_count, 1u);
    EXPECT_EQ(records[0].error, 0u);
  }
}

TEST_F(FlightRecorder, HasWhatAQuotaRefused) {
  SleepOnce();
  const Capability poor = Must(CreateAccount(
      Must(session_.Take("account")), "poor", AccountLimits{.ports = 1}));
  const Capability first = Must(session_.CreatePort(poor, {}));
  EXPECT_EQ(ErrorOf(session_.CreatePort(poor, {}).status()),
            Error::quota_exceeded);
  const auto refused = Records(TraceKind::refused);
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].label, static_cast<uint32_t>(abi::Syscall::port_create));
}

TEST_F(FlightRecorder, HasTheEndOfALane) {
  Pass(1);
  SleepOnce();
  receiver_.Close();
  port_ = Capability();
  while (sender_.Send("anybody?").ok()) {
  }
  const auto cuts = Records(TraceKind::cut);
  ASSERT_EQ(cuts.size(), 1u);
  EXPECT_EQ(cuts[0].error, static_cast<uint8_t>(Error::peer_closed));
  EXPECT_EQ(Records(TraceKind::block).size(), 1u);
}

TEST_F(FlightRecorder, KeepsNothingOfAThreadThatEnded) {
  uint32_t thread_id = 0;
  std::thread([&] {
    SleepOnce();
    thread_id = static_cast<uint32_t>(gettid());
  }).join();
  // Asked for after the thread gave its ring back.
  Must(port_.Info());
  Must(ReadFlights(
      kernel_,
      [&](const FlightSource& source) {
        EXPECT_FALSE(source.process_id == session_.process_id() &&
                     source.thread_id == thread_id);
        return false;
      },
      [](const FlightLog&) {}));
}

}  // namespace
}  // namespace ipc
