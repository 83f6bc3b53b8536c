#include "ipc/types.h"
#include "libipc/base/clock.h"

namespace ipc {

Deadline Deadline::After(absl::Duration duration) {
  if (duration == absl::InfiniteDuration()) return Never();
  return {base::NowNs() + absl::ToInt64Nanoseconds(duration)};
}

}  // namespace ipc
