// The calls about tracing.
#include <fcntl.h>
#include <sys/stat.h>

#include "libipc/abi/trace.h"
#include "libipc/base/trace_heads.h"
#include "tests/conformance/traces.h"

namespace ipc {
namespace {

// ---- trace_ring

using TraceRing = Traces;

TEST_F(TraceRing, RefusesHandlesAndFieldsItDoesNotName) {
  ExpectDoor(Syscall::trace_ring, {.known_options = 3, .args = 2});
  for (const uint32_t step : {1u, 2u, 3u})
    EXPECT_EQ(
        ErrorOf(Syscall::trace_ring, 0, {.options = step, .args = {1, 1}}),
        Error::invalid_args);
  EXPECT_EQ(ErrorOf(Syscall::trace_ring, 0, {.args = {1}}),
            Error::invalid_args);
}

TEST_F(TraceRing, IsGrantedMadeReadyOnceAndEnded) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  Trace(port);
  const uint64_t scope = ScopeOf(*lane, abi::kScopePort);
  const Answer grant = Ring(root(), abi::kTraceRingGrant, 0, scope);
  ASSERT_EQ(grant.error(), Error::ok);
  EXPECT_EQ(grant.value(2), abi::kTraceRingBytes);
  auto half =
      base::Half::Map(grant.descriptors.at(0).get(), abi::kTraceRingBytes,
                      grant.value(1), base::Access::kReadWrite);
  EXPECT_TRUE(half.ok());
  const uint64_t ring = grant.value(0);
  EXPECT_EQ(Ring(root(), abi::kTraceRingReady, ring).error(), Error::ok);
  EXPECT_EQ(Ring(root(), abi::kTraceRingReady, ring).error(), Error::bad_state);
  EXPECT_EQ(Ring(root(), abi::kTraceRingEnd, ring).error(), Error::ok);
  EXPECT_EQ(Ring(root(), abi::kTraceRingEnd, ring).error(), Error::not_found);
}

TEST_F(TraceRing, OfAnotherSessionIsNotFound) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  Trace(port);
  const uint64_t ring = ReadyRing(root(), ScopeOf(*lane, abi::kScopePort));
  Other other = MakeOther(port);
  for (const auto step : {abi::kTraceRingReady, abi::kTraceRingEnd}) {
    EXPECT_EQ(Ring(other.core(), step, ring).error(), Error::not_found);
    EXPECT_EQ(Ring(root(), step, ring + 1).error(), Error::not_found);
  }
}

TEST_F(TraceRing, OfAScopeThatIsNotTracedIsNotFound) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  EXPECT_EQ(Ring(root(), abi::kTraceRingGrant).error(), Error::not_found);
  const uint64_t tracing = Trace(port);
  const uint64_t scope = ScopeOf(*lane, abi::kScopePort);
  EXPECT_EQ(Ring(root(), abi::kTraceRingGrant, 0, tracing).error(),
            Error::not_found);
  End(tracing);
  EXPECT_EQ(Ring(root(), abi::kTraceRingGrant, 0, scope).error(),
            Error::not_found);
}

// It could tell the tracer lies about a port that is none of its business.
TEST_F(TraceRing, OfAPortThatTheCallerDoesNotUseIsNotFound) {
  const Handle port = MakePort();
  Other stranger = MakeOther(port);
  auto lane = Connect(root(), port);
  Trace(port);
  const uint64_t scope = ScopeOf(*lane, abi::kScopePort);
  EXPECT_EQ(Ring(stranger.core(), abi::kTraceRingGrant, 0, scope).error(),
            Error::not_found);
  auto its = Connect(stranger.core(), stranger.handle);
  EXPECT_EQ(Ring(stranger.core(), abi::kTraceRingGrant, 0, scope).error(),
            Error::ok);
}

