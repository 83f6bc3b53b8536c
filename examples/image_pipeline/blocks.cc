#include "examples/image_pipeline/blocks.h"

#include <algorithm>
#include <bit>
#include <string>

#include "absl/time/clock.h"
#include "libipc/base/clock.h"

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
  for (;;) {
    auto loan = pool->Allocate(bytes);
    if (ipc::ErrorOf(loan.status()) != ipc::Error::should_wait) return loan;
    if (!session_.connected())
      return ipc::MakeStatus(ipc::Error::canceled, "the session has ended");
    if (base::NowNs() >= deadline.ns)
      return ipc::MakeStatus(ipc::Error::timed_out,
                             std::string(loan.status().message()));
    absl::SleepFor(absl::Milliseconds(1));  // a pool tells nobody when it has
  }
}

}  // namespace image_pipeline
