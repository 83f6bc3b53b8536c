// World: a kernel process and sessions with it, for tests. The same test body
// runs with the kernel's loop on a thread of the test and its peers on other
// threads (kInProcess), and with a real kernel process and forked peers
// (kProcesses). Both go through real sealed memory and real io_uring.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ipc/port.h"
#include "ipc/process.h"

namespace testing_kit {

enum class Flavour { kInProcess, kProcesses };

// The flavour of this test run: --world=inprocess (default) or --world=process.
Flavour CurrentFlavour();
void TakeFlavour(int argc, char** argv);

// Another process (or thread) with a session of its own.
class Peer {
 public:
  virtual ~Peer() = default;
  // Ends it at once: SIGKILL; in-process its session is closed.
  virtual void Kill() = 0;
  // Waits until it has returned; fails the test if one of its own
  // expectations failed. Done by the destructor too.
  virtual void Join() = 0;
};

class World {
 public:
  virtual ~World() = default;
  static std::unique_ptr<World> Start(Flavour flavour = CurrentFlavour());

  // The first session: names "kernel" and "account".
  ipc::Session& root() { return *root_; }
  const ipc::Capability& account() const { return account_; }
  virtual int kernel_pid() const = 0;
  // Ends the kernel process by SIGKILL; false in-process, where it cannot.
  virtual bool KillKernel() { return false; }

  // One more session of this process.
  ipc::Session NewSession(std::string_view name,
                          std::span<const ipc::InitialCapability> initial = {});
  // A socket for a session that somebody else shall adopt.
  ipc::NewProcess NewProcess(
      std::string_view name,
      std::span<const ipc::InitialCapability> initial = {});
  using Body = std::function<void(ipc::Session&)>;
  virtual std::unique_ptr<Peer> StartPeer(
      std::string_view name, std::span<const ipc::InitialCapability> initial,
      Body body) = 0;

  // A port of the root session with every right.
  ipc::Capability NewPort(const ipc::PortOptions& options = {});

 protected:
  void Join(base::UniqueFd root_socket);
  std::unique_ptr<ipc::Session> root_;
  ipc::Capability account_;
};

// The value, or a failed test and a program ended with the status printed.
template <typename T>
T Must(absl::StatusOr<T> value, const char* file = __builtin_FILE(),
       int line = __builtin_LINE());
void Must(const absl::Status& status, const char* file = __builtin_FILE(),
          int line = __builtin_LINE());
[[noreturn]] void Fail(const absl::Status& status, const char* file, int line);

template <typename T>
T Must(absl::StatusOr<T> value, const char* file, int line) {
  if (!value.ok()) Fail(value.status(), file, line);
  return *std::move(value);
}

// Generous: only a hang reaches it.
ipc::Deadline Soon();

}  // namespace testing_kit
