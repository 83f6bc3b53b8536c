#include "kernel/object/past_times.h"

#include <algorithm>
#include <cstring>

#include "kernel/object/lane.h"
#include "libipc/base/times.h"

namespace kernel {

void PastTimes::Add(const abi::LaneTimes& times) {
  if (times.queue.samples + times.work.samples + times.call.samples == 0)
    return;
  ++version_;
  abi::LaneTimes sum = {};
  AddTo(&sum);
  base::AddTimes(times, &sum);
  uint64_t words[abi::kLaneTimeWords];
  std::memcpy(words, &sum, sizeof(words));
  std::vector<Cell> cells;
  cells.reserve(static_cast<size_t>(
      std::count_if(std::begin(words), std::end(words),
                    [](uint64_t value) { return value != 0; })));
  for (uint32_t i = 0; i < abi::kLaneTimeWords; ++i)
    if (words[i] != 0) cells.push_back({i, words[i]});
  cells_ = std::move(cells);
}

void PastTimes::AddTo(abi::LaneTimes* sum) const {
  abi::LaneTimes times = {};
  auto* const words = reinterpret_cast<uint8_t*>(&times);
  for (const Cell& cell : cells_)
    std::memcpy(words + cell.word * sizeof(uint64_t), &cell.value,
                sizeof(cell.value));
  base::AddTimes(times, sum);
}

abi::LaneTimes ReadTimes(const Lane& lane, LaneEnd which, int64_t now_ns) {
  const Lane::End& end = lane.ends[static_cast<size_t>(which)];
  if (!end.ready()) return {};
  abi::LaneTimes& shared = end.half->times();
  const auto age =
      static_cast<uint64_t>(std::max<int64_t>(now_ns - end.since_ns, 0));
  if (which == LaneEnd::kSender)
    return {.queue = {}, .work = {}, .call = base::ReadTimes(shared.call, age)};
  return {.queue = base::ReadTimes(shared.queue, age),
          .work = base::ReadTimes(shared.work, age),
          .call = {}};
}

}  // namespace kernel
