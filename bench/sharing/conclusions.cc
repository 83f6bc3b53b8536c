// What is to be reached, as docs/performance.md says, and what was. Locks and
// cells have no bar: how they compare is told.
#include "bench/sharing/rows.h"

namespace bench {
namespace {

constexpr double kFlat = 1.1;  // within 10 %

// The most subscribers up to which the cost is flat.
void ConcludeFlat(Figures& figures, const char* system) {
  const RowName first(FanOutGroup(kSubscribers[0]), system);
  if (!figures.Has(first)) return;
  double flat_to = 0;
  for (const int subscribers : kSubscribers) {
    const RowName row(FanOutGroup(subscribers), system);
    if (!figures.Has(row) ||
        figures.Median(row) > kFlat * figures.Median(first))
      break;
    flat_to = subscribers;
  }
  figures.Conclude(std::string("publisher's cost within 10 % up to, ") + system,
                   "subscribers", flat_to, AtLeast(64, 16));
}

void ConcludeFanOut(Figures& figures) {
  for (const char* system : {kTopicReliable, kTopicLossy}) {
    ConcludeFlat(figures, system);
    for (const int subscribers : kSubscribers) {
      const std::string group = FanOutGroup(subscribers);
      const std::string with =
          std::string(system) + ", " + std::to_string(subscribers);
      if (subscribers > 1)
        figures.Compare(with + " subscribers / 1", {group, system},
                        {FanOutGroup(1), system});
      figures.Compare(with + " subscribers / raw ring", {group, system},
                      {group, kRawRing});
    }
  }
}

void ConcludeBlocks(Figures& figures) {
  for (const size_t bytes : kBlockBytes)
    for (const int subscribers : kBlockSubscribers) {
      const std::string group = BlocksGroup(bytes, subscribers);
      const RowName row(group, kTopicBlock);
      if (subscribers > 1)
        figures.Compare(group + " / 1", row,
                        {BlocksGroup(bytes, 1), kTopicBlock});
      if (bytes > kBlockBytes[0])
        figures.Compare(
            group + " / 4 KiB", row,
            {BlocksGroup(kBlockBytes[0], subscribers), kTopicBlock});
      figures.Compare(group + " / lent to each", row, {group, kLaneBlock});
    }
}

void ConcludeLocks(Figures& figures) {
  for (const Access access : kAccesses)
    for (const int contenders : kContenders)
      for (const char* ours : {kRegionLock, kSlotLock})
        for (const char* theirs : {kRwlock, kRobustMutex}) {
          const std::string group = LockGroup(contenders, access);
          figures.Compare(group + ": " + ours + " / " + theirs, {group, ours},
                          {group, theirs});
        }
}

void ConcludeCells(Figures& figures) {
  for (const size_t bytes : kValueBytes)
    for (const char* ours : {kCell, kRing})
      for (const Company company : {Company::kAlone, Company::kTogether})
        for (const auto group_of : {StoreGroup, LoadGroup}) {
          const std::string group = group_of(bytes, company);
          figures.Compare(group + ": " + ours + " / memcpy", {group, ours},
                          {group, kMemcpy});
        }
}

}  // namespace

void ConcludeSharing(Figures& figures) {
  ConcludeFanOut(figures);
  ConcludeBlocks(figures);
  ConcludeLocks(figures);
  ConcludeCells(figures);
}

}  // namespace bench
