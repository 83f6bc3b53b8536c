// Model: signals of objects, and who waits for them.
#include "tests/unit/kernel/model/model.h"

namespace model {

abi::Signals Model::SignalsOfKind(ObjectKind kind) {
  if (kind == ObjectKind::port)
    return abi::kSignalPeerClosed | abi::kSignalNoSenders;
  return kind == ObjectKind::process ? abi::kSignalDead : 0u;
}

abi::Signals Model::SignalsOf(const Object& object) {
  abi::Signals signals = 0;
  if (object.kind == ObjectKind::port) {
    const auto& port = static_cast<const Port&>(object);
    if (port.closed) signals |= abi::kSignalPeerClosed;
    if (port.no_senders) signals |= abi::kSignalNoSenders;
  } else if (object.kind == ObjectKind::process) {
    const auto& process = static_cast<const Process&>(object);
    if (process.state == abi::ProcessState::dead) signals |= abi::kSignalDead;
  }
  return signals;
}

Answer Model::SignalAnswer(const Object& object, abi::Signals signals) {
  return Answer::Of(SignalsOf(object) & signals,
                    object.kind == ObjectKind::port
                        ? static_cast<const Port&>(object).generation
                        : 0);
}

void Model::Park(Session& session, Cap& cap, uint64_t user_data,
                 abi::Signals signals) {
  auto watch =
      std::make_unique<Watch>(Watch{&session, &cap, user_data, signals});
  cap.watches[user_data] = watch.get();
  cap.object->watches[user_data] = watch.get();
  session.watches[user_data] = std::move(watch);
}

void Model::Signal(Object& object) {
  const auto watches = object.watches;
  for (const auto& [user_data, watch] : watches)
    if ((watch->signals & SignalsOf(object)) != 0)
      EndWatch(*watch, SignalAnswer(object, watch->signals));
}

void Model::EndWatch(Watch& watch, Answer answer) {
  Session& session = *watch.session;
  if (session.alive())
    session.late[watch.user_data] = {std::move(answer), watch, unordered_,
                                     watch.cap->object->id};
  watch.cap->watches.erase(watch.user_data);
  watch.cap->object->watches.erase(watch.user_data);
  session.watches.erase(watch.user_data);
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
  const auto wrong = [&] {
    throw Mismatch("a watch is answered with error " +
                   std::to_string(static_cast<int>(answer.error)) + ", value " +
                   std::to_string(answer.values[0]) + ", generation " +
                   std::to_string(answer.values[1]) + "; the model has error " +
                   std::to_string(static_cast<int>(late.answer.error)) +
                   ", value " + std::to_string(late.answer.values[0]) +
                   ", generation " + std::to_string(late.answer.values[1]));
  };
  if (!late.loose) wrong();
  coverage_.Saw("watches answered in an order that is not known");
  if (answer.error == Error::revoked) return;
  const Object* port = FindObject(ObjectKind::port, late.object);
  if (answer.error != Error::ok || answer.values[0] == 0) wrong();
  if (port == nullptr) return;
  const Answer all = SignalAnswer(*port, late.watch.signals);
  if ((answer.values[0] & ~all.values[0]) != 0 ||
      answer.values[1] > all.values[1] || answer.values[1] + 1 < all.values[1])
    wrong();
}

}  // namespace model
