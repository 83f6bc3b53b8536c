// What a program may tune about waiting.
#pragma once

#include "absl/time/time.h"

namespace ipc {

// The most that a waiting thread polls before it sleeps; zero: it sleeps at
// once. The default is 30 µs, shortened by itself where polling does not pay.
// Thread: any; for the whole process, best called before the first wait.
void SetPollingLimit(absl::Duration limit);

}  // namespace ipc
