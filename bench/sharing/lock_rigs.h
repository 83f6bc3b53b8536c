// Processes that use one lock. `Start` runs `body` with the user that it made
// in a process of its own; the pid is for Join.
#pragma once

#include <functional>

#include "bench/common/kernel_process.h"
#include "bench/common/process_pair.h"
#include "bench/common/shared_memory.h"
#include "bench/sharing/lock_users.h"

namespace bench {

class RegionLockRig {
 public:
  using User = RegionLockUser;
  explicit RegionLockRig(uint32_t)
      : region_(Must(
            ipc::Region::Create(kernel_.session(), ipc::RegionLock::kBytes))) {}

  pid_t Start(uint32_t, const std::function<void(User&)>& body) {
    const ipc::InitialCapability initial[] = {
        {"region", &region_.capability(), ipc::kRightsSame}};
    return kernel_.ForkWithSession(
        "user", kAnywhere, initial, [&](ipc::Session& session) {
          const auto region =
              Must(ipc::Region::Adopt(Must(session.Take("region"))));
          User user(region);
          body(user);
        });
  }

 private:
  KernelProcess kernel_;
  ipc::Region region_;
};

template <typename LockUser>
class MemoryLockRig {
 public:
  using User = LockUser;
  explicit MemoryLockRig(uint32_t users) { Prepare(*memory_.get(), users); }

  pid_t Start(uint32_t number, const std::function<void(User&)>& body) {
    return Fork(kAnywhere, [&] {
      User user(*memory_.get(), number);
      body(user);
    });
  }

 private:
  Shared<LockMemory> memory_;
};

}  // namespace bench
