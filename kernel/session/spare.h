// Spare: a half that a session has mapped ahead of the lane that will take it,
// so that the lane needs no more round trips to begin.
//
//   none --Grant--> granted --Ready--> ready --Take--> none
#pragma once

#include <memory>

#include "kernel/object/answer.h"
#include "libipc/base/half.h"

namespace kernel {

// The memory of one end of a lane, made for it or taken over.
struct EndMemory {
  uint64_t spare = 0;  // its number; 0: it is no spare
  uint64_t key = 0;
  UniqueFd memory;
  std::shared_ptr<base::Half> half;  // of a spare: mapped here and sealed
  UniqueFd near_bell;                // to be sent; of a spare: sent already
  UniqueFd far_bell;                 // the other side's
};
// Errors: quota_exceeded.
Result<EndMemory> MakeEndMemory(uint32_t ring_bytes);

class Spare {
 public:
  static constexpr uint32_t kRingBytes = abi::kRingBytesDefault;

  // Errors: bad_state: there is one; quota_exceeded.
  Answer Grant();
  // It is mapped. Errors: not_found; bad_state: ready already.
  Answer Ready(uint64_t number);
  // Whether a lane with rings of this size may take it.
  bool IsReadyFor(uint32_t ring_bytes) const {
    return ready_ && ring_bytes == kRingBytes;
  }
  EndMemory Take();
  // Number of the one that is there; 0: none.
  uint64_t number() const { return memory_.spare; }

 private:
  uint64_t last_ = 0;
  EndMemory memory_;
  bool ready_ = false;
};

}  // namespace kernel
