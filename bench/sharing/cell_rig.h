// One writer of a cell in this process, and its readers, here or elsewhere.
// Values are stored in batches of kCellBatch, numbered from 1 in each batch.
#pragma once

#include <atomic>
#include <vector>

#include "bench/common/figures.h"
#include "bench/common/kernel_process.h"
#include "bench/common/shared_memory.h"
#include "bench/common/timing.h"
#include "bench/sharing/cell_kinds.h"

namespace bench {

inline constexpr uint64_t kCellBatch = 64;

template <typename Kind>
class CellRig {
 public:
  using Value = typename Kind::Value;
  CellRig() {
    for (uint64_t i = 0; i < kCellBatch; ++i)
      FillContent(values_[i].bytes, i + 1);
  }
  void StoreBatch() {
    for (const Value& value : values_) Kind::Store(writer_, value);
  }
  const ipc::Region& region() const { return region_; }
  KernelProcess& kernel() { return kernel_; }

 private:
  ipc::Mapping MapAndSeal() {
    ipc::Mapping mapping = Must(region_.MapWrite());
    Must(region_.SealSingleWriter());
    return mapping;
  }
  KernelProcess kernel_;
  ipc::Region region_ =
      Must(ipc::Region::Create(kernel_.session(), Kind::kBytes));
  const ipc::Mapping mapping_ = MapAndSeal();
  typename Kind::Writer writer_ = Kind::Write(mapping_.bytes());
  std::vector<Value> values_ = std::vector<Value>(kCellBatch);
};

// A batch of stores, then as many loads, each checked. Units: nanoseconds a
// store, a load.
template <typename Kind>
std::vector<double> CellAlone(int rounds) {
  CellRig<Kind> rig;
  const ipc::Mapping mapping = Must(rig.region().MapRead());
  auto reader = Kind::Read(mapping.bytes());
  const PinnedTo here(kApart.first);
  std::vector<double> stores, loads;
  typename Kind::Value value;
  for (int round = 0; round < rounds; ++round) {
    stores.push_back(TimeAll([&] { rig.StoreBatch(); }) / kCellBatch);
    loads.push_back(TimeAll([&] {
                      for (uint64_t i = 0; i < kCellBatch; ++i)
                        Expect(Kind::Load(reader, value) && value.whole(),
                               "the value");
                    }) /
                    kCellBatch);
    Expect(value.number() == kCellBatch, "the value is the last one");
  }
  return {MedianOf(stores), MedianOf(loads)};
}

struct Reading {
  std::atomic<uint64_t> ready, quit;
  alignas(128) uint64_t loads, torn;
  double ns;
};

template <typename Kind>
void ReadAll(std::span<std::byte> memory, Reading& reading) {
  auto reader = Kind::Read(memory);
  typename Kind::Value value;
  reading.ready.store(1);
  reading.ns = TimeAll([&] {
    while (reading.quit.load(std::memory_order_relaxed) == 0) {
      if (!Kind::Load(reader, value)) continue;
      ++reading.loads;
      if (value.whole()) continue;
      Expect(Kind::kMayTear, "the value");
      ++reading.torn;
    }
  });
}

// Both without a pause, on two processors. Units: nanoseconds a store, a load;
// percent of the loads that were torn.
template <typename Kind>
std::vector<double> CellTogether(int64_t time_ns) {
  CellRig<Kind> rig;
  rig.StoreBatch();
  const Shared<Reading> reading;
  const ipc::InitialCapability initial[] = {
      {"cell", &rig.region().capability(), ipc::kRightRead | ipc::kRightMap}};
  const pid_t child = rig.kernel().ForkWithSession(
      "reader", kApart.second, initial, [&](ipc::Session& session) {
        const auto region =
            Must(ipc::Region::Adopt(Must(session.Take("cell"))));
        const ipc::Mapping mapping = Must(region.MapRead());
        ReadAll<Kind>(mapping.bytes(), *reading.get());
      });
  while (reading->ready.load() == 0) StayBusyUntil(base::NowNs() + 10'000);
  const PinnedTo here(kApart.first);
  const int64_t end = base::NowNs() + time_ns;
  std::vector<double> stores;
  while (base::NowNs() < end)
    stores.push_back(TimeAll([&] { rig.StoreBatch(); }) / kCellBatch);
  reading->quit.store(1);
  Join(child);
  const auto loads = static_cast<double>(reading->loads) + 1e-9;
  return {MedianOf(stores), reading->ns / loads,
          100 * static_cast<double>(reading->torn) / loads};
}

}  // namespace bench
