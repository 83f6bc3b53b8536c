#include "pool_core.h"

#include <algorithm>

#include "ipc/loan.h"
#include "lane_end.h"
#include "session_core.h"

namespace ipc {
namespace {

constexpr uint64_t kAlign = 64;

}  // namespace

PoolCore::PoolCore(std::shared_ptr<SessionCore> session, Region region,
                   Mapping mapping)
    : session_(std::move(session)),
      region_(std::move(region)),
      mapping_(std::move(mapping)) {
  free_[0] = mapping_.bytes().size();
}

// Of a lane that is left, what was lent may still be read.
PoolCore::~PoolCore() {
  for (const Lender& lender : lenders_)
    if (!lender.lane.expired())
      session_->Later(abi::Syscall::lane_detach, lender.handle,
                      lender.attachment);
  session_->CloseLater(region_.TakeCapability().Release());
}

absl::StatusOr<std::shared_ptr<PoolCore>> PoolCore::Create(
    const std::shared_ptr<SessionCore>& session, uint64_t bytes) {
  absl::StatusOr<Region> region = Region::Create(session, bytes);
  if (!region.ok()) return region.status();
  absl::StatusOr<Mapping> mapping = region->MapWrite();
  if (!mapping.ok()) return mapping.status();
  if (absl::Status status = region->SealSingleWriter(); !status.ok())
    return status;
  return std::shared_ptr<PoolCore>(
      new PoolCore(session, *std::move(region), *std::move(mapping)));
}

base::Result<uint64_t> PoolCore::Allocate(uint64_t bytes) {
  if (bytes == 0) return Error::invalid_args;
  if (bytes > this->bytes()) return Error::out_of_range;
  bytes = (bytes + kAlign - 1) & ~(kAlign - 1);
  std::lock_guard lock(mutex_);
  uint64_t offset;
  if (!TakeRecent(bytes, &offset) && !TakeFree(bytes, &offset)) {
    MergeRecent(0);
    if (!TakeFree(bytes, &offset)) return Error::should_wait;
  }
  allocated_[offset] = {bytes, 1};
  in_use_ += bytes;
  return offset;
}

bool PoolCore::TakeRecent(uint64_t bytes, uint64_t* offset) {
  for (size_t i = recent_.size(); i-- > 0;) {
    if (recent_[i].bytes != bytes) continue;
    *offset = recent_[i].offset;
    recent_.erase(recent_.begin() + static_cast<ptrdiff_t>(i));
    return true;
  }
  return false;
}

bool PoolCore::TakeFree(uint64_t bytes, uint64_t* offset) {
  for (auto block = free_.begin(); block != free_.end(); ++block) {
    if (block->second < bytes) continue;
    *offset = block->first;
    const uint64_t left = block->second - bytes;
    free_.erase(block);
    if (left > 0) free_[*offset + bytes] = left;
    return true;
  }
  return false;
}

void PoolCore::Share(uint64_t offset) {
  std::lock_guard lock(mutex_);
  ++allocated_[offset].holders;
}

void PoolCore::Free(uint64_t offset) {
  {
    std::lock_guard lock(mutex_);
    const auto found = allocated_.find(offset);
    if (found == allocated_.end() || --found->second.holders > 0) return;
    const uint64_t bytes = found->second.bytes;
    allocated_.erase(found);
    recent_.push_back({offset, bytes});
    in_use_ -= bytes;
    if (recent_.size() > kRecentMax) MergeRecent(kRecentMax / 2);
  }
  if (waiters_ != nullptr && waiters_->load() > 0) session_->WakeAll();
}

// The oldest go.
void PoolCore::MergeRecent(size_t down_to) {
  const size_t count = recent_.size() - std::min(down_to, recent_.size());
  for (size_t i = 0; i < count; ++i) Merge(recent_[i]);
  recent_.erase(recent_.begin(),
                recent_.begin() + static_cast<ptrdiff_t>(count));
}

void PoolCore::Merge(Block block) {
  auto next = free_.lower_bound(block.offset);
  if (next != free_.end() && next->first == block.offset + block.bytes) {
    block.bytes += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == block.offset) {
      before->second += block.bytes;
      return;
    }
  }
  free_[block.offset] = block.bytes;
}

void PoolCore::AddLender(std::weak_ptr<LaneEnd> lane, Handle handle,
                         uint32_t attachment) {
  std::lock_guard lock(mutex_);
  std::erase_if(lenders_, [](const auto& old) { return old.lane.expired(); });
  lenders_.push_back({std::move(lane), handle, attachment});
}

std::vector<std::shared_ptr<LaneEnd>> PoolCore::Lenders() const {
  std::vector<std::shared_ptr<LaneEnd>> lanes;
  std::lock_guard lock(mutex_);
  for (const Lender& lender : lenders_)
    if (auto lane = lender.lane.lock(); lane != nullptr)
      lanes.push_back(std::move(lane));
  return lanes;
}

void PoolCore::CollectReturns() {
  // A lane locks the pool to give back; so the pool is not locked here.
  for (const auto& lane : Lenders()) lane->CollectReturns();
}

uint64_t PoolCore::bytes_in_use() const {
  std::lock_guard lock(mutex_);
  return in_use_;
}

Loan PoolCore::MakeLoan(const std::shared_ptr<PoolCore>& pool, uint64_t offset,
                        uint64_t bytes) {
  return Loan(pool, offset, {pool->At(offset), static_cast<size_t>(bytes)});
}

Loan::Loan(std::shared_ptr<PoolCore> pool, uint64_t offset,
           std::span<std::byte> bytes)
    : pool_(std::move(pool)), offset_(offset), bytes_(bytes) {}

Loan::Loan(Loan&& other) noexcept = default;

Loan& Loan::operator=(Loan&& other) noexcept {
  std::swap(pool_, other.pool_);
  std::swap(offset_, other.offset_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Loan::~Loan() {
  if (pool_ != nullptr) pool_->Free(offset_);
}

Loan Loan::Share() const {
  if (pool_ == nullptr) return {};
  pool_->Share(offset_);
  return Loan(pool_, offset_, bytes_);
}

void Loan::Shrink(size_t bytes) {
  if (bytes < bytes_.size()) bytes_ = bytes_.first(bytes);
}

}  // namespace ipc
