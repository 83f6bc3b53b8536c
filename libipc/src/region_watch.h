// RegionWatch: goes with one descriptor of a region that this session was
// given, and all that is mapped with it. Tells whether the contents were
// destroyed, which costs one load while no region of the session was; and tells
// the kernel process, in the end, that the memory is gone here. So it must go
// last.
#pragma once

#include <atomic>
#include <memory>

#include "ipc/mapping.h"
#include "session_core.h"

namespace ipc {

class RegionWatch {
 public:
  // `seen`: the session's word, read before the region was asked for.
  RegionWatch(std::shared_ptr<SessionCore> session, uint64_t region,
              uint32_t seen)
      : session_(std::move(session)), region_(region), seen_(seen) {}
  RegionWatch(const RegionWatch&) = delete;
  RegionWatch& operator=(const RegionWatch&) = delete;
  // Never waits.
  ~RegionWatch() {
    session_->Later(abi::Syscall::region_unmapped, abi::kNoHandle, region_);
  }

  // To be asked after reading. Errors: bad_state; those of a call.
  absl::Status CheckWhole() const;
  // The region as it is now. Errors: those of a call.
  absl::StatusOr<abi::RegionFacts> Ask() const;

 private:
  const std::shared_ptr<SessionCore> session_;
  const uint64_t region_;
  mutable std::atomic<uint32_t> seen_;
};

// What a call about a region told. Errors: peer_closed for too little.
absl::StatusOr<abi::RegionFacts> FactsOf(const Answer& answer);

}  // namespace ipc
