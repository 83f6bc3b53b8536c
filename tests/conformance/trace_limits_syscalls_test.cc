// The calls about tracing, with capabilities that have limits: each kind of
// limits is a scope of its own, so that nobody's rings hold more.
#include "tests/conformance/traces.h"

namespace ipc {
namespace {

class LimitedTraces : public Traces {
 protected:
  Handle Limited(Handle from, const abi::TraceLimits& limits) {
    const Answer minted = Call(Syscall::handle_mint, from,
                               {.args = {kRightsSame, 0},
                                .payload = PayloadBytes().Add(limits).bytes()});
    EXPECT_EQ(minted.error(), Error::ok);
    return static_cast<Handle>(minted.value(0));
  }
  // Labels up to this one.
  Handle UpTo(Handle from, uint32_t label) {
    return Limited(from, {.label_last = label});
  }
  Error ErrorOfTrace(Handle port, uint32_t options = 0, uint64_t wait_ns = 0) {
    return ErrorOf(Syscall::trace_port, port,
                   {.options = options, .args = {wait_ns}});
  }
  static constexpr uint32_t kFirst = abi::kScopePortLimited;
};

TEST_F(LimitedTraces, HaveRingsOfTheirOwnBesideThoseWithoutLimits) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  const uint64_t limited = Trace(UpTo(port, 3));
  EXPECT_EQ(Told(*lane).on(), 1u << kFirst);
  const uint64_t all = Trace(port);
  const abi::LaneTracing told = Told(*lane);
  EXPECT_EQ(told.on(), 1u << kFirst | 1u << abi::kScopePort);
  EXPECT_EQ(told.scopes[kFirst].filter.label_last, 3u);
  EXPECT_EQ(told.scopes[abi::kScopePort].filter.label_last, UINT32_MAX);
  const uint64_t narrow = ReadyRing(root(), told.scopes[kFirst].id);
  const uint64_t wide = ReadyRing(root(), told.scopes[abi::kScopePort].id);
  EXPECT_THAT(Visible(limited), ::testing::ElementsAre(narrow));
  EXPECT_THAT(Visible(all), ::testing::ElementsAre(wide));
}

TEST_F(LimitedTraces, ShareAScopeWhereTheLimitsAreTheSame) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  const Handle limited = UpTo(port, 3);
  Trace(limited, 0, {.label_last = 1});
  const abi::LaneScope first = Told(*lane).scopes[kFirst];
  EXPECT_EQ(first.filter.label_last, 1u);
  Trace(UpTo(port, 3));
  const abi::LaneTracing both = Told(*lane);
  EXPECT_EQ(both.on(), 1u << kFirst);
  EXPECT_EQ(both.scopes[kFirst].id, first.id);
  EXPECT_EQ(both.scopes[kFirst].filter.label_last, 3u);
  // With payload it takes another right, so that is another one.
  Trace(limited, abi::kTraceWithPayload, {.snaplen = 8});
  EXPECT_EQ(Told(*lane).on(), 1u << kFirst | 1u << (kFirst + 1));
}

TEST_F(LimitedTraces, ThatLimitNothingOfWhatIsTracedShareThePlainScope) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  Trace(Limited(port, {}));
  EXPECT_EQ(Told(*lane).on(), 1u << abi::kScopePort);
  const Handle short_payload = Limited(port, {.snaplen_max = 5});
  const uint64_t headers = Trace(short_payload);
  EXPECT_FALSE(lane->inbox.Has(abi::Event::lane_traced));
  EXPECT_EQ(Visible(headers).size(), 0u);
  Trace(short_payload, abi::kTraceWithPayload, {.snaplen = 8});
  const abi::LaneTracing told = Told(*lane);
  EXPECT_EQ(told.on(), 1u << abi::kScopePort | 1u << kFirst);
  EXPECT_EQ(told.scopes[kFirst].filter.snaplen, 5u);
}

TEST_F(LimitedTraces, OfSoManyKindsOfLimitsAreAtOneTime) {
  const Handle port = MakePort();
  const Handle other = MakePort();
  auto lane = Connect(root(), port);
  std::vector<uint64_t> tracings;
  for (uint32_t i = 0; i < abi::kTraceLimitedMax; ++i) {
    tracings.push_back(Trace(UpTo(port, i)));
    EXPECT_EQ(Told(*lane).on(), ((2u << i) - 1) << kFirst);
  }
  const Handle more = UpTo(port, 100);
  const Answer refused = Call(Syscall::trace_port, more);
  EXPECT_EQ(refused.error(), Error::quota_exceeded);
  EXPECT_EQ(refused.value(0), abi::kTraceLimitedMax);
  // Nobody else is: not of these limits, nor without, nor of another port.
  EXPECT_EQ(ErrorOfTrace(UpTo(port, 2)), Error::ok);
  EXPECT_EQ(ErrorOfTrace(port), Error::ok);
  EXPECT_EQ(ErrorOfTrace(UpTo(other, 100)), Error::ok);
  End(tracings[1]);
  EXPECT_EQ(ErrorOfTrace(more), Error::ok);
  while (true) {
    const abi::LaneTracing told = Told(*lane);
    if (told.scopes[kFirst + 1].filter.label_last == 100) break;
  }
}

TEST_F(LimitedTraces, OfEverythingHavePlacesOfTheirOwn) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  const Answer begun = Call(Syscall::trace_all, UpTo(kernel_object(), 3));
  ASSERT_EQ(begun.error(), Error::ok);
  const abi::LaneTracing told = Told(*lane);
  EXPECT_EQ(told.on(), 1u << abi::kScopeAllLimited);
  EXPECT_EQ(told.scopes[abi::kScopeAllLimited].filter.label_last, 3u);
}

TEST_F(LimitedTraces, OfEverythingShowNoPayloadOfSecretPorts) {
  const Handle port = MakePort(abi::kPortSecret);
  auto lane = Connect(root(), port);
  const abi::TraceFilter filter = {.snaplen = 8};
  ASSERT_EQ(Begin(Syscall::trace_all, UpTo(kernel_object(), 3),
                  abi::kTraceWithPayload, filter)
                .error(),
            Error::ok);
  const abi::LaneTracing told = Told(*lane);
  EXPECT_EQ(told.on(), 1u << abi::kScopeAllLimited);
  EXPECT_EQ(told.scopes[abi::kScopeAllLimited].filter.snaplen, 0u);
}

// Else who is traced would wait for one tracer more with each kind.
TEST_F(LimitedTraces, AreNoWayToOneMoreLosslessTracing) {
  const Handle port = MakePort();
  EXPECT_EQ(ErrorOfTrace(port, abi::kTraceLossless, 1'000), Error::ok);
  EXPECT_EQ(ErrorOfTrace(UpTo(port, 3), abi::kTraceLossless, 1'000),
            Error::bad_state);
}

}  // namespace
}  // namespace ipc
