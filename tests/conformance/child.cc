// A child process for tests: joins, signals "ready", and waits for "never".
// Exits with 42 when its session ended meanwhile.
#include "ipc/notification.h"
#include "ipc/session.h"

namespace {

absl::StatusOr<ipc::Notification> Take(ipc::Session& session,
                                       std::string_view name) {
  absl::StatusOr<ipc::Capability> capability = session.Take(name);
  if (!capability.ok()) return capability.status();
  return ipc::Notification::Adopt(*std::move(capability));
}

}  // namespace

int main() {
  absl::StatusOr<ipc::Session> session = ipc::Session::FromEnvironment();
  if (!session.ok()) return 1;
  const absl::StatusOr<ipc::Notification> ready = Take(*session, "ready");
  const absl::StatusOr<ipc::Notification> never = Take(*session, "never");
  if (!ready.ok() || !never.ok() || !ready->Signal().ok()) return 1;
  const ipc::Error why = ipc::ErrorOf(never->Wait().status());
  return why == ipc::Error::peer_closed && !session->connected() ? 42 : 1;
}
