#include "libipc/base/spinner.h"

#include <unistd.h>

namespace base {

int OnlineProcessors() {
  static const int count = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  return count;
}

std::atomic<int64_t> Spinner::most_ns_{30'000};

void Spinner::SetMost(int64_t ns) {
  most_ns_.store(ns, std::memory_order_relaxed);
}

int64_t Spinner::Budget() {
  const int64_t most = most_ns_.load(std::memory_order_relaxed);
  if (most < kLeastNs) return 0;
  const int64_t budget = budget_ns_.load(std::memory_order_relaxed);
  if (budget >= kLeastNs && budget <= most) return budget;
  // Where polling has not paid lately it is tried rarely, and then long enough
  // for a peer that has to be woken first: two that sleep would never find out.
  const uint32_t waits = waits_.fetch_add(1, std::memory_order_relaxed);
  if (budget != kNotLearnt && waits % 64 != 63) return 0;
  if (OnlineProcessors() < 2) {
    budget_ns_.store(0, std::memory_order_relaxed);
    return 0;
  }
  return most;
}

void Spinner::Learn(bool paid) {
  const int64_t most = most_ns_.load(std::memory_order_relaxed);
  const int64_t budget = budget_ns_.load(std::memory_order_relaxed);
  if (paid) {
    if (budget != most) budget_ns_.store(most, std::memory_order_relaxed);
  } else {
    budget_ns_.store(budget > 0 ? budget / 2 : 0, std::memory_order_relaxed);
  }
}

}  // namespace base
