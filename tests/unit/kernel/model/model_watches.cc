// Model: signals of objects, and who waits for them.
#include "tests/unit/kernel/model/model.h"

namespace model {

abi::Signals Model::SignalsOfKind(ObjectKind kind) {
  if (kind == ObjectKind::port)
    return abi::kSignalPeerClosed | abi::kSignalNoSenders;
  if (kind == ObjectKind::account) return abi::kSignalQuota;
  if (kind == ObjectKind::notification) return abi::kSignalNotified;
  if (kind == ObjectKind::reply) return abi::kSignalPeerClosed;
  if (kind == ObjectKind::process) return abi::kSignalDead | abi::kSignalExited;
  return 0;
}

abi::Signals Model::SignalsOf(const Object& object) {
  abi::Signals signals = 0;
  if (object.kind == ObjectKind::port) {
    const auto& port = static_cast<const Port&>(object);
    if (port.closed) signals |= abi::kSignalPeerClosed;
    if (port.no_senders) signals |= abi::kSignalNoSenders;
  } else if (object.kind == ObjectKind::process) {
    const auto& process = static_cast<const Process&>(object);
    if (process.session == nullptr) signals |= abi::kSignalDead;
  } else if (object.kind == ObjectKind::account) {
    if (static_cast<const Account&>(object).at_soft != 0)
      signals |= abi::kSignalQuota;
  } else if (object.kind == ObjectKind::reply) {
    if (!static_cast<const Reply&>(object).open())
      signals |= abi::kSignalPeerClosed;
  } else if (object.kind == ObjectKind::notification) {
    if (static_cast<const Notification&>(object).Has(~uint64_t{0}))
      signals |= abi::kSignalNotified;
  }
  return signals;
}

Answer Model::SignalAnswer(const Object& object, abi::Signals signals) {
  if (object.kind == ObjectKind::port)
    return Answer::Of(signals, static_cast<const Port&>(object).generation);
  if (object.kind != ObjectKind::account) return Answer::Of(signals);
  const auto& account = static_cast<const Account&>(object);
  return Answer::Of(signals, account.generation, account.at_soft);
}

Answer Model::Park(Session& session, Cap& cap, const Watch& wanted) {
  constexpr uint64_t kWatchesMax = 4096;
  if (session.watches.size() >= kWatchesMax)
    return Answer::Failed(Error::quota_exceeded, session.watches.size(),
                          kWatchesMax);
  const Amounts amounts = One(AccountItem::watches);
  if (Answer full = Refusal(*session.account, amounts); !full.ok()) return full;
  auto watch = std::make_unique<Watch>(wanted);
  watch->session = &session;
  watch->cap = &cap;
  cap.watches[watch->user_data] = watch.get();
  watch->order = next_watch_++;
  if (watch->signals != 0)
    cap.object->watches[watch->user_data] = watch.get();
  else
    As<Notification>(*cap.object).takers[watch->order] = watch.get();
  touched_objects_.insert(cap.object->id);
  session.watches[watch->user_data] = std::move(watch);
  // May be what it waits for.
  Charge(*session.account, amounts);
  return Answer::Parked();
}

void Model::ServeTakers(Notification& notification) {
  const auto takers = notification.takers;
  for (const auto& [order, watch] : takers)
    if (notification.Has(watch->mask)) {
      coverage_.Saw("taken by who had waited");
      EndWatch(*watch,
               Answer::Of(notification.Take(watch->mask, watch->options)));
    }
  Signal(notification);
}

void Model::Signal(Object& object) {
  const abi::Signals now = SignalsOf(object);
  std::vector<Watch*> due;
  for (const auto& [user_data, watch] : object.watches)
    if ((watch->signals & now) != 0) due.push_back(watch);
  const bool fewer = object.kind == ObjectKind::account && due.size() > 1;
  const Answer all = SignalAnswer(object, now);
  for (Watch* watch : due) {
    Answer answer = all;
    if (!fewer) answer = SignalAnswer(object, now);
    answer.values[0] = watch->signals & now;
    EndWatch(*watch, answer, fewer);
  }
}

void Model::EndWatch(Watch& watch, Answer answer, bool fewer_items) {
  Session& session = *watch.session;
  const Object& object = *watch.cap->object;
  if (session.alive())
    session.late[watch.user_data] = {std::move(answer), watch,
                                     unordered_,        object.id,
                                     object.kind,       fewer_items};
  watch.cap->watches.erase(watch.user_data);
  touched_objects_.insert(object.id);
  if (watch.signals != 0)
    watch.cap->object->watches.erase(watch.user_data);
  else
    As<Notification>(*watch.cap->object).takers.erase(watch.order);
  session.watches.erase(watch.user_data);
  Refund(*session.account, One(AccountItem::watches));
}

// If the order is not known, a signal may have come before its watch was
// revoked, or after, and before or after another signal.
void Model::LateAnswered(Session& session, uint64_t user_data,
                         const Answer& answer) {
  const auto found = session.late.find(user_data);
  if (found == session.late.end())
    throw Mismatch("an answer to what nobody asked");
  const LateAnswer late = found->second;
  session.late.erase(found);
  coverage_.Saw(answer.error == Error::ok ? "watches answered by a signal"
                                          : "watches ended");
  if (answer.error == late.answer.error && answer.values == late.answer.values)
    return;
  Answer same_items = answer;
  same_items.values[2] = late.answer.values[2];
  if (late.fewer_items && answer.error == late.answer.error &&
      same_items.values == late.answer.values &&
      (answer.values[2] & ~late.answer.values[2]) == 0)
    return;
  const auto wrong = [&] {
    throw Mismatch("a watch is answered with error " +
                   std::to_string(static_cast<int>(answer.error)) + ", value " +
                   std::to_string(answer.values[0]) + ", generation " +
                   std::to_string(answer.values[1]) + "; the model has error " +
                   std::to_string(static_cast<int>(late.answer.error)) +
                   ", value " + std::to_string(late.answer.values[0]) +
                   ", generation " + std::to_string(late.answer.values[1]));
  };
  if (!late.loose || late.watch.signals == 0) wrong();
  coverage_.Saw("watches answered in an order that is not known");
  if (answer.error == Error::revoked) return;
  if (answer.error != Error::ok || answer.values[0] == 0 ||
      (answer.values[0] & ~uint64_t{late.watch.signals}) != 0)
    wrong();
  const Object* port = FindObject(ObjectKind::port, late.object);
  if (port == nullptr) return;
  const Answer all = SignalAnswer(*port, SignalsOf(*port) & late.watch.signals);
  if ((answer.values[0] & ~all.values[0]) != 0 ||
      answer.values[1] > all.values[1] || answer.values[1] + 1 < all.values[1])
    wrong();
}

}  // namespace model
