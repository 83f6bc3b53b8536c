#include "examples/image_pipeline/results.h"

#include <random>
#include <utility>

#include "absl/time/time.h"

namespace image_pipeline {
namespace {

constexpr absl::Duration kResultPatience = absl::Seconds(2);

}  // namespace

Results::Results(ipc::Receiver port)
    : port_(std::move(port)), next_(std::random_device()()) {}

uint32_t Results::GiveTicket() {
  const std::lock_guard lock(mutex_);
  tickets_.emplace(++next_, ipc::Message());
  return next_;
}

void Results::Forget(uint32_t ticket) {
  const std::lock_guard lock(mutex_);
  tickets_.erase(ticket);
}

absl::StatusOr<ipc::Message> Results::Take(uint32_t ticket) {
  const std::lock_guard lock(mutex_);
  const auto wanted = tickets_.find(ticket);
  while (!wanted->second.is_loan()) {
    auto result = port_.Receive(ipc::Deadline::After(kResultPatience));
    if (!result.ok()) return result;
    const auto found = tickets_.find(result->label());
    if (found != tickets_.end() && result->is_loan())
      found->second = *std::move(result);
  }
  ipc::Message result = std::move(wanted->second);
  tickets_.erase(wanted);
  return result;
}

}  // namespace image_pipeline
