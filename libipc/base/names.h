// Words for the ABI's numbers, made from its lists.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "libipc/abi/tracing.h"
#include "libipc/abi/types.h"

namespace base {

const char* SyscallName(ipc::abi::Syscall call);  // "port_create"; "unknown"
const char* KindName(ipc::abi::ObjectKind kind);  // "port"
// "was revoked", as a sentence's end after "the handle".
const char* FateText(ipc::abi::HandleFate fate);
const char* AccountItemName(ipc::abi::AccountItem item);  // "handles"
// "Send|Duplicate", in the order of rights.def; "-" for none.
std::string RightsText(ipc::abi::Rights rights);
// The right of that name ("Send"), if there is one.
std::optional<ipc::abi::Rights> RightByName(std::string_view name);
// "snaplen 96, labels 4-9, rate 10": those that limit; "-" if none does.
std::string TraceLimitsText(const ipc::abi::TraceLimits& limits);

}  // namespace base