TEST_F(TraceRing, IsBoundedPerSession) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  const uint64_t tracing = Trace(port);
  const uint64_t scope = ScopeOf(*lane, abi::kScopePort);
  for (uint32_t i = 0; i < abi::kTraceRingsMax; ++i)
    ASSERT_EQ(Ring(root(), abi::kTraceRingGrant, 0, scope).error(), Error::ok);
  const Answer full = Ring(root(), abi::kTraceRingGrant, 0, scope);
  EXPECT_EQ(full.error(), Error::quota_exceeded);
  EXPECT_EQ(full.value(1), abi::kTraceRingsMax);
  // Those of a port that is traced no longer do not count.
  End(tracing);
  Trace(port);
  Told(*lane);
  EXPECT_EQ(
      Ring(root(), abi::kTraceRingGrant, 0, ScopeOf(*lane, abi::kScopePort))
          .error(),
      Error::ok);
}

// ---- trace_port

using TracePort = Traces;

TEST_F(TracePort, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::trace_port,
             {.known_options = 3, .args = 1, .payload = true});
}

TEST_F(TracePort, TellsTheLanesEndsOnAndOff) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  const Answer begun = Call(Syscall::trace_port, port);
  EXPECT_EQ(begun.value(1), IdOf(port));
  const abi::LaneTracing on = Told(*lane);
  EXPECT_EQ(on.on(), 1u << abi::kScopePort);
  abi::LaneGranted granted = {};
  Call(Syscall::port_connect, port).Read(&granted);
  EXPECT_EQ(granted.tracing, on);
  EXPECT_EQ(End(begun.value(0)), Error::ok);
  EXPECT_EQ(Told(*lane).on(), 0u);
  EXPECT_FALSE(lane->inbox.Has(abi::Event::lane_traced));
}

TEST_F(TracePort, ForPayloadTakesTheRightToIt) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  const Handle weak = Weaker(port, kRightsAll & ~kRightTracePayload);
  const Answer refused =
      Call(Syscall::trace_port, weak, {.options = abi::kTraceWithPayload});
  EXPECT_EQ(refused.error(), Error::access_denied);
  EXPECT_EQ(refused.value(0), kRightTracePayload);
  Trace(port, abi::kTraceWithPayload, {.snaplen = 64});
  const abi::LaneTracing told = Told(*lane);
  EXPECT_EQ(told.on(), 1u << abi::kScopePortPayload);
  EXPECT_EQ(told.scopes[abi::kScopePortPayload].filter.snaplen, 64u);
}

TEST_F(TracePort, OfASecretPortNeverHasPayload) {
  const Handle port = MakePort(abi::kPortSecret);
  auto lane = Connect(root(), port);
  EXPECT_EQ(Call(Syscall::handle_info, port).value(0) >> 32,
            kRightsAll & ~kRightTracePayload);
  EXPECT_EQ(
      ErrorOf(Syscall::handle_mint, port, {.args = {kRightTracePayload, 1}}),
      Error::invalid_args);
  EXPECT_EQ(Call(Syscall::trace_port, port, {.options = abi::kTraceWithPayload})
                .error(),
            Error::access_denied);
  // Nor for who may see all payload of everything.
  Begin(Syscall::trace_all, kernel_object(), abi::kTraceWithPayload,
        {.snaplen = 64});
  const abi::LaneTracing told = Told(*lane);
  EXPECT_EQ(told.on(), 1u << abi::kScopeAllPayload);
  EXPECT_EQ(told.scopes[abi::kScopeAllPayload].filter.snaplen, 0u);
}

TEST_F(TracePort, RefusesFiltersThatMakeNoSense) {
  const Handle port = MakePort();
  const auto refusal = [&](const abi::TraceFilter& filter, uint32_t options) {
    return Begin(Syscall::trace_port, port, options, filter).error();
  };
  EXPECT_EQ(refusal({.one_in = 0}, 0), Error::invalid_args);
  EXPECT_EQ(refusal({.directions = 0}, 0), Error::invalid_args);
  EXPECT_EQ(refusal({.directions = 4}, 0), Error::invalid_args);
  EXPECT_EQ(refusal({.errors_only = 2}, 0), Error::invalid_args);
  EXPECT_EQ(refusal({.label_first = 5, .label_last = 4}, 0),
            Error::invalid_args);
  EXPECT_EQ(refusal({.snaplen = 1}, 0), Error::invalid_args);
  EXPECT_EQ(refusal({.snaplen = abi::kTraceSnapMax + 1}, 1),
            Error::out_of_range);
  for (const size_t bytes : {size_t{1}, sizeof(abi::TraceFilter) - 1,
                             sizeof(abi::TraceFilter) + 1}) {
    const std::vector<std::byte> payload(bytes);
    EXPECT_EQ(ErrorOf(Syscall::trace_port, port, {.payload = payload}),
              Error::invalid_args);
  }
}

