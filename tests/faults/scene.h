// Scene: a fresh kernel with the clients that a recipe needs, in which
// failures can be let loose on one thing done.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernel/object/reserve.h"
#include "tests/faults/faults.h"
#include "tests/unit/kernel/raw_client.h"

namespace faults {

using ipc::abi::Syscall;
using kernel::Done;
using kernel::Handle;
using kernel::RawClient;

// A request that is expected to succeed.
struct Asked {
  Handle handle = 0;
  std::vector<uint64_t> args = {};
  uint32_t options = 0;
  std::vector<uint8_t> payload = {};
};

// What can be seen of a kernel and of what its clients were told.
struct View {
  std::string state;        // the kernel's
  std::string told;         // to all clients, in order, each its own
  std::string descriptors;  // open in this process
  bool operator==(const View&) const = default;
};

class Scene : public kernel::KernelTest {
 public:
  // A root, a caller with an account of its own, and one that is not
  // concerned.
  Scene();
  ~Scene() override;

  using KernelTest::CreatePayload;
  using KernelTest::CreatePort;
  using KernelTest::CreateRegion;
  using KernelTest::Given;
  using KernelTest::Joined;
  using KernelTest::Open;

  RawClient& root() { return *root_; }
  RawClient& caller() { return *caller_; }
  RawClient& other() { return *other_; }
  kernel::Kernel& core() { return kernel_; }
  Handle account() const { return account_; }  // the caller's own
  Handle kernel_handle() const { return kernel_handle_; }
  // Gives a capability of one client to another; the handle there.
  Handle Give(RawClient& from, Handle handle, RawClient& to,
              kernel::Rights rights = ipc::abi::kRightsSame);
  // A process made by the caller and not run; the handle to it.
  Handle CreateChild();
  // One more client, in a process that can be killed.
  RawClient& AddKnown(RawClient& parent, const std::vector<Given>& given);
  // A capability to a client's process, with every right.
  Handle HandleFor(RawClient& holder, RawClient& process);
  uint64_t IdOf(RawClient& client, Handle handle);
  // Connects and makes the half ready, or not yet.
  Handle Connect(RawClient& client, Handle port);
  Handle ConnectUnready(RawClient& client, Handle port);
  // The lane that a listener was given, not ready yet.
  Handle OpenedUnready(RawClient& client);
  Handle SealedRegion(RawClient& client);
  // A transport whose sending can fail.
  static std::unique_ptr<kernel::Transport> Fragile(
      std::shared_ptr<kernel::FakeSocket> socket);
  // Everything so far is the setting.
  void Forget();

  // The caller's request, failures and all, until the kernel rests.
  void Ask(Syscall call, const Asked& asked);
  // What came of it, once it did.
  const Done* Answer();
  // The same for a session that is not concerned; nothing of it is seen
  // afterwards.
  Done AskAside(RawClient& client, Syscall call, const Asked& asked);
  template <typename Act>
  void Do(Act&& act) {
    Watched watched;
    act();
    Turn();
  }
  void Turn();
  // Memory ends, until Disarm: the reserve is spent, and somebody has some of
  // it for good.
  void EndMemory();
  // Whoever waited for room in its socket is told of it.
  void MakeRoom();

  View See();
  std::string State();
  // The last event of a kind that a client was told of, if any.
  const Done* Event(RawClient& client, ipc::abi::Event event);

  // Ends everybody; what is left then, which should be nothing.
  std::string Leftovers();

  // For a recipe's own use, from its preparation to its effect.
  std::map<std::string, uint64_t> notes;

 private:
  friend class FaultTransport;
  void Wrap(RawClient& client);
  void Collect(RawClient& client);
  std::vector<RawClient*> Clients();

  std::unique_ptr<RawClient> caller_;
  std::unique_ptr<RawClient> other_;
  std::vector<std::unique_ptr<RawClient>> more_;
  Handle account_ = 0;
  Handle kernel_handle_ = 0;
  std::map<RawClient*, std::vector<Done>> told_;
  std::unique_ptr<char[]> eaten_;
  std::optional<uint64_t> random_;  // what keys are drawn from, after Forget

  void TestBody() override {}
};

// Sorted names of what this process has open.
std::string OpenDescriptors();
// How many mappings of the kernel's memories it has.
size_t MappingsOfKeyport();

}  // namespace faults
