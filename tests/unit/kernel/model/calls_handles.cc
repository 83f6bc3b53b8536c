// The model of the calls about any handle.
#include "tests/unit/kernel/model/calls.h"
#include "tests/unit/kernel/model/entries.h"

namespace model::calls {
namespace {

constexpr uint64_t kWatchesMax = 4096;

Answer Derive(Call& call, uint64_t badge) {
  const auto rights = Asked(*call.cap, call.arg(0));
  if (!rights.has_value()) return Error::invalid_args;
  if (Answer full = call.Room(1); !full.ok()) return full;
  Cap& made = call.model.NewCap(*call.cap->object, *rights, badge, call.cap);
  return Answer::Of(
      call.model.Place(call.session, made, call.session.account, call.given()));
}

}  // namespace

Answer session_info(Call& call) {
  if (!call.Fits({})) return Error::invalid_args;
  const Session& session = call.session;
  Answer answer = Answer::Of(session.id(), session.id(), abi::kVersion,
                             session.names.size());
  for (const Session::Name& name : session.names) {
    abi::NamedCapability entry = {};
    CopyName(entry.name, name.name);
    if (const Cap* cap = session.table.Find(name.handle)) {
      entry.handle = name.handle;
      entry.kind = cap->object->kind;
      entry.rights = cap->rights;
    }
    answer.Append(entry);
  }
  return answer;
}

Answer handle_duplicate(Call& call) {
  if (!call.Fits({.args = 1})) return Error::invalid_args;
  return Derive(call, call.cap->badge);
}

Answer handle_mint(Call& call) {
  if (!call.Fits({.args = 2})) return Error::invalid_args;
  if (call.arg(1) == 0 || call.cap->badge != 0) return Error::invalid_args;
  return Derive(call, call.arg(1));
}

Answer handle_close(Call& call) {
  if (!call.Fits({})) return Error::invalid_args;
  call.model.Destroy(*call.cap, Ending::kClosed);
  return {};
}

Answer handle_revoke(Call& call) {
  if (!call.Fits({.options = abi::kRevokeBadge, .args = 1}))
    return Error::invalid_args;
  const bool by_badge = call.options() == abi::kRevokeBadge;
  if (by_badge != (call.arg(0) != 0)) return Error::invalid_args;
  call.model.StartRevoke(call.session, *call.cap, call.arg(0),
                         call.request.head.user_data);
  Answer answer;
  answer.parked = true;
  return answer;
}

Answer object_watch(Call& call) {
  const Object& object = *call.cap->object;
  const abi::Signals possible = Model::SignalsOfKind(object.kind);
  if (possible == 0) return Error::wrong_type;
  if (!call.Fits({.args = 1})) return Error::invalid_args;
  const uint64_t wanted = call.arg(0);
  if (wanted == 0 || wanted > abi::kSignalsAll) return Error::invalid_args;
  if ((wanted & ~uint64_t{possible}) != 0) return Error::wrong_type;
  const auto signals = static_cast<abi::Signals>(wanted);
  if ((Model::SignalsOf(object) & signals) != 0)
    return Model::SignalAnswer(object, signals);
  if (call.session.watches.size() >= kWatchesMax)
    return Answer::Failed(Error::quota_exceeded, call.session.watches.size(),
                          kWatchesMax);
  call.model.Park(call.session, *call.cap, call.request.head.user_data,
                  signals);
  Answer answer;
  answer.parked = true;
  return answer;
}

Answer wait_cancel(Call& call) {
  if (!call.Fits({.args = 1})) return Error::invalid_args;
  const auto found = call.session.watches.find(call.arg(0));
  if (found == call.session.watches.end()) return Error::not_found;
  call.model.EndWatch(*found->second, Error::canceled);
  return {};
}

Answer handle_info(Call& call) {
  if (!call.Fits({})) return Error::invalid_args;
  return Answer::Of(static_cast<uint64_t>(call.cap->object->kind) |
                        static_cast<uint64_t>(call.cap->rights) << 32,
                    call.cap->badge, call.cap->object->id);
}

}  // namespace model::calls
