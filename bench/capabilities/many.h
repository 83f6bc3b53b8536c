// Many calls in flight on one session through libipc, every answer checked.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "ipc/session.h"
#include "libipc/src/session_core.h"

namespace bench {

using Handles = std::vector<ipc::Handle>;

// Starts `count` calls one after the other, as fast as there is room, and
// waits for all. `start` makes the i-th; `take` gets its good answer.
struct OneCall {
  ipc::abi::Syscall call;
  ipc::Handle handle;
  ipc::CallArguments arguments = {};
};
void CallMany(ipc::Session& session, size_t count,
              const std::function<OneCall(size_t)>& start,
              const std::function<void(size_t, const ipc::Answer&)>& take);

Handles DuplicateMany(ipc::Session& session, ipc::Handle of, size_t count);
Handles MintMany(ipc::Session& session, ipc::Handle of, size_t count);
void CloseMany(ipc::Session& session, std::span<const ipc::Handle> handles);
// handle_info, which must tell of this object.
void InfoMany(ipc::Session& session, ipc::Handle of, uint64_t object,
              size_t count);

// One call, waited for; its answer is good.
ipc::Answer CallOne(ipc::Session& session, const OneCall& one);

}  // namespace bench
