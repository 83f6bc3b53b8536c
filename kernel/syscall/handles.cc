// Calls about any handle.
#include "kernel/cap/gift.h"
#include "kernel/syscall/call.h"
#include "libipc/base/trace_filter.h"

namespace kernel::handlers {
namespace {

struct Copy {
  uint64_t rights;  // wanted
  uint64_t badge;
  uint8_t band = 0;
  int64_t ends_ns = 0;
  const abi::TraceLimits* trace_limits = nullptr;
};

Answer Derive(Call& call, const Copy& copy) {
  const Result<Rights> rights = AskedRights(*call.capability, copy.rights);
  if (!rights.ok()) return rights.error();
  KP_ANSWER(call.kernel.RoomFor(call.session, 1));
  Capability* made =
      call.kernel.NewCapability({.object = call.capability->object,
                                 .rights = *rights,
                                 .badge = copy.badge,
                                 .band = copy.band,
                                 .parent = call.capability,
                                 .made_by = call.session.id(),
                                 .ends_ns = copy.ends_ns,
                                 .trace_limits = copy.trace_limits});
  return Answer::Of(call.kernel.Place(call.session, *made));
}

// What the payload asks for, within what the capability has.
Answer ReadLimits(const Call& call, abi::TraceLimits* limits) {
  const ObjectKind kind = call.capability->object->kind;
  if (call.payload.size() != sizeof(*limits) ||
      (kind != ObjectKind::port && kind != ObjectKind::kernel))
    return Error::invalid_args;
  std::memcpy(limits, call.payload.data(), sizeof(*limits));
  if (limits->snaplen_max > abi::kTraceSnapMax)
    return Answer::OutOfRange(0, abi::kTraceSnapMax);
  if (limits->rate_max > abi::kTraceRateMax)
    return Answer::OutOfRange(0, abi::kTraceRateMax);
  if (const abi::TraceLimits* own = call.capability->trace_limits())
    *limits = base::Narrowed(*limits, *own);
  if (limits->label_first > limits->label_last) return Error::invalid_args;
  return {};
}

}  // namespace

Answer session_info(Call& call) {
  KP_ANSWER(call.Check({}));
  const Session& session = call.session;
  const std::vector<abi::NamedCapability> names = session.NamesHeld();
  Answer answer = Answer::Of(session.id(), session.process->id, abi::kVersion,
                             names.size());
  for (const abi::NamedCapability& name : names) answer.Append(name);
  return answer;
}

Answer handle_duplicate(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  return Derive(
      call, {.rights = call.request.args[0], .badge = call.capability->badge});
}

Answer handle_mint(Call& call) {
  KP_ANSWER(call.Check({.args = 4, .payload = true}));
  const bool limited = !call.payload.empty();
  abi::TraceLimits limits;
  if (limited) KP_ANSWER(ReadLimits(call, &limits));
  const uint64_t badge = call.request.args[1];
  const uint64_t ends_ns = call.request.args[2];
  const uint64_t band = call.request.args[3];
  if (badge == 0 && ends_ns == 0 && !limited) return Error::invalid_args;
  if (badge != 0 && call.capability->badge != 0) return Error::invalid_args;
  if (band != 0 &&
      (badge == 0 || call.capability->object->kind != ObjectKind::port))
    return Error::invalid_args;
  if (band >= abi::kBands) return Answer::OutOfRange(0, abi::kBands - 1);
  if (ends_ns >= static_cast<uint64_t>(Timers::kNever))
    return Error::invalid_args;
  const auto end = static_cast<int64_t>(ends_ns);
  if (end != 0 && end <= call.kernel.NowNs()) return Error::timed_out;
  return Derive(call, {.rights = call.request.args[0],
                       .badge = badge != 0 ? badge : call.capability->badge,
                       .band = static_cast<uint8_t>(band),
                       .ends_ns = end,
                       .trace_limits = limited ? &limits : nullptr});
}

Answer handle_replace(Call& call) {
  // A lane's handle is how its events name it.
  if (call.capability->object->kind == ObjectKind::lane)
    return Error::wrong_type;
  KP_ANSWER(call.Check({.args = 1}));
  KP_ASSIGN(const Rights rights,
            AskedRights(*call.capability, call.request.args[0]));
  call.kernel.TakeOut(*call.capability);
  call.kernel.SetRights(*call.capability, rights);
  return Answer::Of(call.kernel.Place(call.session, *call.capability));
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
  return call.kernel.StartRevoke(call.session, *call.capability,
                                 call.request.args[0], call.request.user_data);
}

Answer handle_explain(Call& call) {
  KP_ANSWER(call.Check({.args = 1}));
  return ExplainHandle(call.kernel, call.session,
                       static_cast<Handle>(call.request.args[0]));
}

Answer process_explain(Call& call) {
  KP_ANSWER(call.Check({.args = 2}));
  const Session* session = call.kernel.FindSession(call.request.args[0]);
  if (session == nullptr) return Error::not_found;
  return ExplainHandle(call.kernel, *session,
                       static_cast<Handle>(call.request.args[1]));
}

Answer handle_info(Call& call) {
  KP_ANSWER(call.Check({}));
  const Capability& capability = *call.capability;
  Answer answer =
      Answer::Of(static_cast<uint64_t>(capability.object->kind) |
                     uint64_t{capability.band} << abi::kInfoBandShift |
                     static_cast<uint64_t>(capability.rights) << 32,
                 capability.badge, capability.object->id,
                 static_cast<uint64_t>(capability.ends_ns()));
  if (capability.trace_limits() != nullptr)
    answer.Append(*capability.trace_limits());
  return answer;
}

}  // namespace kernel::handlers
