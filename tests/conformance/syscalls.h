// Syscalls: the fixture of the syscall tests. Makes raw calls on the sessions
// of a world, so that a test sees exactly what the ABI says; uses no object of
// the public API for what it tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "libipc/base/half.h"
#include "libipc/src/session_core.h"
#include "tests/testing/world.h"

namespace ipc {

using abi::Error;
using abi::ObjectKind;
using abi::Syscall;

// A handle that the table never gave.
inline constexpr Handle kNeverGiven = 0x0010'1234;

// Bytes of plain structs and texts, one after the other.
class PayloadBytes {
 public:
  template <typename T>
  PayloadBytes& Add(const T& value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    data_.insert(data_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  PayloadBytes& AddText(std::string_view text) {
    const Bytes bytes = BytesOf(text);
    data_.insert(data_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  Bytes bytes() const { return data_; }

 private:
  std::vector<std::byte> data_;
};

// Events for one object of one session, in the order they came.
class Inbox {
 public:
  explicit Inbox(SessionCore& core) : core_(core) {}
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
  // The next event of that kind; others before it are skipped. Throws when
  // none comes, which fails the test.
  Answer Await(abi::Event kind);
  // Whether one of that kind is here, after everything sent so far.
  bool Has(abi::Event kind);

 private:
  void Collect();
  SessionCore& core_;
  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox>();
  std::deque<Answer> events_;
};

// One end of a lane as the ABI shows it.
struct RawLane {
  explicit RawLane(SessionCore& core) : inbox(core) {}
  Handle handle = abi::kNoHandle;
  uint64_t id = 0;
  Answer answer;  // of port_connect, or the event lane_opened
  std::shared_ptr<base::Half> own;
  base::RingWriter out;
  Inbox inbox;
};

class Syscalls : public ::testing::Test {
 protected:
  SessionCore& root() { return *world_->root().core(); }
  Handle account() { return world_->account().handle(); }
  Handle kernel_object() { return kernel_object_.handle(); }
  Answer Call(Syscall call, Handle handle,
              const CallArguments& arguments = {}) {
    return root().Call(call, handle, arguments, Soon());
  }
  Error ErrorOf(Syscall call, Handle handle,
                const CallArguments& arguments = {}) {
    return Call(call, handle, arguments).error();
  }
  static Deadline Soon() { return testing_kit::Soon(); }

  // Objects of the root session; throws if they cannot be made.
  Handle MakePort(uint32_t options = 0, uint64_t ring_bytes = 4096,
                  uint64_t ring_bytes_max = 0);
  Handle MakeRegion(uint64_t bytes = 4096);
  Handle MakeAccount(const abi::AccountLimits& limits,
                     std::string_view name = "budget");
  Handle MakeProcess(std::string_view name = "child");
  // Of a lane of the root session to itself, which lasts as long as the test.
  Handle MakeReply();
  // With those rights only.
  Handle Weaker(Handle handle, Rights rights);
  Handle Make(ObjectKind kind);
  uint64_t IdOf(Handle handle);
  bool IsOpen(Handle handle);

  // One more session of this process that holds a copy of `handle` as "it",
  // and that copy's handle in it.
  struct Other {
    Session session;
    Handle handle;
    SessionCore& core() const { return *session.core(); }
  };
  Other MakeOther(Handle handle, Rights rights = kRightsSame);
  // The same, its handles and lanes charged to `budget`; it has no account.
  Other MakePoor(Handle budget, Handle handle);

  // Lanes by hand. ConnectOnly leaves out lane_ready.
  std::unique_ptr<RawLane> ConnectOnly(SessionCore& core, Handle port);
  std::unique_ptr<RawLane> Connect(SessionCore& core, Handle port);
  std::unique_ptr<Inbox> Listen(SessionCore& core, Handle port);
  // Takes the next lane_opened; Join maps its half and makes it ready.
  std::unique_ptr<RawLane> Opened(SessionCore& core, Inbox& port_inbox);
  std::unique_ptr<RawLane> Join(SessionCore& core, Inbox& port_inbox);
  static void Publish(RawLane& lane, std::string_view text);

  // What the one door answers, in its order, for a call of syscalls.def:
  // bad_handle, wrong_type, access_denied, invalid_args for unknown options
  // and fields not named.
  struct Shape {
    uint32_t known_options = 0;
    uint32_t args = 0;
    bool payload = false;
    CallArguments good = {};
  };
  void ExpectDoor(Syscall call, const Shape& shape);

  std::unique_ptr<testing_kit::World> world_ = testing_kit::World::Start();
  Capability kernel_object_ = testing_kit::Must(world_->root().Take("kernel"));

 private:
  void ExpectRefusesHandles(Syscall call, ObjectKind kind, Rights rights);
  void ExpectRefusesFields(Syscall call, Handle handle, const Shape& shape);
  std::vector<std::unique_ptr<RawLane>> lanes_made_;
};

}  // namespace ipc
