// What ports measure always, as histograms.
#pragma once

#include "ipc/inspect.h"
#include "services/tracer/histogram.h"

namespace keyport {

// Of messages, in nanoseconds: each sample counted for those it stands for.
Histogram HistogramOf(const ipc::TimeBuckets& times);

// What came between two looks. Nothing is less than nothing, should a process
// have taken back what it said.
ipc::TimeBuckets TimesBetween(const ipc::TimeBuckets& before,
                              const ipc::TimeBuckets& now);
ipc::LaneTimes TimesBetween(const ipc::LaneTimes& before,
                            const ipc::LaneTimes& now);

}  // namespace keyport
