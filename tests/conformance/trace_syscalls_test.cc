// The calls about tracing.
#include <sys/stat.h>

#include "libipc/abi/trace.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

class Traces : public Syscalls {
 protected:
  static Answer Ring(SessionCore& core, abi::TraceRingStep step,
                     uint64_t ring = 0) {
    return core.Call(Syscall::trace_ring, abi::kNoHandle,
                     {.options = step, .args = {ring}});
  }
  static uint64_t ReadyRing(SessionCore& core) {
    const uint64_t ring = Ring(core, abi::kTraceRingGrant).value(0);
    EXPECT_EQ(Ring(core, abi::kTraceRingReady, ring).error(), Error::ok);
    return ring;
  }
  Answer Next(uint64_t after) {
    return Call(Syscall::trace_next, abi::kNoHandle, {.args = {after}});
  }
  // Process ids of the rings that the root session sees.
  std::vector<uint64_t> Visible() {
    std::vector<uint64_t> processes;
    uint64_t after = 0;
    while (true) {
      const Answer next = Next(after);
      if (next.error() != Error::ok) return processes;
      processes.push_back(next.value(1));
      after = next.value(0);
    }
  }
};

// ---- trace_ring

using TraceRing = Traces;

TEST_F(TraceRing, RefusesHandlesAndFieldsItDoesNotName) {
  ExpectDoor(Syscall::trace_ring, {.known_options = 3, .args = 1});
  EXPECT_EQ(ErrorOf(Syscall::trace_ring, 0, {.options = 3}),
            Error::invalid_args);
  EXPECT_EQ(ErrorOf(Syscall::trace_ring, 0, {.args = {1}}),
            Error::invalid_args);
}

TEST_F(TraceRing, IsGrantedMadeReadyOnceAndEnded) {
  const Answer grant = Ring(root(), abi::kTraceRingGrant);
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
  const uint64_t ring = ReadyRing(root());
  Other other = MakeOther(MakePort());
  for (const auto step : {abi::kTraceRingReady, abi::kTraceRingEnd}) {
    EXPECT_EQ(Ring(other.core(), step, ring).error(), Error::not_found);
    EXPECT_EQ(Ring(root(), step, ring + 1).error(), Error::not_found);
  }
}

TEST_F(TraceRing, IsBoundedPerSession) {
  for (uint32_t i = 0; i < abi::kTraceRingsMax; ++i)
    ASSERT_EQ(Ring(root(), abi::kTraceRingGrant).error(), Error::ok);
  const Answer full = Ring(root(), abi::kTraceRingGrant);
  EXPECT_EQ(full.error(), Error::quota_exceeded);
  EXPECT_EQ(full.value(1), abi::kTraceRingsMax);
}

// ---- trace_port

using TracePort = Traces;

TEST_F(TracePort, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::trace_port, {.known_options = 1});
}

TEST_F(TracePort, TellsTheLanesEndsOnAndOff) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  for (int again = 0; again < 2; ++again)
    EXPECT_EQ(ErrorOf(Syscall::trace_port, port, {.options = 1}), Error::ok);
  EXPECT_EQ(lane->inbox.Await(abi::Event::lane_traced).value(0), 1u);
  const Answer later = Call(Syscall::port_connect, port);
  abi::LaneGranted granted = {};
  later.Read(&granted);
  EXPECT_EQ(granted.traced, 1u);
  for (int again = 0; again < 2; ++again)
    EXPECT_EQ(ErrorOf(Syscall::trace_port, port), Error::ok);
  EXPECT_EQ(lane->inbox.Await(abi::Event::lane_traced).value(0), 0u);
  EXPECT_FALSE(lane->inbox.Has(abi::Event::lane_traced));
}

TEST_F(TracePort, EndsWithTheTracersSession) {
  const Handle port = MakePort();
  auto lane = Connect(root(), port);
  Other tracer = MakeOther(port);
  tracer.core().Call(Syscall::trace_port, tracer.handle, {.options = 1});
  EXPECT_EQ(lane->inbox.Await(abi::Event::lane_traced).value(0), 1u);
  tracer.session.Close();
  EXPECT_EQ(lane->inbox.Await(abi::Event::lane_traced).value(0), 0u);
}

// ---- trace_all

using TraceAll = Traces;

TEST_F(TraceAll, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::trace_all, {.known_options = 1});
}

