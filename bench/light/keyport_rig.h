// A kernel process, a process that serves a port, and a sender to it, placed.
#pragma once

#include <functional>

#include "bench/common/kernel_process.h"
#include "bench/peers/peer.h"

namespace bench {

// The answer to kQuit, which `serve` must give at its end, included.
class KeyportRig {
 public:
  using Serve = std::function<void(ipc::Receiver&)>;
  // For the calling process from now on; it stays on placement.first.
  KeyportRig(Placement placement, Waits waits, const Serve& serve);

  ipc::Sender& sender() { return server_.sender(); }
  KernelProcess& kernel() { return kernel_; }
  PortServer& server() { return server_; }

 private:
  KernelProcess kernel_;
  PortServer server_;
};

// Answers the message of the server's end; true if it was that.
bool IsQuit(ipc::Message& message);

}  // namespace bench
