// A kernel process of the benchmark's own, and processes with sessions to it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "bench/common/placement.h"
#include "bench/common/process_pair.h"
#include "ipc/port.h"
#include "ipc/process.h"

namespace bench {

// keyport-kernel and the root session to it. Ends with this object; processes
// with a session must have ended before.
class KernelProcess {
 public:
  // kNever: it sleeps as soon as there is nothing to do.
  enum class Polling { kDefault, kNever };
  explicit KernelProcess(int processor = kAnywhere,
                         Polling polling = Polling::kDefault);
  KernelProcess(const KernelProcess&) = delete;
  KernelProcess& operator=(const KernelProcess&) = delete;
  ~KernelProcess();

  int pid() const { return pid_; }
  ipc::Session& session() { return *session_; }
  const ipc::Capability& account() const { return account_; }
  // Another capability of the kernel object.
  ipc::Capability NewKernel() const;
  // Anywhere, or on one processor from now on.
  void Move(int processor);

  // A further session, in this process.
  ipc::Session NewSession(std::string_view name,
                          std::span<const ipc::InitialCapability> initial = {});
  // The socket of a session that has not begun.
  base::UniqueFd NewSocket(
      std::string_view name,
      std::span<const ipc::InitialCapability> initial = {});
  // A child process with a session; the pid is for Join.
  pid_t ForkWithSession(std::string_view name, int processor,
                        std::span<const ipc::InitialCapability> initial,
                        const std::function<void(ipc::Session&)>& body);

 private:
  int pid_ = 0;
  cpu_set_t anywhere_;
  std::unique_ptr<ipc::Session> session_;
  ipc::Capability account_;
  ipc::Capability kernel_;
};

// A process that serves a port, and a sender to it.
class PortServer {
 public:
  // `serve` returns after it has answered a message labelled kQuit.
  static constexpr uint32_t kQuit = 0xffff'ffff;
  PortServer(KernelProcess& kernel, int processor,
             const std::function<void(ipc::Receiver&)>& serve);
  ~PortServer();
  ipc::Sender& sender() { return *sender_; }
  // A capability to send to it, badged 1 like sender() if not told otherwise.
  ipc::Capability NewSend(uint64_t badge = 1) const;

 private:
  pid_t pid_ = 0;
  ipc::Capability port_;
  std::unique_ptr<ipc::Sender> sender_;
};

}  // namespace bench
