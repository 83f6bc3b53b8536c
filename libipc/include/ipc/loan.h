// Pool and Loan: blocks of shared memory that are lent with a message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "ipc/status.h"
#include "ipc/types.h"

namespace ipc {

class PoolCore;
class PoolSet;
class Session;

// A block of a pool, writable until it is sent. Move-only; an unsent block
// goes back to its pool. Thread: one at a time.
class Loan {
 public:
  Loan() = default;
  Loan(Loan&&) noexcept;
  Loan& operator=(Loan&&) noexcept;
  ~Loan();

  bool valid() const { return pool_ != nullptr; }
  std::span<std::byte> bytes() const { return bytes_; }
  // Lends only the first `bytes` of it.
  void Shrink(size_t bytes);
  // The same block once more, to be lent to another receiver. It goes back to
  // its pool when all who have it have given it back: receivers that return
  // it, die or are cut off, and loans that were not sent. Nobody should write
  // it once it was sent: its readers would see that.
  Loan Share() const;

 private:
  friend class Pool;
  friend class LaneEnd;
  friend class PoolCore;
  Loan(std::shared_ptr<PoolCore> pool, uint64_t offset,
       std::span<std::byte> bytes);
  std::shared_ptr<PoolCore> pool_;
  uint64_t offset_ = 0;
  std::span<std::byte> bytes_;
};

// Memory that this process alone can write (sealed regions), with an allocator
// in private memory. A receiver maps a region read-only the first time, all of
// it: use one pool for each domain of trust. Copies share the pool. Blocks come
// back when receivers return them, die, or are cut off. Thread: any.
class Pool {
 public:
  // Grows by itself, each time by as much as it has, up to what the session's
  // account has. Charged as it grows. Makes nothing yet.
  static absl::StatusOr<Pool> Create(const Session& session);
  // Of one region. Units: bytes, rounded up to pages; charged to the session's
  // account. Errors: invalid_args for 0; quota_exceeded.
  static absl::StatusOr<Pool> Create(const Session& session, uint64_t bytes);

  // A block, 64-byte aligned, contents undefined (what this process wrote
  // there before). Of blocks of its size the one that came back last. Waits
  // until the deadline for blocks to come back.
  // Errors: should_wait, timed_out when all of it is lent out or too fragmented
  // now; out_of_range when it could never fit; quota_exceeded when it cannot
  // grow and nothing is out that could come back; invalid_args for 0.
  absl::StatusOr<Loan> Allocate(uint64_t bytes,
                                Deadline deadline = Deadline::Immediately());

  // Gives regions back of which nothing is in use. Who has read from them has
  // them unmapped. The others go as the pool does: with their last block.
  void Trim();

  uint64_t bytes() const;
  // Bytes that are allocated or lent now.
  uint64_t bytes_in_use() const;

 private:
  explicit Pool(std::shared_ptr<PoolSet> set) : set_(std::move(set)) {}
  std::shared_ptr<PoolSet> set_;
};

}  // namespace ipc
