// Lossless tracing: who waits for a tracer, how long at most, and what ends it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <thread>

#include "ipc/inspect.h"
#include "ipc/trace.h"
#include "libipc/base/clock.h"
#include "libipc/base/trace_heads.h"
#include "libipc/base/trace_ring.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

// Records of sends that a ring has room for, while nobody reads.
constexpr uint32_t kFits = abi::kTraceRingBytes / 64 - 1;
constexpr nanoseconds kLongest(abi::kTraceWaitMaxNs);

class Lossless : public ::testing::Test {
 protected:
  // Of sends only: where nobody listens, those are all there is.
  Tracer Trace(nanoseconds wait, TraceLevel level = TraceLevel::kHeaders) {
    return Must(Tracer::TracePort(
        Must(port_.Duplicate()),
        {.level = level, .directions = abi::kTraceOutgoing, .wait = wait}));
  }
  // Another process, which sends so many messages each time that it is told to,
  // and tells how long the last batch took.
  class Talker {
   public:
    explicit Talker(Lossless* test)
        : go_(Must(Sender::Create(
              Must((orders_ = test->world_->NewPort()).Duplicate())))) {
      Capability initial_orders =
          Must(orders_.Duplicate(kRightReceive | kRightDuplicate));
      Capability right =
          Must(test->port_.Duplicate(kRightSend | kRightDuplicate));
      const InitialCapability initial[] = {{"port", &right},
                                           {"orders", &initial_orders}};
      peer_ = test->world_->StartPeer("talker", initial, [](Session& session) {
        Sender sender = Must(Sender::Create(Must(session.Take("port"))));
        Receiver orders = Must(Receiver::Create(Must(session.Take("orders"))));
        uint32_t sent = 0;
        while (true) {
          Message order = Must(orders.Receive(Soon()));
          if (order.label() == 0) return;
          const int64_t begin_ns = base::NowNs();
          for (uint32_t i = 0; i < order.label(); ++i)
            Must(sender.Send("word", {.label = sent++}));
          Must(order.Reply(std::to_string(base::NowNs() - begin_ns)));
        }
      });
    }
    ~Talker() {
      Must(go_.Send("end", {.label = 0}));
      peer_->Join();
    }
    nanoseconds Send(uint32_t count) {
      Message took = Must(go_.Call("send", {.label = count}));
      return nanoseconds(std::stoll(std::string(took.text())));
    }

   private:
    Capability orders_;
    Sender go_;
    std::unique_ptr<testing_kit::Peer> peer_;
  };
  static uint64_t Drain(Tracer& tracer) {
    return Must(tracer.Drain([](const TraceSource&, const TraceRecord&) {}));
  }

  // Messages that were sent, as their senders say.
  uint64_t Sent() {
    uint64_t sum = 0;
    for (const abi::PortEntry& port : Must(inspector_.Ports()))
      sum += port.sender_counters.messages;
    return sum;
  }
  // Until at least so many were, and no more are for a while.
  void AwaitSenderThatWaits(uint64_t sent) {
    const int64_t soon_ns = Soon().ns;
    uint64_t before;
    do {
      ASSERT_LT(base::NowNs(), soon_ns);
      before = Sent();
      const int64_t end_ns = base::NowNs() + 30'000'000;
      while (base::NowNs() < end_ns) {
      }
    } while (before < sent || Sent() != before);
  }

  std::unique_ptr<World> world_ = World::Start();
  Capability port_ = world_->NewPort({.buffering = Buffering::kOverwriting});
  Inspector inspector_ =
      Must(Inspector::Create(Must(world_->root().Take("kernel"))));
};

