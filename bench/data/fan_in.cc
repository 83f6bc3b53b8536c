// Many senders, one receiver: all of them busy, or one among idle ones. The
// senders are in one process and send in turn, so that two processors are
// enough.
#include "bench/common/content.h"
#include "bench/common/must.h"
#include "bench/common/process_pair.h"
#include "bench/common/raw_ring.h"
#include "bench/common/shared_memory.h"
#include "bench/data/lanes_rig.h"
#include "bench/data/rates.h"
#include "bench/data/systems.h"

namespace bench {
namespace {

constexpr size_t kBytes = 64;
constexpr int kBudget = 64;  // messages of a ring before it is the next's turn

void WriteInTurn(const Shared<RawRing>& rings, int senders, int messages) {
  std::vector<RawWriter> writers;
  for (size_t i = 0; i < static_cast<size_t>(senders); ++i)
    writers.emplace_back(&rings[i]);
  std::byte message[kBytes];
  for (int i = 0; i < messages; ++i) {
    RawWriter& writer = writers[static_cast<size_t>(i % senders)];
    FillContent(message, static_cast<uint64_t>(i / senders));
    writer.Write(message);
    writer.Publish();
  }
}

void ReadInTurn(const Shared<RawRing>& rings, int senders, int messages) {
  std::vector<RawReader> readers;
  for (size_t i = 0; i < static_cast<size_t>(senders); ++i)
    readers.emplace_back(&rings[i]);
  std::vector<uint64_t> read(readers.size());
  std::byte message[kBytes];
  for (int sum = 0; sum < messages;) {
    for (size_t at = 0; at < readers.size(); ++at) {
      for (int i = 0; i < kBudget && readers[at].HasRecord(); ++i, ++sum) {
        readers[at].Read(message);
        Expect(HasContent(message, read[at]++), "order and content");
      }
    }
  }
}

// A ring for each sender.
double RawFanIn(int senders, int messages) {
  const Shared<RawRing> rings(static_cast<size_t>(senders));
  const Shared<std::atomic<uint32_t>> done;
  double took = 0;
  RunPair(
      kApart,
      [&] {
        took = TimeAll([&] {
          WriteInTurn(rings, senders, messages);
          PollUntil([&] { return done->load(std::memory_order_acquire) == 1; });
        });
      },
      [&] {
        ReadInTurn(rings, senders, messages);
        done->store(1, std::memory_order_release);
      });
  return took / messages;
}

void MeasureSenders(const Pass& pass, int senders) {
  const std::string group = FanInGroup(senders);
  AddValuesOf(pass, {group, kRawEachSender}, "M/s", [&] {
    return Rates(pass,
                 [&](int messages) { return RawFanIn(senders, messages); });
  });
  AddValuesOf(pass, {group, kKeyport}, "M/s", [&] {
    LanesRig rig(senders);
    return Rates(pass,
                 [&](int messages) { return rig.OneWayNs(senders, messages); });
  });
}

void MeasureIdle(const Pass& pass, int idle) {
  const std::string system = LanesSystem(idle);
  AddValuesOf(pass, {IdleLanesGroup(), system}, "M/s", [&] {
    LanesRig rig(idle + 1);
    return Rates(pass, [&](int messages) { return rig.OneWayNs(1, messages); });
  });
  AddTimesOf(pass, {IdleLanesCallGroup(), system}, [&] {
    LanesRig rig(idle + 1);
    rig.RoundTrips(100);
    return rig.RoundTrips(pass.Rounds(16'000));
  });
}

}  // namespace

void MeasureFanIn(const Pass& pass) {
  for (const int senders : {4, 32}) MeasureSenders(pass, senders);
}

void MeasureIdleLanes(const Pass& pass) {
  MeasureIdle(pass, 0);
  MeasureIdle(pass, pass.effort == Effort::kSmoke ? 100 : 1'000);
  if (pass.effort == Effort::kFull) MeasureIdle(pass, 10'000);
}

}  // namespace bench
