// Tracing through the public API: who sees what, payload, filters, losses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "ipc/loan.h"
#include "ipc/trace.h"
#include "libipc/base/trace_clock.h"
#include "libipc/base/trace_ring.h"
#include "libipc/src/session_core.h"
#include "libipc/src/traced_ring.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

struct Seen {
  TraceRecord record;
  std::string payload;
  bool lost = false;
  bool Is(TraceKind kind) const {
    return record.kind == static_cast<uint16_t>(kind);
  }
};

class Tracing : public ::testing::Test {
 protected:
  Tracer Trace(const Capability& port, const TraceOptions& options = {},
               Rights more = 0) {
    return Must(Tracer::TracePort(
        Must(port.Duplicate(kRightTraceMeta | kRightTracePayload | more)),
        options));
  }
  // Sends so many messages from another process, and takes them here.
  void Pass(const Capability& port, uint32_t count,
            std::function<std::string(uint32_t)> payload) {
    Capability right = Must(port.Duplicate(kRightSend | kRightDuplicate));
    const InitialCapability initial[] = {{"port", &right}};
    auto peer = world_->StartPeer("talker", initial, [&](Session& session) {
      Sender sender = Must(Sender::Create(Must(session.Take("port"))));
      for (uint32_t i = 0; i < count; ++i)
        Must(sender.Send(payload(i), {.label = i}));
    });
    Receiver receiver =
        Must(Receiver::Create(Must(port.Duplicate(kRightReceive))));
    for (uint32_t i = 0; i < count; ++i) Must(receiver.Receive(Soon()));
    peer->Join();
  }
  static std::vector<Seen> All(Tracer& tracer) {
    std::vector<Seen> all;
    Must(tracer.Drain([&](const TraceSource& source, const TraceRecord& record,
                          const TracedPayload& payload) {
      if (source.process_id != 0)
        all.push_back(
            {record, std::string(TextOf(payload.bytes)), payload.lost});
    }));
    return all;
  }
  std::unique_ptr<World> world_ = World::Start();
  Capability port_ = world_->NewPort();
};

std::string Word(uint32_t number) { return "word " + std::to_string(number); }

TEST_F(Tracing, OfOnePortSeesNothingOfAnother) {
  Capability hidden = world_->NewPort();
  Tracer tracer = Trace(port_);
  Tracer of_hidden = Trace(hidden, {.level = TraceLevel::kPayload});
  Pass(port_, 20, Word);
  Pass(hidden, 30, Word);
  const uint64_t port = Must(port_.Info()).object_id;
  for (const Seen& seen : All(tracer)) EXPECT_EQ(seen.record.port, port);
  EXPECT_EQ(tracer.seen(), 40u);
  EXPECT_EQ(tracer.passed(), 0u);
  EXPECT_EQ(All(of_hidden).size(), 60u);
}

TEST_F(Tracing, TellsTheCounterThatARecordsWriterRead) {
  Tracer tracer = Trace(port_);
  Pass(port_, 20, Word);
  std::map<uint64_t, uint64_t> times;  // by the counter
  uint64_t count = 0;
  Must(tracer.Drain([&](const TraceSource&, const TraceRecord& record,
                        const TracedPayload& payload) {
    ++count;
    EXPECT_EQ(payload.ticks != 0, base::TracesInTicks());
    times[payload.ticks] = record.time_ns;
  }));
  EXPECT_EQ(count, 40u);
  if (!base::TracesInTicks()) return;
  uint64_t last_ns = 0;
  for (const auto& [ticks, ns] : times) {
    EXPECT_GE(ns, last_ns);
    last_ns = ns;
  }
}

