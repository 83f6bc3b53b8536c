#include "tests/unit/kernel/model/calls.h"

namespace model {
namespace {

using abi::kRightDuplicate, abi::kRightInspect, abi::kRightManage,
    abi::kRightMap, abi::kRightRead, abi::kRightReceive, abi::kRightSend,
    abi::kRightSignal, abi::kRightTraceMeta, abi::kRightWait, abi::kRightWrite;

struct Line {
  ObjectKind kind;
  Rights rights;
};

const std::map<uint32_t, Line>& Lines() {
  static const std::map<uint32_t, Line> kLines = {
#define KEYPORT_SYSCALL(name, number, kind, rights) \
  {number, {ObjectKind::kind, rights}},
#include "libipc/abi/syscalls.def"
#undef KEYPORT_SYSCALL
  };
  return kLines;
}

#define KEYPORT_MODELLED(name) \
  { static_cast<uint32_t>(abi::Syscall::name), &calls::name }
const std::map<uint32_t, CallFunction>& Functions() {
  static const std::map<uint32_t, CallFunction> kFunctions = {
      KEYPORT_MODELLED(session_info),
      KEYPORT_MODELLED(handle_duplicate),
      KEYPORT_MODELLED(handle_mint),
      KEYPORT_MODELLED(handle_close),
      KEYPORT_MODELLED(handle_revoke),
      KEYPORT_MODELLED(handle_info),
      KEYPORT_MODELLED(port_create),
      KEYPORT_MODELLED(port_connect),
      KEYPORT_MODELLED(port_listen),
      KEYPORT_MODELLED(lane_ready),
      KEYPORT_MODELLED(lane_close),
      KEYPORT_MODELLED(lane_attach),
      KEYPORT_MODELLED(lane_map),
      KEYPORT_MODELLED(lane_detach),
      KEYPORT_MODELLED(object_watch),
      KEYPORT_MODELLED(wait_cancel),
      KEYPORT_MODELLED(transfer_stage),
      KEYPORT_MODELLED(transfer_redeem),
      KEYPORT_MODELLED(transfer_cancel),
      KEYPORT_MODELLED(region_create),
      KEYPORT_MODELLED(region_seal),
      KEYPORT_MODELLED(region_map),
      KEYPORT_MODELLED(region_info),
      KEYPORT_MODELLED(region_state),
      KEYPORT_MODELLED(region_unmapped),
      KEYPORT_MODELLED(region_grow),
      KEYPORT_MODELLED(process_create),
      KEYPORT_MODELLED(process_info),
      KEYPORT_MODELLED(account_create),
      KEYPORT_MODELLED(account_info),
      KEYPORT_MODELLED(object_list),
      KEYPORT_MODELLED(port_times),
      KEYPORT_MODELLED(account_limit),
      KEYPORT_MODELLED(handle_replace),
      KEYPORT_MODELLED(notification_create),
      KEYPORT_MODELLED(notification_signal),
      KEYPORT_MODELLED(notification_wait),
      KEYPORT_MODELLED(reply_create),
      KEYPORT_MODELLED(reply_send),
      KEYPORT_MODELLED(reply_cancel),
      KEYPORT_MODELLED(reply_info),
  };
  return kFunctions;
}
#undef KEYPORT_MODELLED

}  // namespace

CallFunction FindCall(uint32_t number) {
  const auto found = Functions().find(number);
  return found == Functions().end() ? nullptr : found->second;
}

// The one door: number, handle, type, rights; the rest is the call's.
Answer Model::Do(Session& session, const Request& request, const Answer* seen) {
  ++session.process->requests;
  touched_objects_.insert(session.id());
  const auto line = Lines().find(request.head.number);
  if (line == Lines().end()) return Error::not_supported;
  Call call = {*this, session, request, seen};
  if (line->second.kind == ObjectKind::none) {
    if (request.head.handle != abi::kNoHandle) return Error::invalid_args;
    return FindCall(request.head.number)(call);
  }
  if (Answer bad = call.FindSecond(request.head.handle, line->second.kind,
                                   line->second.rights, &call.cap);
      !bad.ok())
    return bad;
  return FindCall(request.head.number)(call);
}

Answer Call::FindSecond(uint64_t handle, ObjectKind kind, Rights rights,
                        Cap** found) const {
  *found = model.Find(session, handle);
  if (*found == nullptr) return Model::BadHandle(session, handle);
  if (kind != ObjectKind::any && kind != (*found)->object->kind)
    return Error::wrong_type;
  const Rights missing = rights & ~(*found)->rights;
  if (missing != 0) return Answer::Failed(Error::access_denied, missing);
  return {};
}

bool Call::Fits(Shape shape) const {
  if ((options() & ~shape.options) != 0) return false;
  if (request.head.reserved != 0 || request.head.reserved2 != 0) return false;
  for (size_t i = shape.args; i < 4; ++i)
    if (arg(i) != 0) return false;
  return shape.payload || request.payload.empty();
}

std::optional<Rights> Asked(const Cap& cap, uint64_t rights) {
  if (rights == abi::kRightsSame) return cap.rights;
  if ((rights & ~uint64_t{cap.rights}) != 0) return std::nullopt;
  return static_cast<Rights>(rights);
}

Rights NeededToGive(uint32_t mode) {
  return mode == abi::kTransferMove ? abi::kRightTransfer
                                    : abi::kRightDuplicate;
}

Gift CheckGift(Model& model, Session& session, Handle handle, uint64_t rights,
               uint32_t mode) {
  Gift gift;
  gift.cap = model.Find(session, handle);
  gift.move = mode == abi::kTransferMove;
  if (gift.cap == nullptr) {
    gift.error = Error::bad_handle;
  } else if ((gift.cap->rights & NeededToGive(mode)) == 0) {
    gift.error = Error::access_denied;
  } else if (mode != abi::kTransferMove && mode != abi::kTransferDuplicate) {
    gift.error = Error::invalid_args;
  } else if (const auto asked = Asked(*gift.cap, rights)) {
    gift.rights = *asked;
  } else {
    gift.error = Error::invalid_args;
  }
  return gift;
}

Cap& TakeGift(Model& model, const Session& giver, const Gift& gift) {
  if (!gift.move)
    return model.NewCap({.object = gift.cap->object,
                         .rights = gift.rights,
                         .badge = gift.cap->badge,
                         .parent = gift.cap,
                         .made_by = giver.id()});
  model.TakeOut(*gift.cap);
  model.SetRights(*gift.cap, gift.rights);
  return *gift.cap;
}

Handle Hold(Call& call, Object& object, Rights rights) {
  Cap& made = call.model.NewCap(
      {.object = &object, .rights = rights, .made_by = call.session.id()});
  return call.model.Place(call.session, made, call.session.account,
                          call.given());
}

}  // namespace model
