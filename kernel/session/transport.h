// What the kernel's core asks of the world around it: a session's socket, and
// sockets for sessions it makes itself. Implemented by the loop, and by tests.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <span>

#include "kernel/object/object.h"

namespace kernel {

// One session's socket. Destroying it hangs up.
class Transport {
 public:
  virtual ~Transport() = default;
  // Sends one message; never waits. Errors: should_wait, peer_closed.
  virtual Result<void> Send(const void* data, size_t bytes,
                            std::span<const int> descriptors) = 0;
  // After should_wait: Kernel::Writable is to be called when it is worth
  // trying again.
  virtual void NotifyWritable() = 0;
  // Whether it can wait for a futex word. If so: Kernel::Rang is to be called
  // once, when the word's waiters are woken or it has another value.
  virtual bool WaitsForWords() const { return false; }
  virtual void WaitForWord(const uint32_t* /*word*/, uint32_t /*value*/) {}
  // SIGKILL to the process that said Hello. Returns whether it was sent: not
  // before Hello, and never to the kernel process itself.
  virtual bool KillProcess() = 0;
};

class Host {
 public:
  virtual ~Host() = default;
  // CLOCK_MONOTONIC.
  virtual int64_t NowNs() = 0;
  // Kernel::Turn is to be called at that time. Replaces the alarm before.
  virtual void SetAlarm(int64_t ns) = 0;
  // The one it runs on, and 1; 0: not known.
  virtual uint32_t Processor() { return 0; }
  // Takes over the kernel's end of a new session's socket.
  virtual std::unique_ptr<Transport> Adopt(Session& session,
                                           UniqueFd socket) = 0;
};

// Who sent a message, by the running Linux's word. pid 0: not told.
struct Credentials {
  pid_t pid = 0;
  uid_t uid = static_cast<uid_t>(-1);
};

}  // namespace kernel