// Nor by looking into the memory that it was given, whatever the library shows.
TEST_F(Tracing, GivesNoMemoryWithRecordsOfAnotherPort) {
  Capability hidden = world_->NewPort();
  Tracer of_hidden = Trace(hidden, {.level = TraceLevel::kPayload});
  SessionCore& core = *port_.session();
  const uint64_t tracing =
      core.Call(abi::Syscall::trace_port, port_.handle()).value(0);
  // One thread writes about both.
  Capability both[] = {Must(port_.Duplicate(kRightSend | kRightDuplicate)),
                       Must(hidden.Duplicate(kRightSend | kRightDuplicate))};
  const InitialCapability initial[] = {{"port", &both[0]},
                                       {"hidden", &both[1]}};
  auto peer = world_->StartPeer("talker", initial, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    Sender secret = Must(Sender::Create(Must(session.Take("hidden"))));
    for (int i = 0; i < 20; ++i) {
      Must(sender.Send("open"));
      Must(secret.Send("confidential"));
    }
  });
  peer->Join();
  EXPECT_THAT(All(of_hidden), ::testing::SizeIs(20));
  const uint64_t port = Must(port_.Info()).object_id;
  uint64_t after = 0;
  int rings = 0;
  while (true) {
    const Answer next = core.Call(abi::Syscall::trace_next, abi::kNoHandle,
                                  {.args = {after, tracing}});
    if (next.error() != Error::ok) break;
    after = next.value(0);
    ++rings;
    auto half = *base::Half::Map(next.descriptors.at(0).get(),
                                 abi::kTraceRingBytes, 0, base::Access::kRead);
    for (uint32_t at = 0; at < abi::kTraceRingBytes; at += 64) {
      TraceRecord record;
      std::memcpy(&record, half->ring() + at, sizeof(record));
      EXPECT_TRUE(record.port == port || record.port == 0) << record.port;
      EXPECT_NE(record.kind, static_cast<uint16_t>(TraceKind::payload));
    }
  }
  EXPECT_EQ(rings, 1);
}

TEST_F(Tracing, WithPayloadShowsWhatWasSentAndAnswered) {
  Tracer tracer = Trace(port_, {.level = TraceLevel::kPayload, .snaplen = 100});
  Tracer short_one =
      Trace(port_, {.level = TraceLevel::kPayload, .snaplen = 5});
  Tracer headers = Trace(port_);
  Capability right = Must(port_.Duplicate(kRightSend | kRightDuplicate));
  const InitialCapability initial[] = {{"port", &right}};
  const std::string long_text(300, 'q');
  auto peer = world_->StartPeer("caller", initial, [&](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    EXPECT_EQ(Must(sender.Call("question?")).text(), "the answer");
    Must(sender.Call(long_text));
  });
  Receiver receiver =
      Must(Receiver::Create(Must(port_.Duplicate(kRightReceive))));
  for (int i = 0; i < 2; ++i)
    Must(Must(receiver.Receive(Soon())).Reply("the answer"));
  peer->Join();
  std::vector<std::string> sent, answered, cut;
  for (const Seen& seen : All(tracer)) {
    EXPECT_FALSE(seen.lost);
    if (seen.Is(TraceKind::send)) sent.push_back(seen.payload);
    if (seen.Is(TraceKind::reply)) answered.push_back(seen.payload);
    if (seen.payload.size() == 100) {
      EXPECT_EQ(seen.record.payload_bytes, 300u);
    }
  }
  EXPECT_THAT(sent, ::testing::ElementsAre("question?", std::string(100, 'q')));
  EXPECT_THAT(answered, ::testing::ElementsAre("the answer", "the answer"));
  for (const Seen& seen : All(short_one))
    if (seen.Is(TraceKind::send)) cut.push_back(seen.payload);
  EXPECT_THAT(cut, ::testing::ElementsAre("quest", "qqqqq"));
  for (const Seen& seen : All(headers)) EXPECT_EQ(seen.payload, "");
  EXPECT_EQ(headers.seen(), 8u);
}

