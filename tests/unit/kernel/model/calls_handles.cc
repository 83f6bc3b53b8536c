// The model of the calls about any handle.
#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "tests/unit/kernel/model/calls.h"
#include "tests/unit/kernel/model/entries.h"

namespace model::calls {
namespace {

struct Copy {
  uint64_t badge;
  uint8_t band = 0;
  int64_t ends_ns = 0;
  std::optional<abi::TraceLimits> trace_limits = {};
};

Answer Derive(Call& call, const Copy& copy) {
  const auto rights = Asked(*call.cap, call.arg(0));
  if (!rights.has_value()) return Error::invalid_args;
  if (Answer full = call.Room(1); !full.ok()) return full;
  Cap& made = call.model.NewCap({.object = call.cap->object,
                                 .rights = *rights,
                                 .badge = copy.badge,
                                 .band = copy.band,
                                 .parent = call.cap,
                                 .made_by = call.session.id(),
                                 .ends_ns = copy.ends_ns,
                                 .trace_limits = copy.trace_limits});
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
  return Derive(call, {.badge = call.cap->badge});
}

// Each limit is the stricter one of what is asked for and what there is.
Answer handle_mint(Call& call) {
  if (!call.Fits({.args = 4, .payload = true})) return Error::invalid_args;
  std::optional<abi::TraceLimits> limits;
  if (!call.request.payload.empty()) {
    const ObjectKind kind = call.cap->object->kind;
    if (call.request.payload.size() != sizeof(*limits) ||
        (kind != ObjectKind::port && kind != ObjectKind::kernel))
      return Error::invalid_args;
    limits.emplace();
    std::memcpy(&*limits, call.request.payload.data(), sizeof(*limits));
    if (limits->snaplen_max > abi::kTraceSnapMax)
      return Answer::Failed(Error::out_of_range, 0, abi::kTraceSnapMax);
    if (limits->rate_max > abi::kTraceRateMax)
      return Answer::Failed(Error::out_of_range, 0, abi::kTraceRateMax);
    if (const auto& own = call.cap->trace_limits) {
      limits->snaplen_max = std::min(limits->snaplen_max, own->snaplen_max);
      limits->label_first = std::max(limits->label_first, own->label_first);
      limits->label_last = std::min(limits->label_last, own->label_last);
      if (own->rate_max != 0 &&
          (limits->rate_max == 0 || limits->rate_max > own->rate_max))
        limits->rate_max = own->rate_max;
    }
    if (limits->label_first > limits->label_last) return Error::invalid_args;
    call.model.coverage().Saw("minted with trace limits");
  }
  constexpr uint64_t kNever = std::numeric_limits<int64_t>::max();
  const uint64_t badge = call.arg(1);
  const uint64_t ends_ns = call.arg(2);
  if (badge == 0 && ends_ns == 0 && !limits) return Error::invalid_args;
  if (badge != 0 && call.cap->badge != 0) return Error::invalid_args;
  const uint64_t band = call.arg(3);
  if (band != 0 && (badge == 0 || call.cap->object->kind != ObjectKind::port))
    return Error::invalid_args;
  if (band >= abi::kBands)
    return Answer::Failed(Error::out_of_range, 0, abi::kBands - 1);
  if (band != 0) call.model.coverage().Saw("minted with a band");
  if (ends_ns >= kNever) return Error::invalid_args;
  const auto end = static_cast<int64_t>(ends_ns);
  if (end != 0 && end <= call.model.now_ns()) return Error::timed_out;
  if (end != 0) call.model.coverage().Saw("minted with an end");
  return Derive(call, {.badge = badge != 0 ? badge : call.cap->badge,
                       .band = static_cast<uint8_t>(band),
                       .ends_ns = end,
                       .trace_limits = limits});
}

Answer handle_replace(Call& call) {
  if (call.cap->object->kind == ObjectKind::lane) return Error::wrong_type;
  if (!call.Fits({.args = 1})) return Error::invalid_args;
  const auto rights = Asked(*call.cap, call.arg(0));
  if (!rights.has_value()) return Error::invalid_args;
  call.model.TakeOut(*call.cap);
  call.model.SetRights(*call.cap, *rights);
  return Answer::Of(call.model.Place(call.session, *call.cap,
                                     call.session.account, call.given()));
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
  return call.model.StartRevoke(call.session, *call.cap, call.arg(0),
                                call.request.head.user_data);
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
    return Model::SignalAnswer(object, Model::SignalsOf(object) & signals);
  return call.model.Park(
      call.session, *call.cap,
      {.user_data = call.request.head.user_data, .signals = signals});
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
  Answer answer =
      Answer::Of(static_cast<uint64_t>(call.cap->object->kind) |
                     uint64_t{call.cap->band} << abi::kInfoBandShift |
                     static_cast<uint64_t>(call.cap->rights) << 32,
                 call.cap->badge, call.cap->object->id,
                 static_cast<uint64_t>(call.cap->ends_ns));
  if (call.cap->trace_limits) answer.Append(*call.cap->trace_limits);
  return answer;
}

}  // namespace model::calls
