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

}  // namespace base