TEST_F(TracePort, LosslessTakesTheRightToItAndABoundedWait) {
  const Handle port = MakePort();
  const auto refusal = [&](Handle handle, uint32_t options, uint64_t wait_ns) {
    return Call(Syscall::trace_port, handle,
                {.options = options, .args = {wait_ns}});
  };
  const Handle weak = Weaker(port, kRightTraceMeta);
  const Answer denied =
      refusal(weak, abi::kTraceLossless | abi::kTraceWithPayload, 1);
  EXPECT_EQ(denied.error(), Error::access_denied);
  EXPECT_EQ(denied.value(0), kRightTraceStall | kRightTracePayload);
  EXPECT_EQ(refusal(weak, abi::kTraceLossless, 1).value(0), kRightTraceStall);
  EXPECT_EQ(refusal(port, 0, 1).error(), Error::invalid_args);
  for (const uint64_t wait_ns : {uint64_t{0}, abi::kTraceWaitMaxNs + 1}) {
    const Answer far = refusal(port, abi::kTraceLossless, wait_ns);
    EXPECT_EQ(far.error(), Error::out_of_range);
    EXPECT_EQ(far.value(1), abi::kTraceWaitMaxNs);
  }
  EXPECT_EQ(refusal(port, abi::kTraceLossless, 1).error(), Error::ok);
  EXPECT_EQ(refusal(port, abi::kTraceLossless, 1).error(), Error::bad_state);
  EXPECT_EQ(
      refusal(port, abi::kTraceLossless | abi::kTraceWithPayload, 1).error(),
      Error::ok);
}

TEST_F(TracePort, OfSeveralTracersTellsTheUnionOfTheirFilters) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  Trace(port, 1,
        {.snaplen = 8,
         .one_in = 6,
         .bytes_min = 100,
         .directions = abi::kTraceOutgoing,
         .errors_only = 1,
         .label_first = 7,
         .label_last = 9});
  Told(*lane);
  const uint64_t second = Trace(port, 1,
                                {.snaplen = 64,
                                 .one_in = 4,
                                 .bytes_min = 10,
                                 .directions = abi::kTraceIncoming,
                                 .errors_only = 0,
                                 .label_first = 4,
                                 .label_last = 8});
  const abi::TraceFilter both =
      Told(*lane).scopes[abi::kScopePortPayload].filter;
  EXPECT_EQ(both, (abi::TraceFilter{.snaplen = 64,
                                    .one_in = 2,
                                    .bytes_min = 10,
                                    .label_first = 4,
                                    .label_last = 9}));
  End(second);
  EXPECT_EQ(Told(*lane).scopes[abi::kScopePortPayload].filter.snaplen, 8u);
}

TEST_F(TracePort, EndsWithTheTracersSession) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  Other tracer = MakeOther(port);
  tracer.core().Call(Syscall::trace_port, tracer.handle);
  EXPECT_EQ(Told(*lane).on(), 1u);
  tracer.session.Close();
  EXPECT_EQ(Told(*lane).on(), 0u);
}

TEST_F(TracePort, EndsWhenTheRightToItIsRevoked) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  const Handle lent = Weaker(port, kRightTraceMeta | kRightDuplicate);
  const uint64_t tracing = Trace(lent);
  const uint64_t ring = ReadyRing(root(), ScopeOf(*lane, abi::kScopePort));
  EXPECT_THAT(Visible(tracing), ::testing::ElementsAre(ring));
  Call(Syscall::handle_revoke, port);
  EXPECT_EQ(Told(*lane).on(), 0u);
  EXPECT_EQ(Next(tracing).error(), Error::revoked);
  EXPECT_EQ(End(tracing), Error::ok);
}

