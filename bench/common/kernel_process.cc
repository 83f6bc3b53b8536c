#include "bench/common/kernel_process.h"

#include <stdlib.h>
#include <sys/wait.h>

#include "bench/common/must.h"
#include "libipc/base/socket.h"

namespace bench {

using ipc::Capability;
using ipc::InitialCapability;
using ipc::Session;

KernelProcess::KernelProcess(int processor, Polling polling) {
  base::SocketPair pair = Must(base::CreateSocketPair());
  ipc::LaunchOptions options;
  options.argv = {KEYPORT_BIN_DIR "/keyport-kernel", "--session-fd", "3"};
  options.session_socket = pair.first.get();
  sched_getaffinity(0, sizeof(anywhere_), &anywhere_);
  if (polling == Polling::kNever) setenv("KEYPORT_KERNEL_POLLING", "never", 1);
  pid_ = Must(ipc::Launch(options));
  unsetenv("KEYPORT_KERNEL_POLLING");
  pair.first.Reset();
  PinTo(processor, pid_);
  session_ = std::make_unique<Session>(
      Must(Session::Adopt(std::move(pair.second), "bench")));
  account_ = Must(session_->Take("account"));
  kernel_ = Must(session_->Take("kernel"));
}

KernelProcess::~KernelProcess() {
  account_.Release();
  kernel_.Release();
  session_->Close();
  session_.reset();
  waitpid(pid_, nullptr, 0);
}

Capability KernelProcess::NewKernel() const {
  return Must(kernel_.Duplicate());
}

void KernelProcess::Move(int processor) {
  sched_setaffinity(pid_, sizeof(anywhere_), &anywhere_);
  PinTo(processor, pid_);
}

base::UniqueFd KernelProcess::NewSocket(
    std::string_view name, std::span<const InitialCapability> initial) {
  return std::move(Must(ipc::CreateProcess(account_, name, initial)).socket);
}

Session KernelProcess::NewSession(std::string_view name,
                                  std::span<const InitialCapability> initial) {
  return Must(Session::Adopt(NewSocket(name, initial), name));
}

pid_t KernelProcess::ForkWithSession(
    std::string_view name, int processor,
    std::span<const InitialCapability> initial,
    const std::function<void(Session&)>& body) {
  base::UniqueFd socket = NewSocket(name, initial);
  return Fork(processor, [&] {
    Session session = Must(Session::Adopt(std::move(socket), name));
    body(session);
  });
}

PortServer::PortServer(KernelProcess& kernel, int processor,
                       const std::function<void(ipc::Receiver&)>& serve) {
  const Capability port = Must(kernel.session().CreatePort({.name = "bench"}));
  // Nobody else may receive, so that a server that fails ends the calls to it.
  port_ = Must(port.Duplicate(ipc::kRightSend | ipc::kRightDuplicate));
  Capability receive =
      Must(port.Duplicate(ipc::kRightReceive | ipc::kRightDuplicate));
  const InitialCapability initial[] = {{"port", &receive},
                                       {"account", &kernel.account()}};
  pid_ = kernel.ForkWithSession(
      "server", processor, initial, [&](Session& session) {
        ipc::Receiver receiver =
            Must(ipc::Receiver::Create(Must(session.Take("port"))));
        serve(receiver);
      });
  sender_ = std::make_unique<ipc::Sender>(Must(ipc::Sender::Create(NewSend())));
}

Capability PortServer::NewSend(uint64_t badge) const {
  return Must(port_.Mint(ipc::kRightSend | ipc::kRightDuplicate, badge));
}

PortServer::~PortServer() {
  Must(sender_->Call("", {.label = kQuit}));
  Join(pid_);
}

}  // namespace bench
