// Rights to trace, narrowed: what is minted with limits never shows more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "ipc/flight.h"
#include "ipc/trace.h"
#include "libipc/base/trace_ring.h"
#include "libipc/src/session_core.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

class TraceLimitsTest : public ::testing::Test {
 protected:
  Capability Minted(const Capability& from, const TraceLimits& limits) {
    return Must(from.Mint({.trace_limits = limits}));
  }
  TraceLimits LimitsOf(const Capability& capability) {
    return Must(capability.Info()).trace_limits.value();
  }
  // A message of each label up to 9, all over one flow each.
  void Pass() {
    Capability right = Must(port_.Duplicate(kRightSend | kRightDuplicate));
    const InitialCapability initial[] = {{"port", &right}};
    auto peer = world_->StartPeer("talker", initial, [](Session& session) {
      Sender sender = Must(Sender::Create(Must(session.Take("port"))));
      for (uint32_t label = 0; label < 10; ++label)
        Must(sender.Send("confidential", {.label = label}));
    });
    Receiver receiver =
        Must(Receiver::Create(Must(port_.Duplicate(kRightReceive))));
    for (int i = 0; i < 10; ++i) Must(receiver.Receive(Soon()));
    peer->Join();
  }
  // What stands in the memory that a tracing of the root session is given.
  struct Found {
    std::set<uint32_t> labels;
    std::set<std::string> parts;  // of payloads
  };
  Found LookIntoRings(uint64_t tracing) {
    SessionCore& core = *world_->root().core();
    Found found;
    for (uint64_t after = 0;;) {
      const Answer next = core.Call(abi::Syscall::trace_next, abi::kNoHandle,
                                    {.args = {after, tracing}});
      if (next.error() != Error::ok) return found;
      after = next.value(0);
      if (next.value(1) == 0) continue;  // facts
      base::TraceRingReader(
          *base::Half::Map(next.descriptors.at(0).get(), abi::kTraceRingBytes,
                           0, base::Access::kRead),
          base::TraceRingReader::From::kOldest)
          .Drain([&](const TraceRecord& record) {
            if (record.kind != static_cast<uint16_t>(TraceKind::payload)) {
              found.labels.insert(record.label);
              return;
            }
            abi::TracePayloadPart part;
            std::memcpy(&part, &record, sizeof(part));
            found.parts.emplace(reinterpret_cast<const char*>(part.bytes),
                                part.count);
          });
    }
  }
  // Begins one with payload, as much as there is.
  uint64_t BeginTracing(abi::Syscall how, const Capability& right) {
    const abi::TraceFilter filter = {.snaplen = abi::kTraceSnapMax};
    const Answer begun = world_->root().core()->Call(
        how, right.handle(),
        {.options = abi::kTraceWithPayload,
         .payload = std::as_bytes(std::span(&filter, 1))});
    EXPECT_EQ(begun.error(), Error::ok);
    return begun.value(0);
  }
  std::unique_ptr<World> world_ = World::Start();
  Capability port_ = world_->NewPort();
};

