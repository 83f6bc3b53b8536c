// Calls about notifications.
#include "kernel/syscall/call.h"

namespace kernel::handlers {

Answer notification_create(Call& call) {
  KP_ANSWER(call.Check({.options = 3, .args = 1}));
  if (call.request.options >
      static_cast<uint32_t>(abi::NotificationKind::latest))
    return Error::invalid_args;
  Account& account = call.object<Account>();
  const Charges charges = Charges::Of(AccountItem::notifications);
  KP_ANSWER(Kernel::RoomIn(account, charges));
  KP_ANSWER(call.kernel.RoomFor(call.session, 1));
  auto& made = call.kernel.Add<Notification>(
      static_cast<abi::NotificationKind>(call.request.options));
  made.owner_process = call.session.id();
  made.charged = &account;
  call.kernel.Charge(account, charges);
  if (call.request.args[0] != 0) (void)made.Put(call.request.args[0]);
  return Answer::Of(call.PlaceNew(made), made.id);
}

Answer notification_signal(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  auto& notification = call.object<Notification>();
  KP_TRY(notification.Put(call.request.args[0]));
  call.kernel.ServeTakers(notification);
  return {};
}

Answer notification_wait(Call& call) {
  KP_ANSWER(call.Check({.options = abi::kTakeOne | abi::kTakeNow, .args = 1}));
  auto& notification = call.object<Notification>();
  const uint64_t asked = call.request.args[0];
  const bool is_bits = notification.type == abi::NotificationKind::bits;
  if (asked != 0 && !is_bits) return Error::invalid_args;
  const bool one = (call.request.options & abi::kTakeOne) != 0;
  if (one && notification.type != abi::NotificationKind::counter)
    return Error::invalid_args;
  const uint64_t mask = asked != 0 ? asked : ~uint64_t{0};
  if (notification.Has(mask))
    return Answer::Of(notification.Take(mask, call.request.options));
  if ((call.request.options & abi::kTakeNow) != 0) return Error::should_wait;
  if (notification.takers.size() >= Notification::kTakersMax)
    return Answer::Failed(Error::quota_exceeded, notification.takers.size(),
                          Notification::kTakersMax);
  return call.Park({.mask = mask, .options = call.request.options});
}

}  // namespace kernel::handlers
