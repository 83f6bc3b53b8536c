#include "libipc/base/names.h"

namespace base {

using ipc::abi::ObjectKind;
using ipc::abi::Rights;
using ipc::abi::Syscall;

const char* SyscallName(Syscall call) {
  switch (call) {
#define KEYPORT_SYSCALL(name, number, kind, rights) \
  case Syscall::name:                               \
    return #name;
#include "libipc/abi/syscalls.def"
#undef KEYPORT_SYSCALL
  }
  return "unknown";
}

const char* KindName(ObjectKind kind) {
  switch (kind) {
#define KEYPORT_OBJECT_KIND(name, number) \
  case ObjectKind::name:                  \
    return #name;
#include "libipc/abi/object_kinds.def"
#undef KEYPORT_OBJECT_KIND
    case ObjectKind::none:
      return "none";
    case ObjectKind::any:
      return "any";
  }
  return "unknown";
}

const char* FateText(ipc::abi::HandleFate fate) {
  switch (fate) {
    case ipc::abi::HandleFate::never_given:
      return "was never given to this process";
    case ipc::abi::HandleFate::zero:
      return "is 0, which is no handle";
    case ipc::abi::HandleFate::closed:
      return "was closed here";
    case ipc::abi::HandleFate::moved:
      return "was moved away, or replaced by another";
    case ipc::abi::HandleFate::revoked:
      return "was revoked";
    case ipc::abi::HandleFate::expired:
      return "came to its end";
    case ipc::abi::HandleFate::stale:
      return "is older than what its slot holds now";
  }
  return "is not known";
}

const char* AccountItemName(ipc::abi::AccountItem item) {
  switch (item) {
#define KEYPORT_ACCOUNT_ITEM(name, number, text) \
  case ipc::abi::AccountItem::name:              \
    return #name;
#include "libipc/abi/account_items.def"
#undef KEYPORT_ACCOUNT_ITEM
  }
  return "unknown";
}

std::string RightsText(Rights rights) {
  std::string text;
  auto add = [&](Rights right, const char* name) {
    if ((rights & right) == 0) return;
    if (!text.empty()) text += '|';
    text += name;
  };
#define KEYPORT_RIGHT(Name, bit, meaning) add(ipc::abi::kRight##Name, #Name);
#include "libipc/abi/rights.def"
#undef KEYPORT_RIGHT
  return text.empty() ? "-" : text;
}

std::optional<Rights> RightByName(std::string_view name) {
#define KEYPORT_RIGHT(Name, bit, meaning) \
  if (name == #Name) return ipc::abi::kRight##Name;
#include "libipc/abi/rights.def"
#undef KEYPORT_RIGHT
  return std::nullopt;
}

std::string TraceLimitsText(const ipc::abi::TraceLimits& limits) {
  const ipc::abi::TraceLimits none;
  std::string text;
  const auto add = [&](const std::string& limit) {
    if (!text.empty()) text += ", ";
    text += limit;
  };
  if (limits.snaplen_max != none.snaplen_max)
    add("snaplen " + std::to_string(limits.snaplen_max));
  if (limits.label_first == limits.label_last)
    add("label " + std::to_string(limits.label_first));
  else if (limits.label_last != none.label_last)
    add("labels " + std::to_string(limits.label_first) + "-" +
        std::to_string(limits.label_last));
  else if (limits.label_first != none.label_first)
    add("labels from " + std::to_string(limits.label_first));
  if (limits.rate_max != none.rate_max)
    add("rate " + std::to_string(limits.rate_max));
  return text.empty() ? "-" : text;
}

}  // namespace base
