// Pool and Loan: blocks of shared memory that are lent with a message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "ipc/status.h"

namespace ipc {

class PoolCore;
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

// A region that this process alone can write (sealed), with an allocator in
// private memory. A receiver maps it read-only the first time, all of it: use
// one pool for each domain of trust. Copies share
// the pool. Thread: any.
class Pool {
 public:
  // Units: bytes, rounded up to pages; charged to the session's account.
  // Errors: invalid_args for 0; quota_exceeded.
  static absl::StatusOr<Pool> Create(const Session& session, uint64_t bytes);

  // A block, 64-byte aligned, contents undefined (what this process wrote
  // there before). Errors: should_wait when all of it is lent out or too
  // fragmented now; out_of_range when it could never fit; invalid_args for 0.
  absl::StatusOr<Loan> Allocate(uint64_t bytes);

  uint64_t bytes() const;
  // Bytes that are allocated or lent now.
  uint64_t bytes_in_use() const;

 private:
  explicit Pool(std::shared_ptr<PoolCore> core) : core_(std::move(core)) {}
  std::shared_ptr<PoolCore> core_;
};

}  // namespace ipc
