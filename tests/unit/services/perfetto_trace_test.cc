// Messages as Perfetto's track events.
#include "services/tracer/perfetto_trace.h"

#include <gtest/gtest.h>

#include "services/tracer/slice_tracks.h"
#include "tests/unit/services/perfetto_events.h"

namespace keyport {
namespace {

TracedMessage Call(uint64_t sent_ns, const char* from, const char* to) {
  TracedMessage message;
  message.from = from;
  message.to = to;
  message.flow = 7;
  message.label = 3;
  message.is_call = true;
  message.status = MessageStatus::kOk;
  message.time_ns = sent_ns;
  message.queue_ns = 1'000;
  message.work_ns = 5'500;
  message.total_ns = 8'000;
  return message;
}

PerfettoEvents EventsOf(PerfettoTrace* trace) {
  std::string text;
  trace->Write(WallClock(1'000'000),
               [&](const std::string& piece) { text += piece; });
  return PerfettoEvents(text);
}

const std::set<std::string> kNone;

TEST(PerfettoTrace, ACallIsASliceAtBothEndsWithAFlowBetween) {
  PerfettoTrace trace;
  trace.SetPid("server", 102);
  trace.Add(Call(20'000, "client", "server"), "store");
  const PerfettoEvents events = EventsOf(&trace);
  EXPECT_EQ(events.complaints(), kNone);
  ASSERT_EQ(events.slices().size(), 2u);
  const PerfettoSlice& call = events.slices()[0];
  const PerfettoSlice& work = events.slices()[1];
  EXPECT_EQ(call.process, "client");
  EXPECT_EQ(call.name, "call store");
  EXPECT_EQ(call.begin_ns, 20'000u);
  EXPECT_EQ(call.end_ns, 28'000u);
  EXPECT_EQ(work.process, "server");
  EXPECT_EQ(work.name, "store");
  EXPECT_EQ(work.begin_ns, 21'000u);
  EXPECT_EQ(work.end_ns, 26'500u);
  EXPECT_EQ(call.flows.size(), 1u);
  EXPECT_EQ(call.flows, work.ending_flows);
  EXPECT_EQ(call.correlation, 7u);
  EXPECT_EQ(work.correlation, 7u);
  EXPECT_EQ(events.pids().at("server"), 102u);
}

TEST(PerfettoTrace, OverlappingSlicesLieOnTracksOfTheirOwn) {
  PerfettoTrace trace;
  trace.Add(Call(20'000, "client", "server"), "store");
  trace.Add(Call(22'000, "client", "server"), "store");  // overlaps
  trace.Add(Call(23'000, "server", "disk"), "disk");     // within
  const PerfettoEvents events = EventsOf(&trace);
  EXPECT_EQ(events.complaints(), kNone);
  EXPECT_EQ(events.slices().size(), 6u);
  EXPECT_EQ(events.tracks(), 2u + 2 + 1);
  std::set<uint64_t> begun, ended;
  for (const PerfettoSlice& slice : events.slices()) {
    EXPECT_EQ(slice.end_ns - slice.begin_ns,
              slice.category == "call" ? 8'000u : 5'500u);
    for (const uint64_t flow : slice.flows)
      EXPECT_TRUE(begun.insert(flow).second);
    for (const uint64_t flow : slice.ending_flows)
      EXPECT_TRUE(ended.insert(flow).second);
  }
  EXPECT_EQ(begun, ended);
  EXPECT_EQ(begun.size(), 3u);
}

TEST(PerfettoTrace, AnEndThatWasNotSeenHasNoFlow) {
  PerfettoTrace trace;
  trace.Add(Call(20'000, "", "server"), "store");
  TracedMessage queued = Call(30'000, "client", "");
  queued.is_call = false;
  queued.queue_ns = queued.work_ns = queued.total_ns = std::nullopt;
  trace.Add(queued, "store");
  const PerfettoEvents events = EventsOf(&trace);
  EXPECT_EQ(events.complaints(), kNone);
  ASSERT_EQ(events.slices().size(), 2u);
  EXPECT_EQ(events.slices()[1].name, "send store");
  EXPECT_EQ(events.slices()[1].end_ns, 30'001u);
  for (const PerfettoSlice& slice : events.slices())
    EXPECT_TRUE(slice.flows.empty() && slice.ending_flows.empty());
}

TEST(PerfettoTrace, SaysWhereRecordsWereLost) {
  PerfettoTrace trace;
  trace.Add(Call(20'000, "client", "server"), "store");
  trace.AddLoss({17, 30'000, 40'000});
  trace.AddLoss({4, 90'000, 95'000});
  trace.Add(Call(50'000, "client", "server"), "store");
  const PerfettoEvents events = EventsOf(&trace);
  EXPECT_EQ(events.complaints(), kNone);
  EXPECT_EQ(events.lost(), 21u);
  EXPECT_EQ(events.dropped_packets(), 2u);
}

TEST(PerfettoTrace, TellsHowItsClockRelatesToTheWallClock) {
  PerfettoTrace trace;
  trace.Add(Call(20'000, "client", "server"), "store");
  const PerfettoEvents events = EventsOf(&trace);
  EXPECT_EQ(events.primary_clock(), 3u);
  EXPECT_EQ(events.clocks().at(3), 20'000u);
  EXPECT_EQ(events.clocks().at(1), 1'020'000u);
}

TEST(PerfettoTrace, AnyNameAndTimeGivesAValidTrace) {
  PerfettoTrace trace;
  TracedMessage message = Call(UINT64_MAX - 5, "a\xff\n", "b");
  message.total_ns = message.queue_ns = message.work_ns = UINT64_MAX;
  trace.Add(message, "\x01");
  const PerfettoEvents events = EventsOf(&trace);
  EXPECT_EQ(events.complaints(), kNone);
  EXPECT_EQ(events.slices().size(), 2u);
}

TEST(PerfettoTrace, WhatFitsOnNoTrackIsLeftOutWithBothEnds) {
  PerfettoTrace trace;
  for (uint64_t i = 0; i < SliceTracks::kTracksMax + 3; ++i)
    trace.Add(Call(20'000 + i, "client", "server"), "store");
  const PerfettoEvents events = EventsOf(&trace);
  EXPECT_EQ(events.complaints(), kNone);
  EXPECT_EQ(events.slices().size(), 2 * size_t{SliceTracks::kTracksMax});
  EXPECT_EQ(trace.left_out(), 3u);
}

}  // namespace
}  // namespace keyport
