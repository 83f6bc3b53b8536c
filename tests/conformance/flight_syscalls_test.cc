// The calls about the flight recorder.
#include "ipc/flight.h"
#include "libipc/abi/flight.h"
#include "libipc/base/trace_ring.h"
#include "tests/conformance/syscalls.h"

namespace ipc {
namespace {

class Flights : public Syscalls {
 protected:
  static Answer Ring(SessionCore& core, abi::FlightRingStep step,
                     uint64_t ring = 0, uint64_t thread = 0) {
    return core.Call(Syscall::flight_ring, abi::kNoHandle,
                     {.options = step, .args = {ring, thread}});
  }
  static Answer Grant(SessionCore& core) {
    return Ring(core, abi::kFlightRingGrant);
  }
  static uint64_t ReadyRing(SessionCore& core) {
    const uint64_t ring = Grant(core).value(0);
    EXPECT_EQ(Ring(core, abi::kFlightRingReady, ring).error(), Error::ok);
    return ring;
  }
  Answer Next(uint64_t after) {
    return Call(Syscall::flight_next, kernel_object(), {.args = {after}});
  }
  // Of one process: this one's threads may have rings too.
  std::vector<abi::FlightEntry> EntriesOf(uint64_t process) {
    std::vector<abi::FlightEntry> entries;
    for (uint64_t after = 0; true;) {
      const Answer next = Next(after);
      if (next.error() != Error::ok) return entries;
      abi::FlightEntry entry = {};
      EXPECT_TRUE(next.Read(&entry));
      EXPECT_EQ(entry.ring, next.value(0));
      EXPECT_EQ(next.descriptors.size(), 1u);
      if (entry.process == process) entries.push_back(entry);
      after = next.value(0);
    }
  }
};

// ---- flight_ring

using FlightRing = Flights;

TEST_F(FlightRing, RefusesHandlesAndFieldsItDoesNotName) {
  ExpectDoor(Syscall::flight_ring, {.known_options = 3, .args = 2});
  EXPECT_EQ(ErrorOf(Syscall::flight_ring, 0, {.options = 3}),
            Error::invalid_args);
  EXPECT_EQ(ErrorOf(Syscall::flight_ring, 0, {.args = {1}}),
            Error::invalid_args);
  EXPECT_EQ(ErrorOf(Syscall::flight_ring, 0, {.args = {0, 1ull << 32}}),
            Error::invalid_args);
  EXPECT_EQ(Ring(root(), abi::kFlightRingReady, 1, 1).error(),
            Error::invalid_args);
}

TEST_F(FlightRing, IsGrantedMadeReadyOnceAndEnded) {
  const Answer grant = Grant(root());
  ASSERT_EQ(grant.error(), Error::ok);
  EXPECT_EQ(grant.value(1), abi::kFlightRingBytes);
  EXPECT_TRUE(base::Half::Map(grant.descriptors.at(0).get(),
                              abi::kFlightRingBytes, 0,
                              base::Access::kReadWrite)
                  .ok());
  const uint64_t ring = grant.value(0);
  EXPECT_EQ(Ring(root(), abi::kFlightRingReady, ring).error(), Error::ok);
  EXPECT_EQ(Ring(root(), abi::kFlightRingReady, ring).error(),
            Error::bad_state);
  EXPECT_FALSE(base::Half::Map(grant.descriptors.at(0).get(),
                               abi::kFlightRingBytes, 0,
                               base::Access::kReadWrite)
                   .ok());
  EXPECT_EQ(Ring(root(), abi::kFlightRingEnd, ring).error(), Error::ok);
  EXPECT_EQ(Ring(root(), abi::kFlightRingEnd, ring).error(), Error::not_found);
}

TEST_F(FlightRing, OfAnotherSessionIsNotFound) {
  const uint64_t ring = ReadyRing(root());
  Other other = MakeOther(MakePort());
  for (const auto step : {abi::kFlightRingReady, abi::kFlightRingEnd})
    EXPECT_EQ(Ring(other.core(), step, ring).error(), Error::not_found);
}

TEST_F(FlightRing, IsBoundedPerSession) {
  Other other = MakeOther(MakePort());
  for (uint32_t i = 0; i < abi::kFlightRingsMax; ++i)
    ASSERT_EQ(Grant(other.core()).error(), Error::ok);
  const Answer full = Grant(other.core());
  EXPECT_EQ(full.error(), Error::quota_exceeded);
  EXPECT_EQ(full.value(1), abi::kFlightRingsMax);
}

// ---- flight_next

using FlightNext = Flights;

TEST_F(FlightNext, ChecksHandleRightsAndFields) {
  ExpectDoor(Syscall::flight_next, {.args = 1});
}

TEST_F(FlightNext, TellsWhoseRingsThereAre) {
  Other other = MakeOther(MakePort());
  const uint64_t ring =
      Ring(other.core(), abi::kFlightRingGrant, 0, 4711).value(0);
  EXPECT_TRUE(EntriesOf(other.core().process_id()).empty());  // not ready
  Ring(other.core(), abi::kFlightRingReady, ring);
  const auto entries = EntriesOf(other.core().process_id());
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].ring, ring);
  EXPECT_EQ(entries[0].thread_id, 4711u);
  EXPECT_EQ(entries[0].ended_ns, 0u);
  EXPECT_EQ(entries[0].exit, 0u);
  EXPECT_STREQ(entries[0].name, "other");
}

