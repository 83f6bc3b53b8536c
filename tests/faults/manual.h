// What docs/abi.md says a call may answer.
#pragma once

#include <string>

#include "libipc/abi/types.h"

namespace faults {

// The call's name as in syscalls.def.
std::string NameOf(ipc::abi::Syscall call);
// Whether the call's section of docs/abi.md names the error, or what holds for
// every call does: quota_exceeded, and not_supported where this Linux lacks
// what the call needs (sealed memory).
bool IsDocumented(ipc::abi::Syscall call, ipc::abi::Error error);

}  // namespace faults
