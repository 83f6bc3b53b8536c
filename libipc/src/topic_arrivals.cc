#include "topic_arrivals.h"

#include <algorithm>

namespace ipc {

void TopicArrivals::ProcessMail() {
  if (!mailbox_->HasMail()) return;
  // Held over the taking, so that two threads keep the order.
  std::lock_guard lock(mutex_);
  has_any_.store(true, std::memory_order_release);  // until it is known
  for (Answer& event : mailbox_->Take()) Add(event);
  has_any_.store(!arrivals_.empty(), std::memory_order_release);
}

void TopicArrivals::Add(Answer& event) {
  switch (static_cast<abi::Event>(event.completion.number & ~abi::kEventFlag)) {
    case abi::Event::subscriber_joined:
      OnJoined(event);
      break;
    case abi::Event::subscriber_left:
      OnLeft(event.value(0));
      break;
    case abi::Event::publisher_left:
      arrivals_.push_back({.kind = Arrival::Kind::kEnded});
      break;
    default:
      break;
  }
}

void TopicArrivals::OnJoined(Answer& event) {
  Arrival joined = {.kind = Arrival::Kind::kJoined,
                    .id = event.value(0),
                    .options = static_cast<uint32_t>(event.value(1) >> 32),
                    .waited = (event.value(1) & abi::kSubscriberWaited) != 0};
  if (!event.descriptors.empty()) {
    auto page = base::SubscriberMemory::Map(
        event.descriptors[0].get(), static_cast<uint32_t>(event.value(1)),
        base::Access::kRead);
    if (page.ok()) joined.page = *std::move(page);
  }
  if (event.descriptors.size() > 1)
    joined.bell = std::move(event.descriptors[1]);
  arrivals_.push_back(std::move(joined));
}

void TopicArrivals::OnLeft(uint64_t id) {
  const auto came = std::find_if(
      arrivals_.begin(), arrivals_.end(), [id](const Arrival& one) {
        return one.kind == Arrival::Kind::kJoined && one.id == id;
      });
  if (came == arrivals_.end()) {
    arrivals_.push_back({.kind = Arrival::Kind::kLeft, .id = id});
    return;
  }
  arrivals_.erase(came);
  missed_.fetch_add(1, std::memory_order_relaxed);
}

std::vector<TopicArrivals::Arrival> TopicArrivals::Take() {
  ProcessMail();
  std::lock_guard lock(mutex_);
  has_any_.store(false, std::memory_order_relaxed);
  return std::exchange(arrivals_, {});
}

}  // namespace ipc
