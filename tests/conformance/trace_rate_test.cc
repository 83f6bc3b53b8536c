// Tracing at a rate: so many flows a second, whole, wherever they go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "ipc/trace.h"
#include "libipc/base/clock.h"
#include "tests/testing/world.h"

namespace ipc {
namespace {

using testing_kit::Must;
using testing_kit::Soon;
using testing_kit::World;

constexpr uint64_t kSecondNs = 1'000'000'000;
constexpr uint64_t kTickNs = 20'000'000;  // or less

class TraceRate : public ::testing::Test {
 protected:
  // Records of each flow, and how many seconds of the clock they lie in at
  // most: a rate goes by the coarse one, which lags by a tick.
  struct Flows {
    std::map<uint64_t, uint32_t> records;
    std::set<uint64_t> ids() const {
      std::set<uint64_t> ids;
      for (const auto& [id, count] : records) ids.insert(id);
      return ids;
    }
    uint64_t first_ns = UINT64_MAX;
    uint64_t last_ns = 0;
    uint64_t seconds() const {
      return last_ns / kSecondNs - (first_ns - kTickNs) / kSecondNs + 1;
    }
  };
  static Flows Read(Tracer& tracer) {
    Flows flows;
    Must(
        tracer.Drain([&](const TraceSource& source, const TraceRecord& record) {
          if (source.process_id == 0) return;
          ++flows.records[record.flow];
          flows.first_ns = std::min(flows.first_ns, record.time_ns);
          flows.last_ns = std::max(flows.last_ns, record.time_ns);
        }));
    return flows;
  }
  Tracer Trace(const TraceOptions& options) {
    return Must(Tracer::TracePort(Must(port_.Duplicate()), options));
  }
  // Another process sends so many messages in a burst.
  void Pass(uint32_t count) {
    Capability right = Must(port_.Duplicate(kRightSend | kRightDuplicate));
    const InitialCapability initial[] = {{"port", &right}};
    auto peer = world_->StartPeer("talker", initial, [&](Session& session) {
      Sender sender = Must(Sender::Create(Must(session.Take("port"))));
      for (uint32_t i = 0; i < count; ++i) Must(sender.Send("word"));
    });
    Receiver receiver =
        Must(Receiver::Create(Must(port_.Duplicate(kRightReceive))));
    for (uint32_t i = 0; i < count; ++i) Must(receiver.Receive(Soon()));
    peer->Join();
  }
  std::unique_ptr<World> world_ = World::Start();
  Capability port_ = world_->NewPort();
};

TEST_F(TraceRate, KeepsSoManyFlowsOfABurst) {
  constexpr uint32_t kRate = 50;
  Tracer tracer = Trace({.rate = kRate});
  Pass(1'500);
  const Flows flows = Read(tracer);
  EXPECT_GE(flows.records.size(), kRate);
  EXPECT_LE(flows.records.size(), kRate * flows.seconds());
  for (const auto& [flow, records] : flows.records)
    EXPECT_EQ(records, 2u) << flow;
  // The others were not written at all.
  EXPECT_EQ(tracer.seen(), 2 * flows.records.size());
  EXPECT_EQ(tracer.lost(), 0u);
}

TEST_F(TraceRate, BeginsAnewWithEachSecond) {
  constexpr uint32_t kRate = 3;
  Tracer tracer = Trace({.rate = kRate});
  Sender sender = Must(Sender::Create(Must(port_.Duplicate())));
  Receiver receiver = Must(Receiver::Create(Must(port_.Duplicate())));
  const auto now = [] { return static_cast<uint64_t>(base::NowNs()); };
  const uint64_t end_ns = now() + kSecondNs + kSecondNs / 10;
  while (now() < end_ns) {
    Must(sender.Send("word"));
    Must(receiver.Receive(Soon()));
  }
  const Flows flows = Read(tracer);
  EXPECT_GE(flows.records.size(), 2 * kRate);
  EXPECT_LE(flows.records.size(), 3 * kRate);
}

// A client calls a service that calls another.
TEST_F(TraceRate, KeepsWholeChainsThroughServices) {
  constexpr uint32_t kCalls = 300;
  constexpr uint32_t kRate = 20;
  Capability store = world_->NewPort();
  Tracer tracer = Must(
      Tracer::TraceAll(Must(world_->root().Take("kernel")), {.rate = kRate}));
  Capability front_rights[] = {Must(port_.Duplicate()),
                               Must(store.Duplicate())};
  const InitialCapability front_initial[] = {{"port", &front_rights[0]},
                                             {"store", &front_rights[1]}};
  auto front = world_->StartPeer("front", front_initial, [](Session& session) {
    Receiver receiver = Must(Receiver::Create(Must(session.Take("port"))));
    Sender sender = Must(Sender::Create(Must(session.Take("store"))));
    for (uint32_t i = 0; i < kCalls; ++i) {
      Message call = Must(receiver.Receive(Soon()));
      Must(sender.Call("get"));
      Must(call.Reply("got"));
    }
  });
  Capability right = Must(port_.Duplicate(kRightSend | kRightDuplicate));
  const InitialCapability initial[] = {{"port", &right}};
  auto client = world_->StartPeer("client", initial, [](Session& session) {
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    for (uint32_t i = 0; i < kCalls; ++i) Must(sender.Call("ask"));
  });
  Receiver receiver = Must(Receiver::Create(std::move(store)));
  for (uint32_t i = 0; i < kCalls; ++i)
    Must(Must(receiver.Receive(Soon())).Reply("here"));
  client->Join();
  front->Join();
  const Flows flows = Read(tracer);
  EXPECT_GE(flows.records.size(), kRate);
  EXPECT_LE(flows.records.size(), kRate * flows.seconds());
  for (const auto& [flow, records] : flows.records)
    EXPECT_EQ(records, 8u) << flow;
}

TEST_F(TraceRate, OfSeveralTracersKeepsForEachWhatItAsksFor) {
  Tracer few = Trace({.rate = 5});
  Tracer more = Trace({.rate = 40});
  Pass(500);
  const auto some = Read(few).ids();
  const auto others = Read(more).ids();
  EXPECT_GE(some.size(), 5u);
  EXPECT_GE(others.size(), 40u);
  EXPECT_TRUE(
      std::includes(others.begin(), others.end(), some.begin(), some.end()));
  EXPECT_EQ(few.seen(), 2 * others.size());
  // Beside one that wants everything.
  Tracer all = Trace({});
  Pass(500);
  EXPECT_EQ(Read(all).records.size(), 500u);
  EXPECT_GE(Read(few).records.size(), 5u);
  EXPECT_LE(few.seen() - few.passed(), 2 * 5 * 4u);
}

// They come from where nobody traces, so each thread counts for itself.
TEST_F(TraceRate, OfFlowsThatBeganElsewhereKeepsAsManyForEachThread) {
  constexpr uint32_t kMany = 400;
  constexpr uint32_t kRate = 10;
  Tracer tracer = Trace({.rate = kRate});
  Capability plain = world_->NewPort();
  Capability rights[] = {Must(plain.Duplicate(kRightReceive | kRightDuplicate)),
                         Must(port_.Duplicate(kRightSend | kRightDuplicate))};
  const InitialCapability initial[] = {{"plain", &rights[0]},
                                       {"port", &rights[1]}};
  auto relay = world_->StartPeer("relay", initial, [](Session& session) {
    Receiver receiver = Must(Receiver::Create(Must(session.Take("plain"))));
    Sender sender = Must(Sender::Create(Must(session.Take("port"))));
    for (uint32_t i = 0; i < kMany; ++i) {
      const Message message = Must(receiver.Receive(Soon()));
      Must(sender.Send("on"));
    }
  });
  Capability right = Must(plain.Duplicate(kRightSend | kRightDuplicate));
  const InitialCapability origin_initial[] = {{"plain", &right}};
  auto origin =
      world_->StartPeer("origin", origin_initial, [](Session& session) {
        Sender sender = Must(Sender::Create(Must(session.Take("plain"))));
        for (uint32_t i = 0; i < kMany; ++i) Must(sender.Send("off"));
      });
  Receiver receiver =
      Must(Receiver::Create(Must(port_.Duplicate(kRightReceive))));
  for (uint32_t i = 0; i < kMany; ++i) Must(receiver.Receive(Soon()));
  origin->Join();
  relay->Join();
  const Flows flows = Read(tracer);
  EXPECT_GE(flows.records.size(), kRate);
  EXPECT_LE(tracer.seen(), 2 * kRate * flows.seconds());
}

TEST_F(TraceRate, IsBounded) {
  const absl::Status status =
      Tracer::TracePort(Must(port_.Duplicate()),
                        {.rate = abi::kTraceRateMax + 1})
          .status();
  EXPECT_EQ(ErrorOf(status), Error::out_of_range);
  EXPECT_TRUE(
      Tracer::TracePort(Must(port_.Duplicate()), {.rate = abi::kTraceRateMax})
          .ok());
}

}  // namespace
}  // namespace ipc