TEST_F(TraceAll, CoversEveryPort) {
  auto first = Connect(root(), MakePort());
  auto second = Connect(root(), MakePort());
  EXPECT_EQ(ErrorOf(Syscall::trace_all, kernel_object(), {.options = 1}),
            Error::ok);
  EXPECT_EQ(first->inbox.Await(abi::Event::lane_traced).value(0), 1u);
  EXPECT_EQ(second->inbox.Await(abi::Event::lane_traced).value(0), 1u);
  EXPECT_EQ(ErrorOf(Syscall::trace_all, kernel_object()), Error::ok);
  EXPECT_EQ(first->inbox.Await(abi::Event::lane_traced).value(0), 0u);
}

// ---- trace_next

using TraceNext = Traces;

TEST_F(TraceNext, RefusesHandlesAndFieldsItDoesNotName) {
  ExpectDoor(Syscall::trace_next, {.args = 1});
}

TEST_F(TraceNext, GivesNothingToWhoDoesNotTrace) {
  ReadyRing(root());
  EXPECT_EQ(Next(0).error(), Error::not_found);
}

TEST_F(TraceNext, GivesRingsOfThoseWhoUseATracedPort) {
  const Handle port = MakePort();
  Other user = MakeOther(port);
  Other stranger = MakeOther(port);
  auto lane = Connect(user.core(), user.handle);
  const uint64_t ring = ReadyRing(user.core());
  ReadyRing(stranger.core());
  Ring(user.core(), abi::kTraceRingGrant);  // not ready: not shown
  Call(Syscall::trace_port, port, {.options = 1});
  const Answer next = Next(0);
  ASSERT_EQ(next.error(), Error::ok);
  EXPECT_EQ(next.value(1), user.core().process_id());
  EXPECT_EQ(next.value(3), ring);
  EXPECT_EQ(TextOf(std::as_bytes(std::span(next.payload))), "other");
  EXPECT_EQ(next.descriptors.size(), 1u);
  EXPECT_EQ(Next(next.value(0)).error(), Error::not_found);
}

TEST_F(TraceNext, ShowsARingThatIsReadyLaterThanOthersAfterIt) {
  Call(Syscall::trace_all, kernel_object(), {.options = 1});
  Other slow = MakeOther(MakePort());
  Other quick = MakeOther(MakePort());
  const uint64_t first = Ring(slow.core(), abi::kTraceRingGrant).value(0);
  const uint64_t second = ReadyRing(quick.core());
  Answer next = Next(Next(0).value(0));  // behind the kernel process's facts
  EXPECT_EQ(next.value(3), second);
  Ring(slow.core(), abi::kTraceRingReady, first);
  next = Next(next.value(0));
  ASSERT_EQ(next.error(), Error::ok);
  EXPECT_EQ(next.value(3), first);
}

TEST_F(TraceNext, ShowsARingAgainWhenItsProcessBeginsToUseATracedPort) {
  const Handle port = MakePort();
  Other known = MakeOther(port);
  Other late = MakeOther(port);
  const uint64_t lates = ReadyRing(late.core());
  Call(Syscall::trace_port, port, {.options = 1});
  auto lane = Connect(known.core(), known.handle);
  const uint64_t first = ReadyRing(known.core());
  Answer next = Next(0);
  EXPECT_EQ(next.value(3), first);
  auto later = Connect(late.core(), late.handle);
  next = Next(next.value(0));
  ASSERT_EQ(next.error(), Error::ok);
  EXPECT_EQ(next.value(3), lates);
}

// As root all may be opened: this can fail for other users only.
TEST_F(TraceNext, GivesRingsThatTheirWriterWouldForbidToRead) {
  Other hostile = MakeOther(MakePort());
  const Answer grant = Ring(hostile.core(), abi::kTraceRingGrant);
  ASSERT_EQ(fchmod(grant.descriptors.at(0).get(), 0), 0);
  Ring(hostile.core(), abi::kTraceRingReady, grant.value(0));
  Call(Syscall::trace_all, kernel_object(), {.options = 1});
  Answer next = Next(0);  // the kernel process's facts, or the ring
  if (next.value(3) != grant.value(0)) next = Next(next.value(0));
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
  Call(Syscall::trace_all, kernel_object(), {.options = 1});
  Other user = MakeOther(MakePort());
  ReadyRing(user.core());
  EXPECT_THAT(Visible(),
              ::testing::UnorderedElementsAre(0, user.core().process_id()));
}

TEST_F(TraceNext, KeepsTheRingsOfTheDeadWhileSomebodyTraces) {
  Call(Syscall::trace_all, kernel_object(), {.options = 1});
  Other user = MakeOther(MakePort());
  const uint64_t id = user.core().process_id();
  ReadyRing(user.core());
  user.session.Close();
  EXPECT_THAT(Visible(), ::testing::Contains(id));
  Call(Syscall::trace_all, kernel_object());
  EXPECT_EQ(Next(0).error(), Error::not_found);
}

}  // namespace
}  // namespace ipc