TEST_F(TracePort, EndsWhenItsHandleIsClosed) {
  const Handle port = MakePort();
  const Handle lent = Weaker(port, kRightTraceMeta);
  const uint64_t tracing = Trace(lent);
  Call(Syscall::handle_close, lent);
  EXPECT_EQ(Next(tracing).error(), Error::canceled);
}

// Who has mapped a ring could read on in it for ever.
TEST_F(TracePort, OfTheOthersGoesOnInRingsThatWhoLeftHasNotSeen) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  const uint64_t stays = Trace(port);
  const uint64_t leaves = Trace(port);
  const uint64_t before = ScopeOf(*lane, abi::kScopePort);
  const uint64_t old = ReadyRing(root(), before);
  End(leaves);
  const uint64_t after = ScopeOf(*lane, abi::kScopePort);
  EXPECT_NE(after, before);
  EXPECT_EQ(Ring(root(), abi::kTraceRingGrant, 0, before).error(),
            Error::not_found);
  const uint64_t fresh = ReadyRing(root(), after);
  EXPECT_THAT(Visible(stays), ::testing::ElementsAre(old, fresh));
}

TEST_F(TracePort, IsBoundedPerSession) {
  const Handle port = MakePort();
  for (uint32_t i = 0; i < abi::kTracingsMax; ++i)
    ASSERT_EQ(ErrorOf(Syscall::trace_port, port), Error::ok);
  const Answer full = Call(Syscall::trace_port, port);
  EXPECT_EQ(full.error(), Error::quota_exceeded);
  EXPECT_EQ(full.value(1), abi::kTracingsMax);
}

// ---- trace_all

using TraceAll = Traces;

TEST_F(TraceAll, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::trace_all,
             {.known_options = 3, .args = 1, .payload = true});
}

TEST_F(TraceAll, CoversEveryPort) {
  auto first = Connect(root(), MakePort());
  auto second = Connect(root(), MakePort());
  const uint64_t tracing = TraceEverything();
  EXPECT_EQ(Told(*first).on(), 1u << abi::kScopeAll);
  EXPECT_EQ(Told(*second).on(), 1u << abi::kScopeAll);
  EXPECT_EQ(End(tracing), Error::ok);
  EXPECT_EQ(Told(*first).on(), 0u);
}

TEST_F(TraceAll, IsAScopeBesideThoseOfPorts) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  const uint64_t one = Trace(port);
  Told(*lane);
  const uint64_t all = TraceEverything();
  const abi::LaneTracing told = Told(*lane);
  EXPECT_EQ(told.on(), 1u << abi::kScopePort | 1u << abi::kScopeAll);
  const uint64_t of_port = ReadyRing(root(), told.scopes[abi::kScopePort].id);
  const uint64_t of_all = ReadyRing(root(), told.scopes[abi::kScopeAll].id);
  EXPECT_THAT(Visible(one), ::testing::ElementsAre(of_port));
  EXPECT_THAT(Visible(all), ::testing::Contains(of_all));
  EXPECT_THAT(Visible(all), ::testing::Not(::testing::Contains(of_port)));
}

// ---- trace_ready

class TraceReady : public Traces {
 protected:
  Answer Lossless(Handle port, uint64_t wait_ns = 1'000) {
    return Call(Syscall::trace_port, port,
                {.options = abi::kTraceLossless, .args = {wait_ns}});
  }
  Error Ready(uint64_t tracing) {
    return ErrorOf(Syscall::trace_ready, abi::kNoHandle, {.args = {tracing}});
  }
};

TEST_F(TraceReady, RefusesHandlesAndFieldsItDoesNotName) {
  ExpectDoor(Syscall::trace_ready, {.args = 1});
}

