// Wire: a client's end of one session, driven without a loop. It writes raw
// requests into the real rings and reads raw completions; it never makes the
// kernel take a turn.
#pragma once

#include <deque>
#include <memory>

#include "kernel/object/kernel.h"
#include "libipc/abi/handshake.h"
#include "libipc/base/half.h"
#include "tests/unit/kernel/model/state.h"

namespace model {

// What the kernel sent over one session's socket.
struct Inbox {
  std::vector<base::UniqueFd> welcome_fds;
  abi::Welcome welcome = {};
  struct Descriptors {
    uint32_t count = 0;
    std::vector<base::UniqueFd> fds;  // of lanes; others are let go
  };
  std::map<uint64_t, Descriptors> descriptors;  // by serial
};

class WireHost : public kernel::Host {
 public:
  std::unique_ptr<kernel::Transport> Adopt(kernel::Session& session,
                                           base::UniqueFd socket) override;
  std::unique_ptr<kernel::Transport> Make(std::shared_ptr<Inbox>* inbox);
  int64_t NowNs() override { return now_ns; }
  void SetAlarm(int64_t ns) override { alarm_ns = ns; }
  int64_t now_ns = 1'000'000;
  int64_t alarm_ns = kernel::Timers::kNever;
  // Of sessions made by process_create.
  std::map<uint64_t, std::shared_ptr<Inbox>> inboxes;
};

// One completion or event.
struct Received {
  abi::Completion completion = {};
  std::vector<uint8_t> payload;
  uint32_t descriptors = 0;
  std::vector<base::UniqueFd> fds;
};

class Wire {
 public:
  Wire(kernel::Kernel* kernel, uint64_t session, std::shared_ptr<Inbox> inbox)
      : kernel_(kernel), session_(session), inbox_(std::move(inbox)) {}

  // Joins: hello, mapping, ready.
  void Begin(const std::string& name);
  bool HasRoom(size_t payload_bytes);
  void Submit(const Request& request);
  // False: nothing is there.
  bool Take(Received* received);

 private:
  template <typename T>
  void Send(const T& message, kernel::Credentials from = {});

  kernel::Kernel* const kernel_;
  const uint64_t session_;
  std::shared_ptr<Inbox> inbox_;
  std::shared_ptr<base::Half> requests_;
  std::shared_ptr<base::Half> completions_;
  base::RingWriter writer_;
  base::RingReader reader_;
};

}  // namespace model
