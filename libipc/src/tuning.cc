#include "ipc/tuning.h"

#include "libipc/base/spinner.h"

namespace ipc {

void SetPollingLimit(absl::Duration limit) {
  base::Spinner::SetMost(absl::ToInt64Nanoseconds(limit));
}

}  // namespace ipc