TEST_F(TraceReady, IsForLosslessTracingsOfTheCallerOnceEach) {
  const Handle port = MakePort();
  EXPECT_EQ(Ready(Trace(port)), Error::bad_state);
  const uint64_t tracing = Lossless(port).value(0);
  Other other = MakeOther(port);
  EXPECT_EQ(other.core()
                .Call(Syscall::trace_ready, abi::kNoHandle, {.args = {tracing}})
                .error(),
            Error::not_found);
  EXPECT_EQ(Ready(tracing), Error::ok);
  EXPECT_EQ(Ready(tracing), Error::bad_state);
  End(tracing);
  EXPECT_EQ(Ready(tracing), Error::not_found);
}

TEST_F(TraceReady, OfOneThatIsOverIsRefused) {
  const Handle port = MakePort();
  const Handle lent = Weaker(port, kRightTraceMeta | kRightTraceStall);
  const uint64_t tracing = Lossless(lent).value(0);
  Call(Syscall::handle_close, lent);
  EXPECT_EQ(Ready(tracing), Error::bad_state);
}

TEST_F(TraceReady, GivesHeadsToThoseWhoWriteFromThenOn) {
  const Handle port = MakePort();
  Other user = MakeOther(port);
  auto lane = Connect(user.core(), user.handle);
  auto own = Connect(root(), port);
  const Answer begun = Lossless(port, 5'000);
  ASSERT_EQ(begun.error(), Error::ok);
  ASSERT_EQ(begun.descriptors.size(), 1u);
  const auto heads = base::TraceHeadsWords::Map(begun.descriptors[0].get());
  EXPECT_TRUE(heads.ok());
  const auto grant = [&](SessionCore& core, uint64_t scope) {
    return Ring(core, abi::kTraceRingGrant, 0, scope);
  };
  const Answer early = grant(user.core(), ScopeOf(*lane, abi::kScopePort));
  EXPECT_EQ(early.descriptors.size(), 1u);
  EXPECT_EQ(Ready(begun.value(0)), Error::ok);
  const uint64_t scope = ScopeOf(*lane, abi::kScopePort);
  const Answer late = grant(user.core(), scope);
  ASSERT_EQ(late.descriptors.size(), 2u);
  abi::TraceRingWaits waits;
  ASSERT_TRUE(late.Read(&waits));
  EXPECT_EQ(waits.wait_ns, 5'000u);
  // No writer writes there, however it opens it.
  const std::string path =
      "/proc/self/fd/" + std::to_string(late.descriptors[1].get());
  const base::UniqueFd again(open(path.c_str(), O_RDWR | O_CLOEXEC));
  for (const int fd : {late.descriptors[1].get(), again.get()})
    EXPECT_FALSE(base::TraceHeadsWords::Map(fd).ok());
  // The tracer is told of the slot; it does not wait for itself.
  Ring(user.core(), abi::kTraceRingReady, late.value(0));
  EXPECT_EQ(Next(begun.value(0)).value(2) >> 32, waits.slot);
  EXPECT_EQ(grant(root(), scope).descriptors.size(), 1u);
}

TEST_F(TraceReady, HasSlotsForSoManyRingsAndReusesThoseOfEndedOnes) {
  const Handle port = MakePort();
  std::vector<std::unique_ptr<Other>> users;
  uint64_t scope = 0;
  uint32_t with_slots = 0;
  const Answer begun = Lossless(port);
  Ready(begun.value(0));
  const auto take = [&](SessionCore& core) {
    const Answer grant = Ring(core, abi::kTraceRingGrant, 0, scope);
    EXPECT_EQ(grant.error(), Error::ok);
    with_slots += grant.descriptors.size() == 2;
    return grant.value(0);
  };
  uint64_t last = 0;
  for (uint32_t rings = 0; rings < abi::kTraceHeads;) {
    users.push_back(std::make_unique<Other>(MakeOther(port)));
    Other& user = *users.back();
    auto lane = Connect(user.core(), user.handle);
    abi::LaneGranted granted = {};
    lane->answer.Read(&granted);
    scope = granted.tracing.scopes[abi::kScopePort].id;
    for (uint32_t i = 0; i < abi::kTraceRingsMax; ++i, ++rings)
      last = take(user.core());
  }
  EXPECT_EQ(with_slots, abi::kTraceHeads - 1);
  Ring(users.back()->core(), abi::kTraceRingEnd, last);
  take(users.back()->core());
  EXPECT_EQ(with_slots, abi::kTraceHeads - 1);
  for (const uint64_t ring : {last - 1, last - 2})
    Ring(users.back()->core(), abi::kTraceRingEnd, ring);
  take(users.back()->core());
  EXPECT_EQ(with_slots, abi::kTraceHeads);
}

// ---- trace_end

using TraceEnd = Traces;

TEST_F(TraceEnd, RefusesHandlesAndFieldsItDoesNotName) {
  ExpectDoor(Syscall::trace_end, {.args = 1});
}

TEST_F(TraceEnd, OfAnothersTracingFindsNothing) {
  const uint64_t tracing = TraceEverything();
  Other other = MakeOther(MakePort());
  EXPECT_EQ(other.core()
                .Call(Syscall::trace_end, abi::kNoHandle, {.args = {tracing}})
                .error(),
            Error::not_found);
  EXPECT_EQ(End(tracing), Error::ok);
  EXPECT_EQ(End(tracing), Error::not_found);
}

// ---- port_tracers

using PortTracers = Traces;

TEST_F(PortTracers, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::port_tracers, {});
}

TEST_F(PortTracers, CountsAllAndShowsSoMany) {
  const Handle port = MakePort();
  Other second = MakeOther(port);
  Other third = MakeOther(port);
  for (uint32_t i = 0; i < abi::kTracingsMax; ++i) {
    Trace(port);
    for (Other* other : {&second, &third})
      other->core().Call(Syscall::trace_port, other->handle);
  }
  const Answer answer = Call(Syscall::port_tracers, port);
  EXPECT_EQ(answer.value(0), 3 * abi::kTracingsMax);
  EXPECT_EQ(answer.payload.size(),
            abi::kTracersShown * sizeof(abi::TracerEntry));
}

// ---- trace_next

using TraceNext = Traces;

TEST_F(TraceNext, RefusesHandlesAndFieldsItDoesNotName) {
  ExpectDoor(Syscall::trace_next, {.args = 2});
}

TEST_F(TraceNext, GivesNothingForATracingThatIsNotTheCallers) {
  const uint64_t tracing = TraceEverything();
  EXPECT_EQ(Next(tracing + 1).error(), Error::invalid_args);
  Other other = MakeOther(MakePort());
  EXPECT_EQ(
      other.core()
          .Call(Syscall::trace_next, abi::kNoHandle, {.args = {0, tracing}})
          .error(),
      Error::invalid_args);
}

TEST_F(TraceNext, GivesTheRingsOfItsPortOnly) {
  const Handle port = MakePort();
  const Handle secret = MakePort();
  Other user = MakeOther(port);
  auto lane = Connect(user.core(), user.handle);
  auto hidden = Connect(root(), secret);
  const uint64_t tracing = Trace(port);
  const uint64_t elsewhere = Trace(secret);
  const uint64_t scope = ScopeOf(*lane, abi::kScopePort);
  const uint64_t ring = ReadyRing(user.core(), scope);
  Ring(user.core(), abi::kTraceRingGrant, 0, scope);  // not ready: not shown
  const uint64_t other = ReadyRing(root(), ScopeOf(*hidden, abi::kScopePort));
  const Answer next = Next(tracing);
  ASSERT_EQ(next.error(), Error::ok);
  EXPECT_EQ(next.value(1), user.core().process_id());
  EXPECT_EQ(next.value(3), ring);
  EXPECT_EQ(TextOf(std::as_bytes(std::span(next.payload))), "other");
  EXPECT_EQ(next.descriptors.size(), 1u);
  EXPECT_EQ(Next(tracing, next.value(0)).error(), Error::not_found);
  EXPECT_THAT(Visible(elsewhere), ::testing::ElementsAre(other));
}

TEST_F(TraceNext, GivesRingsWithPayloadToWhoMaySeeItOnly) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  const uint64_t headers = Trace(port);
  Told(*lane);
  const uint64_t payload = Trace(port, abi::kTraceWithPayload, {.snaplen = 8});
  const abi::LaneTracing told = Told(*lane);
  const uint64_t plain = ReadyRing(root(), told.scopes[abi::kScopePort].id);
  const uint64_t rich =
      ReadyRing(root(), told.scopes[abi::kScopePortPayload].id);
  EXPECT_THAT(Visible(headers), ::testing::ElementsAre(plain));
  EXPECT_THAT(Visible(payload), ::testing::ElementsAre(rich));
}

