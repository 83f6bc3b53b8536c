// PoolSet: what a Pool is: regions, of which more are made as they are needed,
// each twice as large as what there is, up to what the account has.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "ipc/types.h"
#include "pool_core.h"
#include "session_core.h"

namespace ipc {

class PoolSet {
 public:
  // A lane has room for twice as many.
  static constexpr size_t kRegionsMax = 16;
  static constexpr uint64_t kFirstBytes = 1u << 20;
  // No more at once, unless one block takes it.
  static constexpr uint64_t kGrowthMax = 1u << 30;

  // `bytes`: of its one region; 0: it grows.
  static absl::StatusOr<std::shared_ptr<PoolSet>> Create(
      std::shared_ptr<SessionCore> session, uint64_t bytes);

  // Errors: invalid_args; out_of_range; should_wait; timed_out;
  // quota_exceeded (and nothing is lent that could come back).
  base::Result<Loan> Allocate(uint64_t bytes, Deadline deadline);
  void Trim();
  bool grows() const { return grows_; }
  size_t regions() const { return Regions().size(); }
  uint64_t bytes() const;
  uint64_t bytes_in_use() const;
  void CollectReturns() const;

 private:
  using RegionPtr = std::shared_ptr<PoolCore>;

  PoolSet(std::shared_ptr<SessionCore> session, bool grows)
      : session_(std::move(session)), grows_(grows) {}
  std::vector<RegionPtr> Regions() const;
  base::Result<Loan> TryAllocate(uint64_t bytes);
  base::Result<Loan> Search(uint64_t bytes);
  void Add(RegionPtr region);
  Error Grow(uint64_t bytes);
  base::Result<Loan> AwaitBlock(uint64_t bytes, Deadline deadline);
  void SleepOnLenders(uint32_t seen, Deadline deadline);

  const std::shared_ptr<SessionCore> session_;
  const bool grows_;
  const PoolCore::Waiters waiters_ = std::make_shared<std::atomic<int>>(0);
  std::mutex growing_;        // held while the kernel process is asked
  mutable std::mutex mutex_;  // of the list
  std::vector<RegionPtr> regions_;
};

}  // namespace ipc
