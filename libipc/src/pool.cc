#include "absl/strings/str_cat.h"
#include "ipc/loan.h"
#include "ipc/session.h"
#include "lane_end.h"
#include "pool_core.h"
#include "session_core.h"

namespace ipc {
namespace {

constexpr uint64_t kAlign = 64;

}  // namespace

PoolCore::PoolCore(Region region, Mapping mapping)
    : region_(std::move(region)), mapping_(std::move(mapping)) {
  free_[0] = mapping_.bytes().size();
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
      new PoolCore(*std::move(region), *std::move(mapping)));
}

base::Result<uint64_t> PoolCore::Allocate(uint64_t bytes) {
  if (bytes == 0) return Error::invalid_args;
  if (bytes > this->bytes()) return Error::out_of_range;
  bytes = (bytes + kAlign - 1) & ~(kAlign - 1);
  std::lock_guard lock(mutex_);
  for (auto block = free_.begin(); block != free_.end(); ++block) {
    if (block->second < bytes) continue;
    const uint64_t offset = block->first;
    const uint64_t left = block->second - bytes;
    free_.erase(block);
    if (left > 0) free_[offset + bytes] = left;
    allocated_[offset] = bytes;
    in_use_ += bytes;
    return offset;
  }
  return Error::should_wait;
}

void PoolCore::Free(uint64_t offset) {
  std::lock_guard lock(mutex_);
  auto block = allocated_.find(offset);
  if (block == allocated_.end()) return;
  uint64_t bytes = block->second;
  allocated_.erase(block);
  in_use_ -= bytes;
  auto next = free_.lower_bound(offset);
  if (next != free_.end() && next->first == offset + bytes) {
    bytes += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    auto before = std::prev(next);
    if (before->first + before->second == offset) {
      before->second += bytes;
      return;
    }
  }
  free_[offset] = bytes;
}

void PoolCore::AddLender(std::weak_ptr<LaneEnd> lane) {
  std::lock_guard lock(mutex_);
  std::erase_if(lenders_, [](const auto& old) { return old.expired(); });
  lenders_.push_back(std::move(lane));
}

void PoolCore::CollectReturns() {
  std::vector<std::weak_ptr<LaneEnd>> lenders;
  {
    std::lock_guard lock(mutex_);
    lenders = lenders_;
  }
  // A lane locks the pool to give back; so the pool is not locked here.
  for (const auto& weak : lenders)
    if (auto lane = weak.lock(); lane != nullptr) lane->CollectReturns();
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

void Loan::Shrink(size_t bytes) {
  if (bytes < bytes_.size()) bytes_ = bytes_.first(bytes);
}

absl::StatusOr<Pool> Pool::Create(const Session& session, uint64_t bytes) {
  auto core = PoolCore::Create(session.core(), bytes);
  if (!core.ok()) return core.status();
  return Pool(*std::move(core));
}

absl::StatusOr<Loan> Pool::Allocate(uint64_t bytes) {
  auto offset = core_->Allocate(bytes);
  if (offset.error() == Error::should_wait) {
    core_->CollectReturns();
    offset = core_->Allocate(bytes);
  }
  if (offset.ok()) return PoolCore::MakeLoan(core_, *offset, bytes);
  return MakeStatus(
      offset.error(),
      absl::StrCat("the pool of ", core_->bytes(), " bytes has ",
                   core_->bytes_in_use(), " in use and no block of ", bytes,
                   "; wait until receivers give blocks back, or make a larger "
                   "pool"));
}

uint64_t Pool::bytes() const { return core_->bytes(); }
uint64_t Pool::bytes_in_use() const {
  core_->CollectReturns();
  return core_->bytes_in_use();
}

}  // namespace ipc
