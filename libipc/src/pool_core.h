// PoolCore: one region of a pool, sealed, of this process and its allocator,
// whose books are in private memory: no other process can confuse it.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "ipc/loan.h"
#include "ipc/region.h"
#include "libipc/base/biased_mutex.h"
#include "libipc/base/memory.h"
#include "libipc/base/result.h"

namespace ipc {

class LaneEnd;

class PoolCore {
 public:
  // When the last of its blocks goes, lanes forget the region. Never waits: a
  // lane may have that block, and end it under its mutex.
  ~PoolCore();
  static absl::StatusOr<std::shared_ptr<PoolCore>> Create(
      const std::shared_ptr<SessionCore>& session, uint64_t bytes);

  // The block of this size that was freed last, whose bytes the caches may
  // still have; else the first that fits.
  // Errors: should_wait, out_of_range, invalid_args.
  base::Result<uint64_t> Allocate(uint64_t bytes);
  // One more holder of an allocated block; it is free when all have freed it.
  void Share(uint64_t offset);
  void Free(uint64_t offset);
  // While the count is not 0, freeing wakes the session's threads.
  using Waiters = std::shared_ptr<std::atomic<int>>;
  void WakeOnFree(Waiters waiters) { waiters_ = std::move(waiters); }
  // A lane that lends blocks of this pool. Its returns are taken when the pool
  // has no room, or is asked how much is in use.
  void AddLender(std::weak_ptr<LaneEnd> lane, Handle handle,
                 uint32_t attachment);
  void CollectReturns();
  std::vector<std::shared_ptr<LaneEnd>> Lenders() const;
  // All its pages now, where Linux can do that at once (5.14).
  void Prefault() { base::Prefault(mapping_.bytes()); }
  static Loan MakeLoan(const std::shared_ptr<PoolCore>& pool, uint64_t offset,
                       uint64_t bytes);
  // Leaves the block to the lane that lends it.
  static std::shared_ptr<PoolCore> Disown(Loan& loan) {
    return std::move(loan.pool_);
  }
  static const std::shared_ptr<PoolCore>& Of(const Loan& loan) {
    return loan.pool_;
  }
  static uint64_t OffsetOf(const Loan& loan) { return loan.offset_; }

  std::byte* At(uint64_t offset) const {
    return mapping_.bytes().data() + offset;
  }
  Handle region() const { return region_.capability().handle(); }
  uint64_t bytes() const { return mapping_.bytes().size(); }
  uint64_t bytes_in_use() const;

 private:
  // Blocks freed lately are kept whole, up to so many.
  static constexpr size_t kRecentMax = 32;
  struct Block {
    uint64_t offset;
    uint64_t bytes;
  };

  struct Lender {
    std::weak_ptr<LaneEnd> lane;
    Handle handle;  // of the lane
    uint32_t attachment;
  };
  struct Allocated {
    uint64_t bytes;
    uint32_t holders;
  };

  PoolCore(std::shared_ptr<SessionCore> session, Region region,
           Mapping mapping);
  bool TakeRecent(uint64_t bytes, uint64_t* offset);
  bool TakeFree(uint64_t bytes, uint64_t* offset);
  void MergeRecent(size_t down_to);
  void Merge(Block block);

  const std::shared_ptr<SessionCore> session_;
  Region region_;
  const Mapping mapping_;
  mutable base::BiasedMutex mutex_;
  std::vector<Block> recent_;          // free, the last one freed last
  std::map<uint64_t, uint64_t> free_;  // offset -> bytes, merged
  absl::flat_hash_map<uint64_t, Allocated> allocated_;  // by offset
  uint64_t in_use_ = 0;
  std::vector<Lender> lenders_;
  Waiters waiters_;  // set before others know this
};

}  // namespace ipc
