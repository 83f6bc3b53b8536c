#include "services/tracer/port_times.h"

#include <algorithm>

#include "libipc/base/times.h"

namespace keyport {
namespace {

uint64_t Between(uint64_t before, uint64_t now) {
  return now - std::min(before, now);
}

}  // namespace

Histogram HistogramOf(const ipc::TimeBuckets& times) {
  Histogram histogram(ipc::abi::kTimeSubBits);
  for (size_t i = 0; i < ipc::abi::kTimeBuckets; ++i)
    histogram.Add(std::min(base::TimeBucketLast(i), times.most_ns),
                  times.messages[i]);
  histogram.SetSum(times.sum_ns);
  return histogram;
}

ipc::TimeBuckets TimesBetween(const ipc::TimeBuckets& before,
                              const ipc::TimeBuckets& now) {
  ipc::TimeBuckets times = {};
  times.samples = Between(before.samples, now.samples);
  times.sum_ns = Between(before.sum_ns, now.sum_ns);
  times.most_ns = now.most_ns;
  for (size_t i = 0; i < ipc::abi::kTimeBuckets; ++i)
    times.messages[i] = Between(before.messages[i], now.messages[i]);
  return times;
}

ipc::LaneTimes TimesBetween(const ipc::LaneTimes& before,
                            const ipc::LaneTimes& now) {
  return {TimesBetween(before.queue, now.queue),
          TimesBetween(before.work, now.work),
          TimesBetween(before.call, now.call)};
}

}  // namespace keyport