TEST_F(Tracing, WithPayloadShowsTheBeginningOfWhatIsLent) {
  Tracer tracer = Trace(port_, {.level = TraceLevel::kPayload, .snaplen = 10});
  Pass(port_, 3, [](uint32_t) { return "lent " + std::string(100'000, 'x'); });
  size_t sends = 0;
  for (const Seen& seen : All(tracer)) {
    if (!seen.Is(TraceKind::send)) continue;
    ++sends;
    EXPECT_EQ(seen.payload, "lent xxxxx");
    EXPECT_EQ(seen.record.payload_bytes, 100'005u);
  }
  EXPECT_EQ(sends, 3u);
}

std::string LongWord(uint32_t number) {
  std::string text;
  while (text.size() < 200) text += std::to_string(number) + ",";
  return text.substr(0, 200);
}

TEST_F(Tracing, SeenAndLostAddUpWithPayloadThatOverrunsItsRing) {
  constexpr uint32_t kMessages = 3'000;
  constexpr uint32_t kParts =
      (200 + abi::kTracePartBytes - 1) / abi::kTracePartBytes;
  Tracer tracer =
      Trace(port_, {.level = TraceLevel::kPayload, .snaplen = 1'000});
  Pass(port_, kMessages, LongWord);
  size_t whole = 0;
  for (const Seen& seen : All(tracer)) {
    if (!seen.Is(TraceKind::send) || seen.lost) continue;
    ++whole;
    EXPECT_EQ(seen.payload, LongWord(seen.record.label));
  }
  EXPECT_GT(whole, 500u);
  EXPECT_GT(tracer.lost(), 1'000u);
  EXPECT_EQ(tracer.seen() + tracer.lost(), kMessages * (2 + kParts));
}

// While it is being overrun: what is shown is one message's, or said to be
// lost.
// What the rings held before is neither seen nor lost, and times are ours.
TEST_F(Tracing, CountsNothingOfWhatWasBefore) {
  const Tracer first = Trace(port_);
  constexpr uint32_t kMany = 6'000;  // more than a ring holds
  Capability right = Must(port_.Duplicate(kRightSend | kRightDuplicate));
  Sender sender = Must(Sender::Create(std::move(right)));
  Receiver receiver = Must(Receiver::Create(Must(port_.Duplicate())));
  const auto pass = [&] {
    Must(sender.Send("x"));
    Must(receiver.Receive(Soon()));
  };
  for (uint32_t i = 0; i < kMany; ++i) pass();
  Tracer second = Trace(port_);
  const auto begin = static_cast<uint64_t>(base::NowNs());
  for (int i = 0; i < 10; ++i) pass();
  const auto end = static_cast<uint64_t>(base::NowNs());
  const std::vector<Seen> all = All(second);
  EXPECT_EQ(all.size(), 20u);
  EXPECT_EQ(second.lost(), 0u);
  constexpr uint64_t kError = 1'000;  // of one clock to the other
  for (const Seen& seen : all) {
    EXPECT_GE(seen.record.time_ns + kError, begin);
    EXPECT_LE(seen.record.time_ns, end + kError);
    EXPECT_LE(seen.record.interval_ns, end - begin + kError);
    EXPECT_EQ(seen.Is(TraceKind::receive), seen.record.interval_ns > 0);
  }
}

TEST_F(Tracing, NeverJoinsAPayloadWithAnothersParts) {
  constexpr uint32_t kMessages = 4'000;
  Tracer tracer =
      Trace(port_, {.level = TraceLevel::kPayload, .snaplen = 1'000});
  Capability right = Must(port_.Duplicate(kRightSend | kRightDuplicate));
  const InitialCapability initial[] = {{"port", &right}};
  auto peer = world_->StartPeer("talker", initial, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    for (uint32_t i = 0; i < kMessages; ++i)
      Must(sender.Send(LongWord(i), {.label = i}));
  });
  Receiver receiver =
      Must(Receiver::Create(Must(port_.Duplicate(kRightReceive))));
  const auto look = [&] {
    for (const Seen& seen : All(tracer)) {
      if (!seen.Is(TraceKind::send)) continue;
      const std::string said = LongWord(seen.record.label);
      EXPECT_EQ(seen.payload,
                seen.lost ? said.substr(0, seen.payload.size()) : said);
    }
  };
  for (uint32_t i = 0; i < kMessages; ++i) {
    Must(receiver.Receive(Soon()));
    if (i % 1'000 == 0) look();
  }
  peer->Join();
  look();
}

// A ring of a process of which some records are overwritten while it is read.
class TornRing {
 public:
  TornRing() {
    memory_ = *base::Half::Create(abi::kTraceRingBytes);
    half_ = *base::Half::Map(memory_.get(), abi::kTraceRingBytes, 1,
                             base::Access::kReadWrite);
  }
  void Append(uint32_t label, std::string_view payload) {
    if (writer_ == nullptr)
      writer_ = std::make_unique<base::TraceRingWriter>(half_);
    TraceRecord record = {};
    record.kind = static_cast<uint16_t>(TraceKind::send);
    record.label = label;
    writer_->Append(record, BytesOf(payload));
  }
  void Tear(size_t from, size_t count) {
    for (size_t i = from; i < from + count; ++i)
      std::memset(half_->ring() + i * sizeof(TraceRecord), 0, 8);
  }
  std::vector<Seen> Read() {
    std::vector<Seen> all;
    TracedRing ring(
        base::TraceRingReader(half_, base::TraceRingReader::From::kFirst));
    uint64_t seen = ring.Drain([&](const TracedRing::Traced& traced) {
      all.push_back({traced.record, std::string(TextOf(traced.payload.bytes)),
                     traced.payload.lost});
      records += traced.records;
    });
    records += seen + ring.lost();
    return all;
  }
  uint64_t records = 0;  // seen and lost

 private:
  base::UniqueFd memory_;
  std::shared_ptr<base::Half> half_;
  std::unique_ptr<base::TraceRingWriter> writer_;
};

TEST(TracedRings, NeverJoinAPayloadWithAnothersParts) {
  const std::string first(130, 'a');  // three parts
  const std::string second(130, 'b');
  for (size_t from = 0; from < 8; ++from) {
    for (size_t count = 0; from + count <= 8; ++count) {
      TornRing ring;
      ring.Append(1, first);
      ring.Append(2, second);
      ring.Tear(from, count);
      for (const Seen& seen : ring.Read()) {
        const std::string& whole = seen.record.label == 1 ? first : second;
        EXPECT_EQ(seen.payload, whole.substr(0, seen.payload.size()));
        EXPECT_TRUE(seen.lost || seen.payload == whole) << from << " " << count;
      }
      EXPECT_EQ(ring.records, 8u);
    }
  }
}

TEST_F(Tracing, OfASecretPortShowsNoPayload) {
  Capability secret = world_->NewPort({.secrecy = Secrecy::kSecret});
  EXPECT_EQ(Must(secret.Info()).rights & kRightTracePayload, 0u);
  EXPECT_FALSE(Tracer::TracePort(Must(secret.Duplicate(kRightTraceMeta)),
                                 {.level = TraceLevel::kPayload})
                   .ok());
  Tracer all = Must(Tracer::TraceAll(Must(world_->root().Take("kernel")),
                                     {.level = TraceLevel::kPayload}));
  Pass(secret, 3, Word);
  Pass(port_, 3, Word);
  const uint64_t hidden = Must(secret.Info()).object_id;
  size_t of_hidden = 0, shown = 0;
  for (const Seen& seen : All(all)) {
    if (seen.record.port == hidden) {
      ++of_hidden;
      EXPECT_EQ(seen.payload, "");
    } else if (!seen.payload.empty()) {
      ++shown;
    }
  }
  EXPECT_EQ(of_hidden, 6u);
  EXPECT_EQ(shown, 3u);
}

TEST_F(Tracing, IsOverWhenItsRightIsRevoked) {
  Tracer tracer = Trace(port_);
  Pass(port_, 5, Word);
  EXPECT_THAT(All(tracer), ::testing::SizeIs(10));
  Must(port_.Revoke());
  Pass(port_, 5, Word);
  uint64_t handed = 0;
  const auto sink = [&](const TraceSource&, const TraceRecord&) { ++handed; };
  EXPECT_EQ(ErrorOf(tracer.Drain(sink).status()), Error::revoked);
  EXPECT_EQ(ErrorOf(tracer.Drain(sink).status()), Error::revoked);
  EXPECT_EQ(handed, 0u);
}

TEST_F(Tracing, KeepsWholeFlowsOfWhichOneInSoManyIsTraced) {
  Tracer tracer = Trace(port_, {.one_in = 4});
  constexpr uint32_t kMessages = 400;
  Pass(port_, kMessages, Word);
  std::map<uint64_t, int> flows;
  for (const Seen& seen : All(tracer)) ++flows[seen.record.flow];
  EXPECT_GT(flows.size(), kMessages / 10);
  EXPECT_LT(flows.size(), kMessages / 2);
  for (const auto& [flow, records] : flows) EXPECT_EQ(records, 2) << flow;
  // The others were not written at all.
  EXPECT_EQ(tracer.seen(), 2 * flows.size());
}

TEST_F(Tracing, LeavesOutWhatIsSmallOrGoesTheOtherWay) {
  Tracer large = Trace(port_, {.bytes_min = 7});
  Pass(port_, 20, Word);  // "word 10" has seven
  EXPECT_THAT(All(large), ::testing::SizeIs(20));
  Tracer incoming = Trace(port_, {.directions = abi::kTraceIncoming});
  Pass(port_, 20, Word);
  const auto received = All(incoming);
  EXPECT_THAT(received, ::testing::SizeIs(20));
  for (const Seen& seen : received) EXPECT_TRUE(seen.Is(TraceKind::receive));
  // The other tracer's wishes were met as before.
  EXPECT_THAT(All(large), ::testing::SizeIs(20));
  EXPECT_GT(incoming.passed(), 0u);
}

// An answer has no label; it goes by that of its call.
TEST_F(Tracing, OfLabelsKeepsTheirCallsWithAllThatBelongsToThem) {
  Tracer tracer = Trace(port_, {.labels = {.first = 3, .last = 4}});
  Tracer other = Trace(port_, {.labels = {.first = 9, .last = 9}});
  Capability right = Must(port_.Duplicate(kRightSend | kRightDuplicate));
  const InitialCapability initial[] = {{"port", &right}};
  auto peer = world_->StartPeer("caller", initial, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    for (uint32_t label = 1; label <= 6; ++label)
      Must(sender.Call("call", {.label = label}));
  });
  Receiver receiver =
      Must(Receiver::Create(Must(port_.Duplicate(kRightReceive))));
  for (int i = 0; i < 6; ++i) Must(Must(receiver.Receive(Soon())).Reply("ok"));
  peer->Join();
  std::map<uint32_t, std::set<TraceKind>> kinds;
  for (const Seen& seen : All(tracer))
    kinds[seen.record.label].insert(static_cast<TraceKind>(seen.record.kind));
  const std::set<TraceKind> whole = {TraceKind::send, TraceKind::receive,
                                     TraceKind::reply, TraceKind::outcome};
  EXPECT_EQ(kinds,
            (std::map<uint32_t, std::set<TraceKind>>{{3, whole}, {4, whole}}));
  EXPECT_THAT(All(other), ::testing::IsEmpty());
  // Between what the two want more is written than either sees, from 3 to 9; no
  // record of the others.
  EXPECT_EQ(tracer.seen(), 16u);
}

TEST_F(Tracing, OfErrorsShowsCallsThatFailed) {
  Tracer tracer = Trace(port_, {.keeps = TraceKeeps::kErrors});
  Capability right = Must(port_.Duplicate(kRightSend | kRightDuplicate));
  const InitialCapability initial[] = {{"port", &right}};
  auto peer = world_->StartPeer("caller", initial, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    Must(sender.Call("good"));
    EXPECT_EQ(ErrorOf(sender.Call("bad").status()), Error::dropped);
  });
  Receiver receiver =
      Must(Receiver::Create(Must(port_.Duplicate(kRightReceive))));
  Must(Must(receiver.Receive(Soon())).Reply("fine"));
  Must(receiver.Receive(Soon()));
  peer->Join();
  std::multiset<uint16_t> kinds;
  for (const Seen& seen : All(tracer)) kinds.insert(seen.record.kind);
  EXPECT_THAT(kinds,
              ::testing::ElementsAre(static_cast<uint16_t>(TraceKind::outcome),
                                     static_cast<uint16_t>(TraceKind::drop)));
}

TEST_F(Tracing, IsSeenByWhoIsTraced) {
  Capability receives = Must(port_.Duplicate(kRightReceive));
  EXPECT_TRUE(Must(TracersOf(receives)).empty());
  {
    Tracer headers = Trace(port_);
    Tracer payload = Trace(port_, {.level = TraceLevel::kPayload});
    Tracer all = Must(Tracer::TraceAll(Must(world_->root().Take("kernel"))));
    const auto tracers = Must(TracersOf(receives));
    ASSERT_EQ(tracers.size(), 3u);
    EXPECT_EQ(tracers[0].process, world_->root().process_id());
    EXPECT_EQ(tracers[0].options, 0u);
    EXPECT_EQ(tracers[1].options, abi::kTraceWithPayload);
    EXPECT_EQ(tracers[2].everything, 1u);
  }
  EXPECT_TRUE(Must(TracersOf(receives)).empty());
}

TEST_F(Tracing, TellsInItsFactsWhoElseTraces) {
  Tracer all = Must(Tracer::TraceAll(Must(world_->root().Take("kernel"))));
  const uint64_t port = Must(port_.Info()).object_id;
  { Tracer payload = Trace(port_, {.level = TraceLevel::kPayload}); }
  Must(TracersOf(port_));  // behind the end
  std::vector<uint32_t> told;
  Must(all.Drain([&](const TraceSource& source, const TraceRecord& record) {
    if (record.kind != static_cast<uint16_t>(TraceKind::traced)) return;
    EXPECT_EQ(source.process_id, 0u);
    EXPECT_EQ(record.lane, world_->root().process_id());
    if (record.port == port) told.push_back(record.label);
  }));
  EXPECT_THAT(told,
              ::testing::ElementsAre(abi::kTracedBegins | abi::kTracedPayload,
                                     abi::kTracedEnds | abi::kTracedPayload));
}

// Somebody who may write about the port writes about others into its ring.
TEST_F(Tracing, PassesOverWhatAHostileWriterSaysOfOtherPorts) {
  Tracer tracer = Trace(port_);
  Capability right = Must(port_.Duplicate(kRightSend | kRightDuplicate));
  const InitialCapability initial[] = {{"port", &right}};
  auto peer = world_->StartPeer("liar", initial, [](Session& session) {
    SessionCore& core = *session.core();
    const Capability port = Must(session.Take("port"));
    const Answer lane = core.Call(abi::Syscall::port_connect, port.handle());
    abi::LaneGranted granted;
    ASSERT_TRUE(lane.Read(&granted));
    const uint64_t scope = granted.tracing.scopes[abi::kScopePort].id;
    const Answer grant = core.Call(abi::Syscall::trace_ring, abi::kNoHandle,
                                   {.args = {0, scope}});
    base::TraceRingWriter writer(
        *base::Half::Map(grant.descriptors.at(0).get(), abi::kTraceRingBytes,
                         grant.value(1), base::Access::kReadWrite));
    core.Call(abi::Syscall::trace_ring, abi::kNoHandle,
              {.options = abi::kTraceRingReady, .args = {grant.value(0)}});
    TraceRecord record = {};
    record.kind = static_cast<uint16_t>(TraceKind::send);
    record.time_ns = static_cast<uint64_t>(base::NowNs());
    record.port = granted.port_id + 1'000;
    writer.Append(record);
    // Parts of nothing, too many, and too large.
    abi::TracePayloadPart part = {};
    part.kind = static_cast<uint16_t>(TraceKind::payload);
    part.count = 0xffff;
    part.parts = ~0u;
    std::memcpy(&record, &part, sizeof(record));
    for (int i = 0; i < 3; ++i) writer.Append(record);
  });
  peer->Join();
  EXPECT_THAT(All(tracer), ::testing::SizeIs(0));
  EXPECT_EQ(tracer.seen(), 1u);
  EXPECT_EQ(tracer.passed(), 1u);
  // Nobody can tell those from parts whose record was overwritten.
  EXPECT_EQ(tracer.lost(), 3u);
}

}  // namespace
}  // namespace ipc