TEST_F(FlightNext, GivesMemoryThatOnlyItsWriterMayWrite) {
  Other other = MakeOther(MakePort());
  const Answer grant = Grant(other.core());
  auto own =
      base::Half::Map(grant.descriptors.at(0).get(), abi::kFlightRingBytes, 0,
                      base::Access::kReadWrite);
  Ring(other.core(), abi::kFlightRingReady, grant.value(0));
  base::TraceRingWriter(*own).Append({.time_ns = 5, .label = 7});
  const Answer next = Next(grant.value(0) - 1);
  ASSERT_EQ(next.value(0), grant.value(0));
  const int memory = next.descriptors.at(0).get();
  EXPECT_FALSE(base::Half::Map(memory, abi::kFlightRingBytes, 0,
                               base::Access::kReadWrite)
                   .ok());
  auto theirs =
      base::Half::Map(memory, abi::kFlightRingBytes, 0, base::Access::kRead);
  base::TraceRingReader reader(*std::move(theirs),
                               base::TraceRingReader::From::kFirst);
  uint32_t label = 0;
  reader.Drain([&](const abi::TraceRecord& record) { label = record.label; });
  EXPECT_EQ(label, 7u);
}

// Its own memory is its own: whoever reads it is not led astray.
TEST_F(FlightNext, BoundsWhatAWriterClaims) {
  Other hostile = MakeOther(MakePort());
  const Answer grant = Grant(hostile.core());
  auto own =
      base::Half::Map(grant.descriptors.at(0).get(), abi::kFlightRingBytes, 0,
                      base::Access::kReadWrite);
  Ring(hostile.core(), abi::kFlightRingReady, grant.value(0));
  auto* const words = reinterpret_cast<uint64_t*>((*own)->ring());
  for (const uint64_t tail : {~uint64_t{0}, uint64_t{1} << 63, uint64_t{40}}) {
    (*own)->tail().store(tail);
    for (uint64_t at = 0; at < abi::kFlightRingBytes / 8; ++at)
      words[at] = at % 8 == 0 ? (tail - abi::kFlightRingBytes) / 64 + at / 8 + 1
                              : ~uint64_t{0};
    size_t records = 0;
    const absl::Status read = ReadFlights(
        kernel_object_,
        [&](const FlightSource& source) {
          return source.process_id == hostile.core().process_id();
        },
        [&](const FlightLog& log) { records += log.records.size(); });
    EXPECT_TRUE(read.ok()) << read;
    EXPECT_LE(records, abi::kFlightRingBytes / sizeof(abi::TraceRecord));
  }
}

TEST_F(FlightNext, KeepsAFewRingsOfTheDeadAndHowTheyEnded) {
  const Answer made = Call(
      Syscall::process_create, account(),
      {.payload =
           PayloadBytes().Add(abi::ProcessCreate{.name = "doomed"}).bytes()});
  ASSERT_EQ(made.error(), Error::ok);
  auto doomed = SessionCore::Create(
      base::UniqueFd(dup(made.descriptors.at(0).get())), "");
  ASSERT_TRUE(doomed.ok());
  for (uint32_t i = 0; i <= abi::kFlightRingsKept; ++i) ReadyRing(**doomed);
  Grant(**doomed);  // not ready: not kept
  (*doomed)->Close();
  const auto process = static_cast<Handle>(made.value(0));
  Call(Syscall::object_watch, process,
       {.args = {static_cast<uint64_t>(abi::kSignalDead)}});
  Call(Syscall::process_exited, process, {.args = {9}});
  const auto entries = EntriesOf(made.value(1));
  ASSERT_EQ(entries.size(), abi::kFlightRingsKept);
  EXPECT_NE(entries[0].ended_ns, 0u);
  EXPECT_EQ(entries[0].exit, abi::kExitKnown | 9u);
  EXPECT_STREQ(entries[0].name, "doomed");
}

TEST_F(FlightNext, KeepsNothingOfThreadsThatEndedBefore) {
  Other other = MakeOther(MakePort());
  const uint64_t process = other.core().process_id();
  Ring(other.core(), abi::kFlightRingEnd, ReadyRing(other.core()));
  other.session.Close();
  EXPECT_TRUE(EntriesOf(process).empty());
}

}  // namespace
}  // namespace ipc