TEST_F(TraceNext, ShowsARingThatIsReadyLaterThanOthersAfterIt) {
  const Handle port = MakePort();
  Other slow = MakeOther(port);
  Other quick = MakeOther(port);
  auto slows = Connect(slow.core(), slow.handle);
  auto quicks = Connect(quick.core(), quick.handle);
  const uint64_t tracing = Trace(port);
  const uint64_t scope = ScopeOf(*slows, abi::kScopePort);
  const uint64_t first =
      Ring(slow.core(), abi::kTraceRingGrant, 0, scope).value(0);
  const uint64_t second = ReadyRing(quick.core(), scope);
  Answer next = Next(tracing);
  EXPECT_EQ(next.value(3), second);
  Ring(slow.core(), abi::kTraceRingReady, first);
  next = Next(tracing, next.value(0));
  ASSERT_EQ(next.error(), Error::ok);
  EXPECT_EQ(next.value(3), first);
}

// As root all may be opened: this can fail for other users only.
TEST_F(TraceNext, GivesRingsThatTheirWriterWouldForbidToRead) {
  const Handle port = MakePort();
  Other hostile = MakeOther(port);
  auto lane = Connect(hostile.core(), hostile.handle);
  const uint64_t tracing = Trace(port);
  const Answer grant = Ring(hostile.core(), abi::kTraceRingGrant, 0,
                            ScopeOf(*lane, abi::kScopePort));
  ASSERT_EQ(fchmod(grant.descriptors.at(0).get(), 0), 0);
  Ring(hostile.core(), abi::kTraceRingReady, grant.value(0));
  const Answer next = Next(tracing);
  ASSERT_EQ(next.error(), Error::ok);
  EXPECT_EQ(next.value(3), grant.value(0));
  EXPECT_TRUE(base::Mapping::Map(next.descriptors.at(0).get(), 0, 4096,
                                 base::Access::kRead)
                  .ok());
  EXPECT_FALSE(base::Mapping::Map(next.descriptors.at(0).get(), 0, 4096,
                                  base::Access::kReadWrite)
                   .ok());
}

TEST_F(TraceNext, ShowsTheKernelsFactsToWhoTracesEverything) {
  const Handle port = MakePort();
  const uint64_t one = Trace(port);
  const uint64_t all = TraceEverything();
  EXPECT_EQ(Next(all).value(1), 0u);
  EXPECT_EQ(Next(one).error(), Error::not_found);
  // Who stops has seen the last of them.
  const uint64_t too = TraceEverything();
  End(all);
  EXPECT_EQ(Visible(too).size(), 2u);
}

TEST_F(TraceNext, KeepsTheRingsOfTheDeadWhileSomebodyTraces) {
  const Handle port = MakePort();
  Other user = MakeOther(port);
  auto lane = Connect(user.core(), user.handle);
  const uint64_t tracing = Trace(port);
  const uint64_t ring = ReadyRing(user.core(), ScopeOf(*lane, abi::kScopePort));
  user.session.Close();
  EXPECT_THAT(Visible(tracing), ::testing::ElementsAre(ring));
  End(tracing);
  EXPECT_EQ(Visible(Trace(port)).size(), 0u);
}

}  // namespace
}  // namespace ipc
