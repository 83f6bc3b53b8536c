// The groups of rows. Each measures one pass; what is concluded from all passes
// stands in conclusions.cc.
#pragma once

#include <string>

#include "bench/common/measured.h"

namespace bench {

void MeasureRecords(const Pass& pass);
void MeasureCalls(const Pass& pass);
void MeasureStream(const Pass& pass);
void MeasureDrain(const Pass& pass);
void MeasureStops(const Pass& pass);
void MeasureProbes(const Pass& pass);
void MeasureGraph(const Pass& pass);

void ConcludeTracing(Figures& figures);

// Names of groups and systems, as everybody spells them.
inline constexpr char kOneThread[] = "message of 64 B, one thread";
inline constexpr char kRoundTrip[] = "round trip, 64 B, polling, apart";
inline constexpr char kOneWay[] = "one way, 64 B, apart";
inline constexpr char kLostOfStream[] = "records lost of a stream";
inline constexpr char kOff[] = "not traced";
inline constexpr char kOn[] = "traced, nobody reads";
inline constexpr char kRead[] = "traced and read";
inline constexpr char kLossless[] = "traced losslessly and read";
inline constexpr char kAtRate[] = "traced at a rate of 100 and read";
inline constexpr char kInTime[] = "traced, read in time";
inline constexpr char kLosslessInTime[] = "traced losslessly, read in time";
inline constexpr char kLeftOut[] = "traced at a rate of 1";
inline constexpr char kRecord[] = "a record";
inline constexpr char kClock[] = "reading the clock";
inline constexpr char kRawRecord[] = "clock and 64 B into a ring";
inline constexpr char kOurs[] = "Keyport, a record more or less";
inline constexpr char kOursInTime[] = "the same, read in time";
inline constexpr char kOursLossless[] = "the same, losslessly";
inline constexpr char kOursLeftOut[] = "the same, left out by a rate";
inline constexpr char kSystemCall[] = "system call";
inline constexpr char kAlone[] = "not traced";
inline constexpr char kPtrace[] = "stopped by ptrace, as strace does";
inline constexpr char kStrace[] = "written down by strace";
inline constexpr char kProbe[] = "trace point of a program";
inline constexpr char kUprobe[] = "a uprobe, as USDT's, counted";
inline constexpr char kGraph[] = "examples/search over a folder";
inline constexpr char kRecorded[] = "recorded";
inline constexpr char kPayload[] = "recorded with payload";

}  // namespace bench
