#include "kernel/syscall/dispatch.h"

#include <algorithm>
#include <array>

#include "kernel/object/reserve.h"
#include "kernel/session/session.h"
#include "kernel/syscall/call.h"

namespace kernel {
namespace {

using abi::kRightDuplicate, abi::kRightInspect, abi::kRightManage,
    abi::kRightMap, abi::kRightRead, abi::kRightReceive, abi::kRightSend,
    abi::kRightSignal, abi::kRightTraceMeta, abi::kRightWait, abi::kRightWrite;

struct Line {
  ObjectKind kind;
  Rights rights;
  Answer (*handler)(Call& call);
};

// By number; no handler where there is none of that number.
constexpr auto kLines = [] {
  std::array<Line, abi::kSyscalls + 1> lines = {};
#define KEYPORT_SYSCALL(name, number, kind, rights) \
  lines[number] = {ObjectKind::kind, rights, &handlers::name};
#include "libipc/abi/syscalls.def"
#undef KEYPORT_SYSCALL
  return lines;
}();

const Line* FindLine(uint32_t number) {
  if (number >= kLines.size() || kLines[number].handler == nullptr)
    return nullptr;
  return &kLines[number];
}

// What gives memory back, or what the caller has already, and so is done
// though memory is short.
bool Frees(uint32_t number) {
  switch (static_cast<abi::Syscall>(number)) {
    case abi::Syscall::handle_close:
    case abi::Syscall::handle_revoke:
    case abi::Syscall::lane_close:
    case abi::Syscall::lock_detach:
    case abi::Syscall::transfer_redeem:
    case abi::Syscall::transfer_cancel:
    case abi::Syscall::wait_cancel:
    case abi::Syscall::reply_cancel:
    case abi::Syscall::process_end:
    case abi::Syscall::topic_cut:
      return true;
    default:
      return false;
  }
}

Answer FindChecked(Kernel& kernel, Session& session, Handle handle,
                   ObjectKind kind, Rights rights, Capability** found) {
  *found = kernel.Find(session, handle);
  if (*found == nullptr)
    return Answer::BadHandle(session.handles.FateOf(handle));
  if (kind != ObjectKind::any && kind != (*found)->object->kind)
    return Error::wrong_type;
  const Rights missing = rights & ~Rights{(*found)->rights};
  return missing != 0 ? Answer::Missing(missing) : Answer();
}

}  // namespace

Answer Call::FindSecond(uint64_t handle, ObjectKind kind, Rights rights,
                        Capability** found) const {
  if (handle > ~Handle{0}) return Answer::BadHandle(HandleFate::never_given);
  return FindChecked(kernel, session, static_cast<Handle>(handle), kind, rights,
                     found);
}

Answer Dispatch(Kernel& kernel, Session& session, const abi::Request& request,
                std::span<const uint8_t> payload) {
  const Line* line = FindLine(request.number);
  if (line == nullptr) return Error::not_supported;
  if (!Frees(request.number) && !Reserve::Held())
    return Answer::Failed(Error::quota_exceeded, Reserve::kBytes,
                          Reserve::kBytes);
  kernel.BeginRequest();
  Call call = {kernel, session, request, payload};
  if (line->kind == ObjectKind::none) {
    if (request.handle != abi::kNoHandle) return Error::invalid_args;
    return line->handler(call);
  }
  KP_ANSWER(FindChecked(kernel, session, request.handle, line->kind,
                        line->rights, &call.capability));
  return line->handler(call);
}

Answer CheckName(std::span<const uint8_t> bytes) {
  if (bytes.size() > abi::kNameBytesMax - 1)
    return Answer::OutOfRange(0, abi::kNameBytesMax - 1);
  if (std::find(bytes.begin(), bytes.end(), 0) != bytes.end())
    return Error::invalid_args;
  return {};
}

std::string NameOf(std::span<const uint8_t> bytes) {
  return std::string(bytes.begin(), bytes.end());
}

}  // namespace kernel
