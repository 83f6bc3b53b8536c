#include "bench/sharing/contention.h"
#include "bench/sharing/rows.h"

namespace bench {
namespace {

int64_t ContendedNs(const Pass& pass) {
  switch (pass.effort) {
    case Effort::kFull:
      return 300'000'000;  // each of 32 gets a turn or two of Linux's
    case Effort::kQuick:
      return 150'000'000;
    default:
      return 2'000'000;
  }
}

template <typename Rig>
void Measure(const Pass& pass, const char* system, int contenders,
             Access access) {
  const RowName row(LockGroup(contenders, access), system);
  if (contenders == 1) {
    AddNsOf(pass, row,
            [&] { return FreeLockNs<Rig>(pass.Rounds(2'000'000), access); });
    return;
  }
  AddEachOf(
      pass,
      {{row, "ns"}, {{LeastServedGroup(contenders, access), system}, "%"}},
      [&] {
        return ContendedLock<Rig>(static_cast<uint32_t>(contenders), access,
                                  ContendedNs(pass));
      });
}

void MeasureAll(const Pass& pass, int contenders, Access access) {
  Measure<MemoryLockRig<RwlockUser>>(pass, kRwlock, contenders, access);
  Measure<MemoryLockRig<RobustMutexUser>>(pass, kRobustMutex, contenders,
                                          access);
  Measure<RegionLockRig>(pass, kRegionLock, contenders, access);
  Measure<MemoryLockRig<SlotUser>>(pass, kSlotLock, contenders, access);
}

}  // namespace

void MeasureLocks(const Pass& pass) {
  for (const Access access : kAccesses)
    for (const int contenders : kContenders)
      if (pass.effort != Effort::kSmoke || contenders <= 8)
        MeasureAll(pass, contenders, access);
}

}  // namespace bench
