// Blocks to lend, of any size: one pool, replaced by a larger one when an
// image does not fit kBlocks times. A pool that grows by itself would never
// make a fast service wait for a slow one.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include "ipc/loan.h"
#include "ipc/session.h"

namespace image_pipeline {

// Thread: any.
class Blocks {
 public:
  explicit Blocks(const ipc::Session& session) : session_(session) {}

  // Waits until receivers give blocks back, up to the deadline.
  // Errors: timed_out; canceled, peer_closed (the session ended); those of
  // Pool::Create.
  absl::StatusOr<ipc::Loan> Allocate(uint64_t bytes, ipc::Deadline deadline);

 private:
  static constexpr uint64_t kBlocks = 6;
  absl::StatusOr<ipc::Pool> PoolFor(uint64_t bytes);

  const ipc::Session& session_;
  std::mutex mutex_;
  std::optional<ipc::Pool> pool_;
};

}  // namespace image_pipeline
