#include "libipc/base/times.h"

#include <atomic>

#include "libipc/base/half.h"

namespace base {
namespace {

using ipc::abi::LaneTimes;
using ipc::abi::TimeBuckets;

uint64_t SumOf(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? ~uint64_t{0} : sum;
}

uint64_t ProductOf(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? ~uint64_t{0} : product;
}

}  // namespace

void AddTime(uint64_t ns, uint32_t weight, TimeBuckets* to) {
  Count(to->samples);
  SetCount(to->sum_ns, SumOf(to->sum_ns, ProductOf(ns, weight)));
  if (ns > to->most_ns) SetCount(to->most_ns, ns);
  Count(to->messages[TimeBucketOf(ns)], weight);
}

void AddTimes(const TimeBuckets& more, TimeBuckets* sum) {
  sum->samples = SumOf(sum->samples, more.samples);
  sum->sum_ns = SumOf(sum->sum_ns, more.sum_ns);
  sum->most_ns = std::max(sum->most_ns, more.most_ns);
  for (size_t i = 0; i < ipc::abi::kTimeBuckets; ++i)
    sum->messages[i] = SumOf(sum->messages[i], more.messages[i]);
}

void AddTimes(const LaneTimes& more, LaneTimes* sum) {
  AddTimes(more.queue, &sum->queue);
  AddTimes(more.work, &sum->work);
  AddTimes(more.call, &sum->call);
}

TimeBuckets ReadTimes(TimeBuckets& shared, uint64_t most) {
  const auto read = [](uint64_t& word) {
    return std::atomic_ref<uint64_t>(word).load(std::memory_order_relaxed);
  };
  TimeBuckets times = {};
  times.samples = std::min(read(shared.samples), most);
  if (times.samples == 0) return times;
  times.sum_ns = read(shared.sum_ns);
  times.most_ns = read(shared.most_ns);
  for (size_t i = 0; i < ipc::abi::kTimeBuckets; ++i)
    times.messages[i] = std::min(read(shared.messages[i]), most);
  return times;
}

}  // namespace base
