#include "ipc/inspect.h"

#include "session_core.h"

namespace ipc {
namespace {

template <typename Entry>
absl::StatusOr<std::vector<Entry>> List(const Capability& kernel,
                                        ObjectKind kind) {
  std::vector<Entry> entries;
  uint64_t after = 0;
  while (true) {
    const Answer answer =
        kernel.session()->Call(abi::Syscall::object_list, kernel.handle(),
                               {.args = {static_cast<uint64_t>(kind), after}});
    if (answer.error() != Error::ok)
      return StatusOfAnswer(abi::Syscall::object_list, kernel.handle(), answer);
    for (uint64_t i = 0; i < answer.value(0); ++i) {
      Entry entry;
      if (!answer.Read(&entry, i * sizeof(entry))) break;
      entries.push_back(entry);
    }
    if (answer.value(0) == 0 && answer.value(2) == 0) return entries;
    after = answer.value(1);
  }
}

}  // namespace

absl::StatusOr<Inspector> Inspector::Create(Capability kernel) {
  absl::StatusOr<CapabilityInfo> info = kernel.Info();
  if (!info.ok()) return info.status();
  if (info->kind != ObjectKind::kernel)
    return MakeStatus(Error::wrong_type,
                      "an Inspector needs the capability named 'kernel'");
  return Inspector(std::move(kernel));
}

absl::StatusOr<std::vector<PortEntry>> Inspector::Ports() const {
  return List<PortEntry>(kernel_, ObjectKind::port);
}
absl::StatusOr<std::vector<LaneEntry>> Inspector::Lanes() const {
  return List<LaneEntry>(kernel_, ObjectKind::lane);
}
absl::StatusOr<std::vector<RegionEntry>> Inspector::Regions() const {
  return List<RegionEntry>(kernel_, ObjectKind::region);
}
absl::StatusOr<std::vector<ProcessEntry>> Inspector::Processes() const {
  return List<ProcessEntry>(kernel_, ObjectKind::process);
}
absl::StatusOr<std::vector<AccountEntry>> Inspector::Accounts() const {
  return List<AccountEntry>(kernel_, ObjectKind::account);
}
absl::StatusOr<std::vector<NotificationEntry>> Inspector::Notifications()
    const {
  return List<NotificationEntry>(kernel_, ObjectKind::notification);
}
absl::StatusOr<std::vector<CapabilityEntry>> Inspector::Capabilities() const {
  return List<CapabilityEntry>(kernel_, ObjectKind::any);
}

absl::StatusOr<std::vector<ThreadEntry>> Inspector::Threads() const {
  return List<ThreadEntry>(kernel_, ObjectKind{abi::kListThreads});
}

}  // namespace ipc
