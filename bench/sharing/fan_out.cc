#include "bench/sharing/fan_out.h"

#include "bench/sharing/rows.h"

namespace bench {
namespace {

int BusyRounds(const Pass& pass, int readers) {
  if (readers > 64) return pass.Rounds(160) + 2;
  return pass.Rounds(readers > 16 ? 800 : 2'400) + 2;
}

bool IsLeftOut(const Pass& pass, int readers) {
  return pass.effort == Effort::kSmoke && readers > 16;
}

void MeasureBusy(const Pass& pass, int readers) {
  const std::string of = FanOutGroup(readers);
  const int rounds = BusyRounds(pass, readers);
  AddNsOf(pass, {of, kRawRing}, [&] { return RawRingBusy(readers, rounds); });
  AddNsOf(pass, {of, kTopicLossy},
          [&] { return TopicBusy(readers, rounds, ipc::Delivery::kLossy); });
  AddNsOf(pass, {of, kTopicReliable},
          [&] { return TopicBusy(readers, rounds, ipc::Delivery::kReliable); });
  if (readers > kLanesMost) return;
  AddNsOf(pass, {of, kLaneEach}, [&] { return LanesBusy(readers, rounds); });
}

void MeasureBlock(const Pass& pass, int readers, size_t bytes) {
  const std::string of = BlocksGroup(bytes, readers);
  const int rounds = pass.Rounds(readers > 16 ? 200 : 800) + 2;
  AddNsOf(pass, {of, kTopicBlock},
          [&] { return TopicBlocks(readers, rounds, bytes); });
  AddNsOf(pass, {of, kLaneBlock},
          [&] { return LaneBlocks(readers, rounds, bytes); });
}

}  // namespace

void MeasureFanOut(const Pass& pass) {
  for (const int readers : kSubscribers)
    if (!IsLeftOut(pass, readers)) MeasureBusy(pass, readers);
  for (const int readers : kSubscribers)
    if (!IsLeftOut(pass, readers) && readers <= kLanesMost)
      AddNsOf(pass, {FanOutAsleepGroup(readers), kTopicReliable},
              [&] { return TopicAsleep(readers, pass.Rounds(160) + 2); });
}

void MeasureBlocks(const Pass& pass) {
  for (const size_t bytes : kBlockBytes)
    for (const int readers : kBlockSubscribers)
      if (!IsLeftOut(pass, readers)) MeasureBlock(pass, readers, bytes);
}

}  // namespace bench
