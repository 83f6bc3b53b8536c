#include "ipc/inspect.h"

#include "libipc/base/times.h"
#include "session_core.h"

namespace ipc {

template <typename Entry>
absl::StatusOr<std::vector<Entry>> Inspector::List(ObjectKind kind) const {
  std::vector<Entry> entries;
  uint64_t after = 0;
  while (true) {
    const Answer answer =
        kernel_.session()->Call(abi::Syscall::object_list, kernel_.handle(),
                                {.args = {static_cast<uint64_t>(kind), after}},
                                Deadline::After(patience_));
    if (answer.error() != Error::ok)
      return StatusOfAnswer(abi::Syscall::object_list, kernel_.handle(),
                            answer);
    for (uint64_t i = 0; i < answer.value(0); ++i) {
      Entry entry;
      if (!answer.Read(&entry, i * sizeof(entry))) break;
      entries.push_back(entry);
    }
    if (answer.value(0) == 0 && answer.value(2) == 0) return entries;
    after = answer.value(1);
  }
}

absl::StatusOr<Inspector> Inspector::Create(Capability kernel,
                                            absl::Duration patience) {
  absl::StatusOr<CapabilityInfo> info = kernel.Info();
  if (!info.ok()) return info.status();
  if (info->kind != ObjectKind::kernel)
    return MakeStatus(Error::wrong_type,
                      "an Inspector needs the capability named 'kernel'");
  return Inspector(std::move(kernel), patience);
}

absl::StatusOr<std::vector<PortEntry>> Inspector::Ports() const {
  return List<PortEntry>(ObjectKind::port);
}
absl::StatusOr<std::vector<LaneEntry>> Inspector::Lanes() const {
  return List<LaneEntry>(ObjectKind::lane);
}
absl::StatusOr<std::vector<RegionEntry>> Inspector::Regions() const {
  return List<RegionEntry>(ObjectKind::region);
}
absl::StatusOr<std::vector<ProcessEntry>> Inspector::Processes() const {
  return List<ProcessEntry>(ObjectKind::process);
}
absl::StatusOr<std::vector<AccountEntry>> Inspector::Accounts() const {
  return List<AccountEntry>(ObjectKind::account);
}
absl::StatusOr<std::vector<NotificationEntry>> Inspector::Notifications()
    const {
  return List<NotificationEntry>(ObjectKind::notification);
}
absl::StatusOr<std::vector<TopicEntry>> Inspector::Topics() const {
  return List<TopicEntry>(ObjectKind::topic);
}
absl::StatusOr<std::vector<SubscriptionEntry>> Inspector::Subscriptions()
    const {
  return List<SubscriptionEntry>(ObjectKind::subscription);
}
absl::StatusOr<std::vector<CapabilityEntry>> Inspector::Capabilities() const {
  return List<CapabilityEntry>(ObjectKind::any);
}

absl::StatusOr<std::vector<ThreadEntry>> Inspector::Threads() const {
  return List<ThreadEntry>(ObjectKind{abi::kListThreads});
}

absl::StatusOr<LaneTimes> Inspector::Times(uint64_t port) const {
  // A lane that goes between two pages has moved to the first of them.
  constexpr int kTries = 4;
  constexpr auto kCall = abi::Syscall::port_times;
  LaneTimes sum = {};
  for (int i = 0; i < kTries; ++i) {
    sum = {};
    uint64_t after = 0;
    uint64_t version = 0;
    while (true) {
      const Answer answer = kernel_.session()->Call(kCall, kernel_.handle(),
                                                    {.args = {port, after}},
                                                    Deadline::After(patience_));
      if (answer.error() != Error::ok)
        return StatusOfAnswer(kCall, kernel_.handle(), answer);
      if (after == 0) version = answer.value(3);
      if (version != answer.value(3) && i + 1 < kTries) break;
      LaneTimes part;
      if (answer.Read(&part)) base::AddTimes(part, &sum);
      if (answer.value(2) == 0) return sum;
      after = answer.value(1);
    }
  }
  return sum;
}

}  // namespace ipc