TEST_F(Lossless, ATracerThatDoesNotReadIsWaitedForOnce) {
  constexpr milliseconds kWait(30);
  Tracer tracer = Trace(kWait);
  Talker talker(this);
  talker.Send(kFits);
  EXPECT_EQ(tracer.lost(), 0u);
  Drain(tracer);
  EXPECT_EQ(tracer.waits().waits, 0u);
  talker.Send(kFits);
  EXPECT_EQ(tracer.waits().waits, 0u);
  talker.Send(1'000);
  const Tracer::Waits once = tracer.waits();
  EXPECT_EQ(once.waits, 1u);
  EXPECT_EQ(once.in_vain, 1u);
  EXPECT_GE(once.waited, kWait);
  talker.Send(2 * kFits);
  EXPECT_EQ(tracer.waits().waits, 1u);
  // What was overwritten meanwhile is lost, and counted.
  Drain(tracer);
  EXPECT_EQ(tracer.lost(), 1'000u + 2 * kFits);
  EXPECT_EQ(tracer.seen() + tracer.lost(), 4 * kFits + 1'000u);
  // It has read, so it is waited for again.
  talker.Send(kFits + 1);
  EXPECT_EQ(tracer.waits().waits, 2u);
}

// Reads until all were seen or lost.
void ReadSlowly(Tracer& tracer, uint64_t records) {
  while (tracer.seen() + tracer.lost() < records)
    Must(tracer.Drain([](const TraceSource&, const TraceRecord&) {
      const int64_t end_ns = base::NowNs() + 25'000;
      while (base::NowNs() < end_ns) {
      }
    }));
}

TEST_F(Lossless, OneThatReadsSlowlyLosesNothing) {
  constexpr uint32_t kMany = 20'000;
  for (const nanoseconds wait : {kLongest, nanoseconds(0)}) {
    Tracer tracer = Trace(wait);
    Capability right = Must(port_.Duplicate(kRightSend | kRightDuplicate));
    const InitialCapability initial[] = {{"port", &right}};
    auto peer = world_->StartPeer("talker", initial, [](Session& session) {
      Sender sender = Must(Sender::Create(Must(session.Take("port"))));
      for (uint32_t i = 0; i < kMany; ++i) Must(sender.Send("word"));
    });
    // However slow who is traced is, it finds no room: it waits, or has lost.
    if (wait == nanoseconds(0))
      peer->Join();
    else
      AwaitSenderThatWaits(kFits + 1);
    ReadSlowly(tracer, kMany);
    peer->Join();
    EXPECT_EQ(tracer.seen() + tracer.lost(), kMany);
    if (wait == nanoseconds(0)) {
      EXPECT_GT(tracer.lost(), 0u);
      EXPECT_EQ(tracer.waits().waits, 0u);
    } else {
      EXPECT_EQ(tracer.lost(), 0u);
      EXPECT_GT(tracer.waits().waits, 0u);
      EXPECT_EQ(tracer.waits().in_vain, 0u);
    }
  }
}

TEST_F(Lossless, OfPayloadLosesNothingEither) {
  constexpr uint32_t kMany = 20'000;
  Tracer tracer = Trace(kLongest, TraceLevel::kPayload);
  Capability right = Must(port_.Duplicate(kRightSend | kRightDuplicate));
  const InitialCapability initial[] = {{"port", &right}};
  auto peer = world_->StartPeer("talker", initial, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    for (uint32_t i = 0; i < kMany; ++i)
      Must(sender.Send("the number " + std::to_string(i) +
                       " in more bytes than a part of a payload has"));
  });
  uint32_t next = 0;
  while (next < kMany)
    Must(tracer.Drain([&](const TraceSource&, const TraceRecord&,
                          const TracedPayload& payload) {
      EXPECT_FALSE(payload.lost);
      EXPECT_THAT(std::string(ipc::TextOf(payload.bytes)),
                  ::testing::StartsWith("the number " + std::to_string(next++) +
                                        " in"));
    }));
  peer->Join();
  EXPECT_EQ(tracer.lost(), 0u);
}

// It reads an eighth of a ring at a time.
TEST_F(Lossless, WhatFillsTheLastPartThatIsReadIsNotLeftOut) {
  for (const TraceLevel level : {TraceLevel::kHeaders, TraceLevel::kPayload}) {
    Tracer tracer = Trace(kLongest, level);
    const uint32_t records = level == TraceLevel::kPayload ? 2 : 1;
    uint64_t written = 0;
    for (const uint32_t count : {512u, 1'024u}) {
      // Another thread of the talker's, another ring.
      Talker talker(this);
      talker.Send(count / records);
      EXPECT_EQ(Drain(tracer), count / records);
      written += count;
      EXPECT_EQ(tracer.seen(), written);
    }
    EXPECT_EQ(tracer.lost(), 0u);
  }
}

// A message takes two records: the oldest one that is left is a part.
TEST_F(Lossless, APartWhoseRecordWasOverwrittenIsLostToo) {
  Tracer tracer = Trace(nanoseconds(0), TraceLevel::kPayload);
  Talker talker(this);
  talker.Send(kFits);
  uint64_t handed = 0;
  Must(tracer.Drain([&](const TraceSource&, const TraceRecord&,
                        const TracedPayload& payload) {
    EXPECT_EQ(payload.parts, 1u);
    handed += 1 + payload.parts;
  }));
  EXPECT_EQ(handed, kFits - 1);
  EXPECT_EQ(tracer.seen(), handed);
  EXPECT_EQ(tracer.lost(), 2 * kFits - handed);
}

TEST_F(Lossless, TakesTheRightToIt) {
  const absl::Status refused =
      Tracer::TracePort(Must(port_.Duplicate(kRightTraceMeta)),
                        {.wait = kTraceWaitUsual})
          .status();
  EXPECT_EQ(ErrorOf(refused), Error::access_denied);
  EXPECT_THAT(refused.message(), ::testing::HasSubstr("TraceStall"));
  EXPECT_EQ(ErrorOf(Tracer::TracePort(Must(port_.Duplicate()),
                                      {.wait = kLongest + nanoseconds(1)})
                        .status()),
            Error::out_of_range);
}

TEST_F(Lossless, OneAtATimeIsWaitedForBesideThoseThatLose) {
  std::optional<Tracer> tracer = Trace(kLongest);
  const absl::Status second =
      Tracer::TracePort(Must(port_.Duplicate()), {.wait = kLongest}).status();
  EXPECT_EQ(ErrorOf(second), Error::bad_state);
  EXPECT_THAT(second.message(), ::testing::HasSubstr("one tracer only"));
  Tracer other = Trace(nanoseconds(0));
  Talker talker(this);
  talker.Send(kFits);
  Drain(*tracer);
  talker.Send(kFits);
  EXPECT_EQ(other.waits().waits, 0u);
  EXPECT_TRUE(Must(TracersOf(port_))[0].options & abi::kTraceLossless);
  // Once it is gone nobody waits, for whoever stays, and another may come.
  tracer.reset();
  EXPECT_LT(talker.Send(3 * kFits), kLongest);
  Drain(other);
  EXPECT_EQ(other.seen() + other.lost(), 5 * kFits);
  tracer = Trace(kLongest);
}

// Each that leaves gives writers new rings.
TEST_F(Lossless, OneThatDoesNotReadIsWaitedForOnceWhoeverComesAndGoes) {
  Tracer tracer = Trace(milliseconds(30));
  Talker talker(this);
  talker.Send(kFits + 1);
  for (int i = 0; i < 3; ++i) {
    { Tracer other = Trace(nanoseconds(0)); }
    // The kernel process has heard of its end before.
    EXPECT_EQ(Must(TracersOf(port_)).size(), 1u);
    talker.Send(kFits + 1);
  }
  // Only now does it find those rings, and their counts.
  Drain(tracer);
  EXPECT_EQ(tracer.waits().waits, 1u);
  EXPECT_EQ(tracer.seen() + tracer.lost(), 4 * (kFits + 1));
  // It has read, so it is waited for again.
  talker.Send(kFits + 1);
  EXPECT_EQ(tracer.waits().waits, 2u);
}

// Another tracing is another tracer's, which may well read.
TEST_F(Lossless, ThatOneWasNotReadIsNoReasonNotToWaitForTheNext) {
  Talker talker(this);
  {
    Tracer first = Trace(milliseconds(30));
    talker.Send(kFits + 1);
  }
  Tracer second = Trace(milliseconds(30));
  talker.Send(kFits + 1);
  Drain(second);
  EXPECT_EQ(second.waits().waits, 1u);
}

TEST_F(Lossless, ItsEndFreesWhoWaits) {
  std::optional<Tracer> tracer = Trace(kLongest);
  Talker talker(this);
  talker.Send(kFits);
  std::thread ends([&] { tracer.reset(); });
  EXPECT_LT(talker.Send(100), kLongest);
  ends.join();
}

TEST_F(Lossless, ItsRightsEndFreesWhoWaits) {
  Capability lent = Must(port_.Mint(
      kRightTraceMeta | kRightTraceStall | kRightManage | kRightDuplicate,
      /*badge=*/7));
  Tracer tracer =
      Must(Tracer::TracePort(Must(lent.Duplicate()), {.wait = kLongest}));
  Talker talker(this);
  talker.Send(kFits);
  std::thread ends([&] { Must(lent.Revoke()); });
  EXPECT_LT(talker.Send(100), kLongest);
  ends.join();
}

// The tracer has another session, in another process where there are any.
TEST_F(Lossless, TheTracersDeathFreesWhoWaits) {
  Capability events = world_->NewPort();
  Capability rights[] = {Must(port_.Duplicate()), Must(events.Duplicate())};
  const InitialCapability initial[] = {{"port", &rights[0]},
                                       {"events", &rights[1]}};
  auto peer = world_->StartPeer("tracer", initial, [](Session& session) {
    Tracer tracer = Must(Tracer::TracePort(
        Must(session.Take("port")),
        {.directions = abi::kTraceOutgoing, .wait = kLongest}));
    Capability port = Must(session.Take("events"));
    Sender sender = Must(Sender::Create(Must(port.Duplicate())));
    // Returns when its session is gone.
    (void)sender.Call("tracing");
  });
  Receiver receiver = Must(Receiver::Create(std::move(events)));
  Message tracing = Must(receiver.Receive(Soon()));
  Talker talker(this);
  talker.Send(kFits);
  std::thread ends([&] { peer->Kill(); });
  EXPECT_LT(talker.Send(100), kLongest);
  ends.join();
  EXPECT_LT(talker.Send(3 * kFits), kLongest);
}

TEST_F(Lossless, ATracerDoesNotWaitForItself) {
  Tracer tracer = Trace(kLongest);
  Sender sender = Must(Sender::Create(Must(port_.Duplicate())));
  for (uint32_t i = 0; i < 2 * kFits; ++i) Must(sender.Send("word"));
  EXPECT_EQ(tracer.waits().waits, 0u);
  Drain(tracer);
  EXPECT_EQ(tracer.seen() + tracer.lost(), 2 * kFits);
}

// The writer of a ring, and a tracer that says what it likes.
class HostileHeads : public ::testing::Test {
 protected:
  static constexpr uint32_t kSlot = 5;
  static constexpr uint64_t kRing = 77;
  static constexpr uint64_t kEighth = abi::kTraceRingBytes / 8;

  HostileHeads() {
    half_ = *base::Half::Map(ring_.get(), abi::kTraceRingBytes, 1,
                             base::Access::kReadWrite);
    room_ = *base::TraceRoom::Map(
        memory_.get(), {.slot = kSlot, .reserved = 0, .wait_ns = 1'000'000},
        kRing, half_);
    words_ = *base::TraceHeadsWords::Map(memory_.get());
    words_->Begin(kSlot, kRing);
  }
  void Say(uint64_t head) { words_->Announce(kSlot, head, *half_); }
  // Writes so many records. Returns how often it waited.
  uint64_t Write(uint64_t records) {
    const uint64_t before = Waits();
    for (uint64_t i = 0; i < records; ++i, position_ += 64)
      room_->Await(position_, 64);
    return Waits() - before;
  }
  uint64_t Waits() const {
    return base::TraceRingReader(half_, base::TraceRingReader::From::kNow)
        .waits()
        .waits;
  }

  const base::UniqueFd memory_ =
      *base::CreateMemory("heads", abi::kTraceHeadsBytes);
  const base::UniqueFd ring_ = *base::Half::Create(abi::kTraceRingBytes);
  std::shared_ptr<base::Half> half_;
  std::unique_ptr<base::TraceRoom> room_;
  std::optional<base::TraceHeadsWords> words_;
  uint64_t position_ = 0;
};

TEST_F(HostileHeads, BeyondWhatWasWrittenAreNotBelieved) {
  EXPECT_EQ(Write(kFits), 0u);
  for (const uint64_t head :
       {position_ + 1, position_ + 64, uint64_t{1} << 63, ~uint64_t{0}}) {
    Say(head);
    EXPECT_LE(Write(1), 1u);
  }
  EXPECT_EQ(Waits(), 1u);
  Say(position_);
  EXPECT_EQ(Write(kFits), 0u);
}

TEST_F(HostileHeads, ThatGoBackAreNotBelieved) {
  Write(kFits);
  Say(position_);
  Write(1);
  Say(0);
  EXPECT_EQ(Write(kFits - 1), 0u);
}

// However it creeps, an eighth of the ring costs one wait.
TEST_F(HostileHeads, ThatCreepCostOneWaitForAnEighthOfTheRing) {
  Write(kFits);
  EXPECT_EQ(Write(1), 1u);
  uint64_t waits = 0;
  uint64_t head = 0;
  for (; head < 4 * kEighth; head += 64) {
    Say(head);
    waits += Write(1);
  }
  EXPECT_GE(waits, 3u);
  EXPECT_LE(waits, 4u);
}

TEST_F(HostileHeads, OfAnotherRingInTheSlotAreNotItsOwn) {
  Write(kFits);
  words_->Begin(kSlot, kRing + 1);
  Say(position_);
  EXPECT_EQ(Write(kFits), 1u);
}

TEST_F(HostileHeads, ThatAreOverEndWaitingForGood) {
  Write(kFits);
  const base::TraceHeadsEnd end = *base::TraceHeadsEnd::Map(memory_.get());
  end.Say();
  EXPECT_EQ(Write(10 * kFits), 0u);
}

TEST_F(HostileHeads, InSlotsThatDoNotExistAreRefused) {
  for (const uint32_t slot : {0u, abi::kTraceHeads, ~0u})
    EXPECT_FALSE(base::TraceRoom::Map(
                     memory_.get(), {.slot = slot, .reserved = 0, .wait_ns = 1},
                     kRing, half_)
                     .ok());
}

}  // namespace
}  // namespace ipc
