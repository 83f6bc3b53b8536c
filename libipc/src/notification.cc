#include "ipc/notification.h"

#include "ipc/session.h"
#include "session_core.h"

namespace ipc {
namespace {

absl::Status EmptyNotification() {
  return MakeStatus(Error::bad_handle,
                    "this Notification is empty: its capability was moved");
}

}  // namespace

absl::StatusOr<Notification> Notification::Create(const Session& session,
                                                  NotificationKind kind,
                                                  uint64_t first) {
  const auto& core = session.core();
  const Handle account = core->account();
  if (account == abi::kNoHandle)
    return MakeStatus(Error::not_found,
                      "this session has no account to charge a notification "
                      "to; it needs an initial capability named 'account'");
  const Answer answer =
      core->Call(abi::Syscall::notification_create, account,
                 {.options = static_cast<uint32_t>(kind), .args = {first}});
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::notification_create, account, answer);
  return Notification(Capability(core, static_cast<Handle>(answer.value(0))));
}

absl::StatusOr<Notification> Notification::Adopt(Capability capability) {
  const absl::StatusOr<CapabilityInfo> info = capability.Info();
  if (!info.ok()) return info.status();
  if (info->kind != ObjectKind::notification)
    return MakeStatus(Error::wrong_type,
                      "a Notification needs a capability of a notification");
  return Notification(std::move(capability));
}

absl::Status Notification::Signal(uint64_t word) const {
  if (!capability_.valid()) return EmptyNotification();
  const Answer answer =
      capability_.session()->Call(abi::Syscall::notification_signal,
                                  capability_.handle(), {.args = {word}});
  if (answer.error() == Error::ok) return absl::OkStatus();
  if (answer.error() == Error::out_of_range)
    return MakeStatus(Error::out_of_range,
                      "the counter would overflow; it stays as it is");
  return StatusOfAnswer(abi::Syscall::notification_signal, capability_.handle(),
                        answer);
}

void Notification::SignalSoon(uint64_t word) const {
  if (!capability_.valid()) return;
  capability_.session()->Post(abi::Syscall::notification_signal,
                              capability_.handle(), {.args = {word}});
}

absl::StatusOr<uint64_t> Notification::Take(uint32_t options, uint64_t mask,
                                            Deadline deadline) const {
  if (!capability_.valid()) return EmptyNotification();
  if (deadline.ns == 0) options |= abi::kTakeNow;
  const Answer answer = capability_.session()->CallUntil(
      abi::Syscall::notification_wait, capability_.handle(),
      {.options = options, .args = {mask}}, deadline);
  switch (answer.error()) {
    case Error::ok:
      return answer.value(0);
    case Error::should_wait:
    case Error::timed_out:
      return MakeStatus(answer.error(), "nothing was signalled in time");
    default:
      return StatusOfAnswer(abi::Syscall::notification_wait,
                            capability_.handle(), answer);
  }
}

absl::StatusOr<uint64_t> Notification::Wait(Deadline deadline,
                                            uint64_t mask) const {
  return Take(0, mask, deadline);
}

absl::Status Notification::WaitForOne(Deadline deadline) const {
  return Take(abi::kTakeOne, 0, deadline).status();
}

}  // namespace ipc