TEST_F(TraceLimitsTest, CutDownWhatATracingAsksFor) {
  const TraceLimits limits = {
      .snaplen_max = 4, .label_first = 3, .label_last = 6, .rate_max = 1'000};
  Tracer tracer = Must(Tracer::TracePort(
      Minted(port_, limits),
      {.level = TraceLevel::kPayload, .snaplen = 100, .labels = {5, 9}}));
  EXPECT_EQ(
      tracer.filter(),
      (abi::TraceFilter{
          .snaplen = 4, .label_first = 5, .label_last = 6, .rate = 1'000}));
  Pass();
  std::set<uint32_t> labels;
  Must(tracer.Drain([&](const TraceSource&, const TraceRecord& record,
                        const TracedPayload& payload) {
    labels.insert(record.label);
    EXPECT_TRUE(payload.bytes.empty() || TextOf(payload.bytes) == "conf");
  }));
  EXPECT_THAT(labels, ::testing::ElementsAre(5, 6));
  // Nor was more written, for a library that looks by itself.
  EXPECT_EQ(tracer.seen(), 2u * 2 + 2);
}

// The library leaves out what others wanted; who reads the memory does not.
TEST_F(TraceLimitsTest, HoldForTheMemoryThatIsGivenWhoeverElseTraces) {
  const TraceLimits limits = {
      .snaplen_max = 4, .label_first = 3, .label_last = 6};
  const Capability kernel = Must(world_->root().Take("kernel"));
  const struct {
    abi::Syscall how;
    const Capability& whole;
  } kinds[] = {{abi::Syscall::trace_port, port_},
               {abi::Syscall::trace_all, kernel}};
  for (const auto& [how, whole] : kinds) {
    const Capability limited = Minted(whole, limits);
    const uint64_t first = BeginTracing(how, limited);
    const uint64_t all = BeginTracing(how, whole);
    const uint64_t second = BeginTracing(how, limited);
    Pass();
    for (const uint64_t tracing : {first, second}) {
      const Found found = LookIntoRings(tracing);
      EXPECT_THAT(found.labels, ::testing::ElementsAre(3, 4, 5, 6));
      EXPECT_THAT(found.parts, ::testing::ElementsAre("conf"));
    }
    const Found found = LookIntoRings(all);
    EXPECT_EQ(found.labels.size(), 10u);
    EXPECT_THAT(found.parts, ::testing::ElementsAre("confidential"));
  }
}

TEST_F(TraceLimitsTest, OfMoreKindsThanThereIsPlaceForAreRefusedWithASentence) {
  std::vector<Tracer> tracers;
  for (uint32_t i = 0; i < abi::kTraceLimitedMax; ++i)
    tracers.push_back(
        Must(Tracer::TracePort(Minted(port_, {.label_last = i}))));
  const absl::Status refused =
      Tracer::TracePort(Minted(port_, {.label_last = 100})).status();
  EXPECT_EQ(ErrorOf(refused), Error::quota_exceeded);
  EXPECT_THAT(refused.message(), ::testing::HasSubstr("other limits"));
}

TEST_F(TraceLimitsTest, OfARateKeepNoMoreFlows) {
  Tracer tracer =
      Must(Tracer::TracePort(Minted(port_, {.rate_max = 2}), {.rate = 3}));
  EXPECT_EQ(tracer.filter().rate, 2u);
  Pass();
  uint64_t sends = 0;
  Must(tracer.Drain([&](const TraceSource&, const TraceRecord& record) {
    sends += record.kind == static_cast<uint16_t>(TraceKind::send);
  }));
  EXPECT_GE(sends, 2u);
  EXPECT_LE(sends, 4u);  // of two seconds
}

TEST_F(TraceLimitsTest, ThatAllowNoneOfTheLabelsAskedForRefuse) {
  const Capability some = Minted(port_, {.label_first = 3, .label_last = 6});
  const absl::Status status =
      Tracer::TracePort(Must(some.Duplicate()), {.labels = {7, 9}}).status();
  EXPECT_EQ(ErrorOf(status), Error::out_of_range);
}

TEST_F(TraceLimitsTest, CanOnlyBeNarrowedFurther) {
  const Capability first =
      Minted(port_, {.snaplen_max = 50, .label_first = 3, .label_last = 6});
  const Capability second = Minted(
      first,
      {.snaplen_max = 90, .label_first = 0, .label_last = 4, .rate_max = 7});
  const TraceLimits both = {
      .snaplen_max = 50, .label_first = 3, .label_last = 4, .rate_max = 7};
  EXPECT_EQ(LimitsOf(second), both);
  EXPECT_EQ(LimitsOf(Minted(second, {})), both);
  EXPECT_EQ(LimitsOf(Minted(second, {.rate_max = 9})), both);
  EXPECT_EQ(ErrorOf(second
                        .Mint({.trace_limits = TraceLimits{.label_first = 5,
                                                           .label_last = 9}})
                        .status()),
            Error::invalid_args);
}

TEST_F(TraceLimitsTest, SurviveCopiesBadgesReplacementAndMoves) {
  const TraceLimits limits = {.snaplen_max = 5};
  Capability limited = Minted(port_, limits);
  EXPECT_EQ(LimitsOf(Must(limited.Duplicate())), limits);
  EXPECT_EQ(LimitsOf(Must(limited.Mint(kRightsSame, 9))), limits);
  Must(limited.Replace());
  EXPECT_EQ(LimitsOf(limited), limits);
  // To another process, by a message and at its start.
  Capability way = world_->NewPort();
  Capability given = Must(limited.Duplicate());
  Capability listens = Must(way.Duplicate(kRightReceive | kRightDuplicate));
  const InitialCapability initial[] = {{"given", &given}, {"way", &listens}};
  auto peer = world_->StartPeer("holder", initial, [&](Session& session) {
    EXPECT_EQ(Must(Must(session.Take("given")).Info()).trace_limits, limits);
    Receiver receiver = Must(Receiver::Create(Must(session.Take("way"))));
    Message message = Must(receiver.Receive(Soon()));
    auto moved = Must(message.TakeCapabilities());
    EXPECT_EQ(Must(moved.at(0).capability.Info()).trace_limits, limits);
    Must(message.Reply("seen"));
  });
  Sender sender = Must(Sender::Create(Must(way.Duplicate(kRightSend))));
  Capability moves[] = {std::move(limited)};
  Must(sender.Call("take this", {.capabilities = moves}));
  peer->Join();
  EXPECT_FALSE(Must(port_.Info()).trace_limits.has_value());
}

TEST_F(TraceLimitsTest, OfEverythingHoldForEachPortAndNotTheFlightRecorder) {
  Capability kernel = Must(world_->root().Take("kernel"));
  const Capability limited =
      Minted(kernel, {.label_first = 2, .label_last = 2});
  Tracer tracer = Must(Tracer::TraceAll(Must(limited.Duplicate())));
  Pass();
  uint64_t records = 0;
  Must(tracer.Drain([&](const TraceSource& source, const TraceRecord& record) {
    if (source.process_id == 0) return;
    ++records;
    EXPECT_EQ(record.label, 2u);
  }));
  EXPECT_EQ(records, 2u);
  EXPECT_EQ(ErrorOf(ReadFlights(
                limited, [](const FlightSource&) { return true; },
                [](const FlightLog&) {})),
            Error::access_denied);
}

TEST_F(TraceLimitsTest, AreOfPortsAndTheKernelObjectAndBounded) {
  const auto refusal = [&](const TraceLimits& limits) {
    return ErrorOf(port_.Mint({.trace_limits = limits}).status());
  };
  EXPECT_EQ(refusal({.snaplen_max = abi::kTraceSnapMax + 1}),
            Error::out_of_range);
  EXPECT_EQ(refusal({.rate_max = abi::kTraceRateMax + 1}), Error::out_of_range);
  EXPECT_EQ(refusal({.label_first = 2, .label_last = 1}), Error::invalid_args);
  EXPECT_EQ(
      ErrorOf(world_->account().Mint({.trace_limits = TraceLimits{}}).status()),
      Error::invalid_args);
}

}  // namespace
}  // namespace ipc
