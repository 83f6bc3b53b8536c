#include "spare_half.h"

#include "libipc/base/barrier.h"
#include "session_core.h"

namespace ipc {

// Nobody asks again after a failure that would come again: lanes then begin
// without a spare.
uint64_t SpareHalf::Keep(Answer granted) {
  if (granted.error() == Error::quota_exceeded)
    Move(State::kAsked, State::kNone);
  if (granted.error() != Error::ok || granted.descriptors.size() != 2) return 0;
  auto half = base::Half::Map(granted.descriptors[0].get(),
                              static_cast<uint32_t>(granted.value(2)),
                              granted.value(1), base::Access::kReadWrite);
  if (!half.ok()) return 0;
  // The peer may look at it before this process knows of the lane. The first
  // touch of the pages that are used first is made here, too.
  if (base::HasProcessBarriers())
    (*half)->barrier().store(1, std::memory_order_relaxed);
  std::atomic_ref<uint8_t>(*(*half)->ring()).store(0);
  std::lock_guard lock(mutex_);
  number_ = granted.value(0);
  mapped_ = {*std::move(half), std::move(granted.descriptors[1])};
  state_.store(State::kHeld);
  return number_;
}

std::optional<MappedHalf> SpareHalf::Take(uint64_t number) {
  std::lock_guard lock(mutex_);
  if (number != number_ || !Move(State::kHeld, State::kNone)) return {};
  return std::move(mapped_);
}

}  // namespace ipc
