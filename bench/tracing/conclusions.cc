// What is to be reached, as docs/performance.md says, and what was.
#include "bench/tracing/rows.h"

namespace bench {
namespace {

void ConcludeRecord(Figures& figures) {
  const RowName ours(kRecord, kOurs);
  if (figures.Has(ours))
    figures.Conclude("cost of a record", "ns", figures.Median(ours),
                     AtMost(20, 30));
  figures.Compare("a record / clock and 64 B into a ring", ours,
                  {kRecord, kRawRecord});
  figures.Compare("a record, losslessly / not", {kRecord, kOursLossless},
                  {kRecord, kOursInTime});
  figures.Compare("a record left out by a rate / one written",
                  {kRecord, kOursLeftOut}, {kRecord, kOursInTime});
}

}  // namespace

void ConcludeTracing(Figures& figures) {
  ConcludeRecord(figures);
  figures.Compare("round trip, traced / not", {kRoundTrip, kOn},
                  {kRoundTrip, kOff});
  figures.Compare("round trip, traced and read / not", {kRoundTrip, kRead},
                  {kRoundTrip, kOff});
  figures.Compare("one way, traced / not (rate)", {kOneWay, kOn},
                  {kOneWay, kOff});
  figures.Compare("one way, traced and read / not (rate)", {kOneWay, kRead},
                  {kOneWay, kOff});
  figures.Compare("round trip, read losslessly / read", {kRoundTrip, kLossless},
                  {kRoundTrip, kRead});
  figures.Compare("round trip, read at a rate of 100 / not traced",
                  {kRoundTrip, kAtRate}, {kRoundTrip, kOff});
  figures.Compare("one way, read losslessly / read (rate)",
                  {kOneWay, kLossless}, {kOneWay, kRead});
  figures.Compare("one way, read at a rate of 100 / not traced (rate)",
                  {kOneWay, kAtRate}, {kOneWay, kOff});
  figures.Compare("system call stopped by ptrace / not", {kSystemCall, kPtrace},
                  {kSystemCall, kAlone});
  figures.Compare("system call under strace / not", {kSystemCall, kStrace},
                  {kSystemCall, kAlone});
  figures.Compare("a uprobe / a record", {kProbe, kUprobe}, {kRecord, kOurs});
  figures.Compare("a graph, recorded / not (time)", {kGraph, kRecorded},
                  {kGraph, kOff});
  figures.Compare("a graph, recorded with payload / not (time)",
                  {kGraph, kPayload}, {kGraph, kOff});
}

}  // namespace bench
