// The model of the calls about notifications.
#include "tests/unit/kernel/model/calls.h"

namespace model::calls {

using abi::NotificationKind;

Answer notification_create(Call& call) {
  if (!call.Fits({.options = 3, .args = 1})) return Error::invalid_args;
  if (call.options() > 2) return Error::invalid_args;
  Account& account = call.object<Account>();
  const Amounts amounts = Model::One(AccountItem::notifications);
  if (Answer full = Model::Refusal(account, amounts); !full.ok()) return full;
  if (Answer full = call.Room(1); !full.ok()) return full;
  Notification& made = call.model.Add<Notification>();
  made.type = static_cast<NotificationKind>(call.options());
  made.owner = call.session.id();
  made.charged = &account;
  made.value = call.arg(0);
  made.fresh = made.value != 0;
  call.model.Charge(account, amounts);
  return Answer::Of(Hold(call, made), made.id);
}

Answer notification_signal(Call& call) {
  if (!call.Fits({.args = 1})) return Error::invalid_args;
  auto& notification = call.object<Notification>();
  const uint64_t word = call.arg(0);
  if (notification.type == NotificationKind::counter &&
      notification.value + word < word)
    return Error::out_of_range;
  if (notification.type == NotificationKind::bits)
    notification.value |= word;
  else if (notification.type == NotificationKind::counter)
    notification.value += word;
  else
    notification.value = word;
  notification.fresh = true;
  call.model.Touch(notification);
  call.model.ServeTakers(notification);
  return {};
}

Answer notification_wait(Call& call) {
  if (!call.Fits({.options = abi::kTakeOne | abi::kTakeNow, .args = 1}))
    return Error::invalid_args;
  auto& notification = call.object<Notification>();
  if (call.arg(0) != 0 && notification.type != NotificationKind::bits)
    return Error::invalid_args;
  if ((call.options() & abi::kTakeOne) != 0 &&
      notification.type != NotificationKind::counter)
    return Error::invalid_args;
  const uint64_t mask = call.arg(0) != 0 ? call.arg(0) : ~uint64_t{0};
  call.model.Touch(notification);
  if (notification.Has(mask))
    return Answer::Of(notification.Take(mask, call.options()));
  if ((call.options() & abi::kTakeNow) != 0) return Error::should_wait;
  return call.model.Park(call.session, *call.cap,
                         {.user_data = call.request.head.user_data,
                          .mask = mask,
                          .options = call.options()});
}

}  // namespace model::calls
