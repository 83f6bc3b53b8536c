// What the processes of this example share: a region with a lock, and a table
// of two accounts whose sum never changes. Between the two stores of a
// transfer it is wrong; that is what the lock hides.
#pragma once

#include <atomic>
#include <cstdint>

#include "ipc/port.h"
#include "ipc/region_lock.h"

namespace table {

inline constexpr int64_t kSum = 1'000;
inline constexpr uint64_t kRegionBytes = 2 * ipc::RegionLock::kBytes;

struct Table {
  int64_t first;
  int64_t second;
  // Counts reads; not guarded.
  std::atomic<uint64_t> reads;
};

// A process's view of it.
struct View {
  ipc::Region region;
  ipc::Mapping mapping;
  ipc::RegionLock lock;

  Table& table() const {
    return *reinterpret_cast<Table*>(mapping.bytes().data() +
                                     ipc::RegionLock::kBytes);
  }
};

inline absl::StatusOr<View> ViewOf(ipc::Region region) {
  auto mapping = region.MapWrite();
  if (!mapping.ok()) return mapping.status();
  auto lock = ipc::RegionLock::Attach(region, 0);
  if (!lock.ok()) return lock.status();
  return View{std::move(region), *std::move(mapping), *std::move(lock)};
}

// Asks the keeper for the region.
inline absl::StatusOr<View> Open(ipc::Session& session) {
  auto port = session.Take("table");
  if (!port.ok()) return port.status();
  auto keeper = ipc::Sender::Create(*std::move(port));
  if (!keeper.ok()) return keeper.status();
  auto answer = keeper->Call("open");
  if (!answer.ok()) return answer.status();
  auto given = answer->TakeCapabilities();
  if (!given.ok()) return given.status();
  if (given->size() != 1)
    return ipc::MakeStatus(ipc::Error::not_found, "the keeper gave no region");
  auto region = ipc::Region::Adopt(std::move(given->front().capability));
  if (!region.ok()) return region.status();
  return ViewOf(*std::move(region));
}

}  // namespace table
