// RegionWatch: whether the contents of a region that is mapped here were
// destroyed. Costs one load while no region of the session was.
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
