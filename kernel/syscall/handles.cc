// Calls about any handle.
#include "kernel/cap/gift.h"
#include "kernel/syscall/call.h"

namespace kernel::handlers {
namespace {

Answer Derive(Call& call, uint64_t wanted, uint64_t badge) {
  const Result<Rights> rights = AskedRights(*call.capability, wanted);
  if (!rights.ok()) return rights.error();
  KP_ANSWER(call.kernel.RoomFor(call.session, 1));
  Capability* made =
      call.kernel.NewCapability({.object = call.capability->object,
                                 .rights = *rights,
                                 .badge = badge,
                                 .parent = call.capability,
                                 .made_by = call.session.id()});
  return Answer::Of(call.kernel.Place(call.session, *made));
}

}  // namespace

Answer session_info(Call& call) {
  KP_ANSWER(call.Check({}));
  const Session& session = call.session;
  Answer answer = Answer::Of(session.id(), session.process->id, abi::kVersion,
                             session.names.size());
  for (const Session::Name& name : session.names) {
    abi::NamedCapability entry = {};
    CopyName(entry.name, name.name);
    if (const Capability* held = session.handles.Find(name.handle)) {
      entry.handle = name.handle;
      entry.kind = held->object->kind;
      entry.rights = held->rights;
    }
    answer.Append(entry);
  }
  return answer;
}

Answer handle_duplicate(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  return Derive(call, call.request.args[0], call.capability->badge);
}

Answer handle_mint(Call& call) {
  KP_ANSWER(call.Check({.args = 2}));
  if (call.request.args[1] == 0 || call.capability->badge != 0)
    return Error::invalid_args;
  return Derive(call, call.request.args[0], call.request.args[1]);
}

Answer handle_close(Call& call) {
  KP_ANSWER(call.Check({}));
  call.kernel.Destroy(*call.capability, Ending::kClosed);
  return {};
}

Answer handle_revoke(Call& call) {
  KP_ANSWER(call.Check({.options = abi::kRevokeBadge, .args = 1}));
  const bool by_badge = (call.request.options & abi::kRevokeBadge) != 0;
  if (by_badge != (call.request.args[0] != 0)) return Error::invalid_args;
  call.kernel.StartRevoke(call.session, *call.capability, call.request.args[0],
                          call.request.user_data);
  return Answer::Parked();
}

Answer handle_info(Call& call) {
  KP_ANSWER(call.Check({}));
  const Capability& capability = *call.capability;
  return Answer::Of(static_cast<uint64_t>(capability.object->kind) |
                        static_cast<uint64_t>(capability.rights) << 32,
                    capability.badge, capability.object->id);
}

}  // namespace kernel::handlers
