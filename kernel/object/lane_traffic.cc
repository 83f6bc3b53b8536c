#include "kernel/object/lane_traffic.h"

#include <algorithm>
#include <atomic>

#include "kernel/object/port.h"

namespace kernel {
namespace {

using abi::LaneCounters;

// A terabyte a second.
constexpr uint64_t kBytesPerNs = 1'000;

constexpr uint64_t LaneCounters::*kSums[] = {
    &LaneCounters::messages,   &LaneCounters::message_bytes,
    &LaneCounters::wakes,      &LaneCounters::full,
    &LaneCounters::taken,      &LaneCounters::spins_paid,
    &LaneCounters::spins_lost, &LaneCounters::sleeps,
    &LaneCounters::lost,
};

void Believe(uint64_t claimed, uint64_t most, uint64_t* believed) {
  *believed = std::max(*believed, std::min(claimed, most));
}

// What it says that it has lent now. Nothing bounds it but what there can be.
void ReadLent(LaneCounters& shared, int64_t now_ns, LaneCounters* counted) {
  constexpr uint64_t kBlocksMax = uint64_t{1} << 32;
  const auto now = static_cast<uint64_t>(now_ns);
  counted->lent_blocks =
      std::min(base::ReadCount(shared.lent_blocks), kBlocksMax);
  counted->lent_bytes =
      std::min(base::ReadCount(shared.lent_bytes), abi::kRegionBytesMax);
  counted->lent_since_ns = std::min(base::ReadCount(shared.lent_since_ns), now);
}

void TakeLent(const LaneCounters& from, LaneCounters* to) {
  to->lent_blocks = from.lent_blocks;
  to->lent_bytes = from.lent_bytes;
  to->lent_since_ns = from.lent_since_ns;
}

void Read(Lane::End& end, uint32_t ring_bytes, int64_t now_ns) {
  if (!end.ready()) return;
  LaneCounters& shared = end.half->control()->counters;
  const auto age = static_cast<uint64_t>(
      std::clamp<int64_t>(now_ns - end.since_ns, 0, INT64_MAX / kBytesPerNs));
  for (uint64_t LaneCounters::*counter : kSums)
    Believe(base::ReadCount(shared.*counter),
            counter == &LaneCounters::message_bytes ? age * kBytesPerNs : age,
            &(end.counted.*counter));
  Believe(base::ReadCount(shared.queued_bytes_most), ring_bytes,
          &end.counted.queued_bytes_most);
  ReadLent(shared, now_ns, &end.counted);
}

}  // namespace

Traffic CountTraffic(Lane& lane, int64_t now_ns) {
  for (Lane::End& end : lane.ends) Read(end, lane.port->ring_bytes_max, now_ns);
  Traffic traffic = {lane.sender().counted, lane.past_listeners};
  AddCounters(lane.listener().counted, &traffic.listener);
  TakeLent(lane.listener().counted, &traffic.listener);
  return traffic;
}

void AddCounters(const LaneCounters& more, LaneCounters* sum) {
  for (uint64_t LaneCounters::*counter : kSums)
    if (__builtin_add_overflow(sum->*counter, more.*counter, &(sum->*counter)))
      sum->*counter = UINT64_MAX;
  sum->queued_bytes_most =
      std::max(sum->queued_bytes_most, more.queued_bytes_most);
}

}  // namespace kernel
