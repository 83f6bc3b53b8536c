#include "examples/image_pipeline/blocks.h"

#include <algorithm>
#include <bit>

namespace image_pipeline {
namespace {

constexpr uint64_t kPoolBytesLeast = 4u << 20;

}  // namespace

absl::StatusOr<ipc::Pool> Blocks::PoolFor(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const uint64_t wanted = kBlocks * bytes;
  if (pool_ && pool_->bytes() >= wanted) return *pool_;
  auto pool = ipc::Pool::Create(
      session_, std::bit_ceil(std::max(wanted, kPoolBytesLeast)));
  if (!pool.ok()) return pool.status();
  pool_ = *pool;
  return pool;
}

absl::StatusOr<ipc::Loan> Blocks::Allocate(uint64_t bytes,
                                           ipc::Deadline deadline) {
  auto pool = PoolFor(bytes);
  if (!pool.ok()) return pool.status();
  return pool->Allocate(bytes, deadline);
}

}  // namespace image_pipeline
