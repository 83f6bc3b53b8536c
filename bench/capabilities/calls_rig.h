// What the rows about single calls stand on.
#pragma once

#include <array>

#include "bench/capabilities/raw_session.h"
#include "bench/common/kernel_process.h"
#include "bench/common/must.h"

namespace bench {

// Batched calls are timed in slices of about a millisecond.
inline constexpr int kSliceCalls = 5'000;
inline constexpr int kSlices = 80;

// A kernel process in its place and a port to make calls about.
struct CallRig {
  using Polling = KernelProcess::Polling;
  explicit CallRig(Placement placement, Polling polling = Polling::kDefault)
      : kernel(placement.second, polling),
        port(Must(kernel.session().CreatePort({}))),
        object(Must(port.Info()).object_id),
        pinned(placement.first) {}
  ipc::Session& session() { return kernel.session(); }

  KernelProcess kernel;
  ipc::Capability port;
  uint64_t object;
  PinnedTo pinned;
};

// A session without libipc that holds the port, too.
struct RawRig {
  explicit RawRig(CallRig& rig)
      : session(rig.kernel.NewSocket(
            "raw", std::array{ipc::InitialCapability{"port", &rig.port}})),
        port(session.FirstHandle()) {}

  RawSession session;
  ipc::Handle port;
};

inline ipc::abi::Request RawRequest(ipc::abi::Syscall call, ipc::Handle handle,
                                    uint64_t arg = 0) {
  ipc::abi::Request request = {};
  request.number = static_cast<uint32_t>(call);
  request.handle = handle;
  request.args[0] = arg;
  return request;
}

}  // namespace bench
