#include "bench/common/placement.h"

namespace bench {

void PinTo(int processor, pid_t process) {
  if (processor < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(processor), &set);
  sched_setaffinity(process, sizeof(set), &set);
}

void Unpin() {
  cpu_set_t set;
  for (unsigned i = 0; i < CPU_SETSIZE; ++i) CPU_SET(i, &set);
  sched_setaffinity(0, sizeof(set), &set);
}

PinnedTo::PinnedTo(int processor) {
  sched_getaffinity(0, sizeof(before_), &before_);
  PinTo(processor);
}

PinnedTo::~PinnedTo() { sched_setaffinity(0, sizeof(before_), &before_); }

}  // namespace bench
