// Bystander: another client, which makes empty calls one after the other and
// notes how long each took.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "bench/common/figures.h"
#include "bench/common/kernel_process.h"

namespace bench {

class Bystander {
 public:
  Bystander(KernelProcess& kernel, const ipc::Capability& port, int processor);
  Bystander(const Bystander&) = delete;
  Bystander& operator=(const Bystander&) = delete;
  ~Bystander();

  // Calls from now on; returns once it does.
  void Start();
  // How long the calls took that were under way between the two moments.
  Times StopAndTell(int64_t from_ns, int64_t until_ns);

 private:
  struct Call {
    int64_t start_ns;
    int64_t took_ns;
  };
  // Shared with the child. `state` is written by both in turn.
  enum State : uint32_t { kResting, kCalling, kStopping, kEnding };
  static constexpr uint32_t kCallsMax = 1 << 22;
  struct Log {
    std::atomic<uint32_t> state;
    std::atomic<uint32_t> count;
    Call calls[kCallsMax];
  };

  void Run(ipc::Session& session);
  void CallUntilStopped(ipc::Session& session, ipc::Handle port);
  void Set(State state);
  void WaitWhile(State state);

  Log* const log_;
  const uint64_t object_;
  pid_t pid_ = 0;
};

}  // namespace bench
