// The kernel's core driven without a loop: a transport that keeps what was
// sent, and a client that writes raw requests into the real halves. Never
// uses libipc, so that it can say what libipc never would.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernel/object/kernel.h"
#include "libipc/abi/handshake.h"
#include "libipc/base/half.h"
#include "libipc/base/socket.h"

namespace kernel {

// What came over a session's socket, and whether the socket takes more.
struct FakeSocket {
  struct Message {
    std::vector<uint8_t> bytes;
    std::vector<UniqueFd> descriptors;
  };
  std::deque<Message> sent;
  bool full = false;
  bool wants_room = false;
  bool closed = false;
  bool gone = false;         // its other end has hung up
  bool has_words = false;    // may be asked to wait for a futex word
  int word_waits = 0;        // that it was asked
  bool has_process = false;  // as after a Hello with a pid
  int kills = 0;             // signals sent to it
  std::function<void()> before_send;
};

class FakeTransport : public Transport {
 public:
  explicit FakeTransport(std::shared_ptr<FakeSocket> socket)
      : socket_(std::move(socket)) {}
  ~FakeTransport() override { socket_->closed = true; }
  Result<void> Send(const void* data, size_t bytes,
                    std::span<const int> descriptors) override;
  void NotifyWritable() override { socket_->wants_room = true; }
  bool WaitsForWords() const override { return socket_->has_words; }
  void WaitForWord(const uint32_t*, uint32_t) override {
    ++socket_->word_waits;
  }
  bool KillProcess() override;

 private:
  std::shared_ptr<FakeSocket> socket_;
};

// Gives each process_create's session a FakeSocket, in order.
class FakeHost : public Host {
 public:
  std::unique_ptr<Transport> Adopt(Session& session, UniqueFd socket) override;
  int64_t NowNs() override { return now_ns += tick_ns; }
  void SetAlarm(int64_t ns) override { alarm_ns = ns; }
  uint32_t Processor() override { return processor; }
  uint32_t processor = 1;
  int64_t now_ns = 1'000'000;
  int64_t tick_ns = 0;  // the clock goes on by this with each look
  int64_t alarm_ns = Timers::kNever;
  struct Child {
    uint64_t session;
    std::shared_ptr<FakeSocket> socket;
  };
  std::deque<Child> children;
};

struct Done {
  abi::Completion completion = {};
  std::vector<uint8_t> payload;
  std::vector<UniqueFd> descriptors;
  Error error() const { return completion.error; }
  uint64_t value(size_t i = 0) const { return completion.values[i]; }
  Handle handle() const { return static_cast<Handle>(value()); }
  template <typename T>
  T As(size_t index = 0) const {
    T out = {};
    if (payload.size() >= (index + 1) * sizeof(T))
      std::memcpy(&out, payload.data() + index * sizeof(T), sizeof(T));
    return out;
  }
};

struct RequestOptions {
  uint32_t options = 0;
  std::vector<uint8_t> payload = {};
  uint64_t user_data = 0;
};

class RawClient {
 public:
  // Takes over a session whose transport is this socket.
  RawClient(Kernel* kernel, uint64_t session,
            std::shared_ptr<FakeSocket> socket);

  void SayHello(const char* name, uint32_t version = abi::kVersion,
                uid_t uid = 0);
  // Hello, mapping, ready.
  void Begin(const char* name);

  // Publishes a request and lets the kernel work until it rests.
  void Submit(abi::Syscall call, Handle handle, std::vector<uint64_t> args = {},
              RequestOptions more = {});
  void SubmitRaw(const abi::Request& request,
                 std::span<const uint8_t> payload = {});
  // Submit, and its answer. Events that came before it are kept.
  Done Call(abi::Syscall call, Handle handle, std::vector<uint64_t> args = {},
            RequestOptions more = {});

  // The next completion or event that is there; fails the test if none.
  Done Take();
  std::optional<Done> TryTake();
  // The next event of this kind, skipping none: others are kept in order.
  Done TakeEvent(abi::Event event);
  bool HasEvent(abi::Event event);
  void Collect();  // moves what is on the ring into the kept ones

  void Settle();
  void Bell();
  bool alive() const { return !socket_->closed; }
  Session* session() const { return kernel_->FindSession(session_); }
  uint64_t id() const { return session_; }
  Handle Named(const std::string& name);

  const std::shared_ptr<FakeSocket>& socket() const { return socket_; }
  const std::shared_ptr<base::Half>& requests() const { return requests_; }
  const std::shared_ptr<base::Half>& completions() const {
    return completions_;
  }
  const abi::Welcome& welcome() const { return welcome_; }
  base::RingWriter& writer() { return writer_; }

 private:
  Kernel* const kernel_;
  const uint64_t session_;
  std::shared_ptr<FakeSocket> socket_;
  abi::Welcome welcome_ = {};
  std::shared_ptr<base::Half> requests_;
  std::shared_ptr<base::Half> completions_;
  base::RingWriter writer_;
  base::RingReader reader_;
  std::deque<Done> kept_;
  uint64_t next_user_data_ = 1;
};

// A lane's end as its process holds it.
struct RawEnd {
  Handle lane = 0;
  std::shared_ptr<base::Half> own;
  std::shared_ptr<base::Half> theirs;
  base::RingWriter writer;
  base::RingReader reader;

  void Send(const std::string& text, const base::Half* peer = nullptr);
  // The next record's text; "-" if there is none.
  std::string Take();
};

// A kernel with one root client.
class KernelTest : public ::testing::Test {
 protected:
  KernelTest();
  std::unique_ptr<RawClient> AddRoot(const char* name);
  std::unique_ptr<RawClient> AddPath(const char* name);
  struct Given {
    std::string name;
    Handle handle;
    Rights rights = abi::kRightsSame;
    uint32_t mode = abi::kTransferDuplicate;
  };
  static std::vector<uint8_t> CreatePayload(const char* name,
                                            const std::vector<Given>& given);
  // A child of `parent` with these capabilities, running.
  std::unique_ptr<RawClient> AddChild(RawClient& parent,
                                      const std::vector<Given>& given,
                                      Handle account = 0);
  void Settle();

  Handle CreatePort(RawClient& client, uint32_t options = 0,
                    uint32_t ring_bytes = 0, uint32_t ring_bytes_max = 0);
  Handle CreateRegion(RawClient& client, uint64_t bytes);
  // Connects and makes the sender's half ready.
  RawEnd Connect(RawClient& client, Handle port);
  // Takes a lane_opened event and makes the listener's half ready.
  RawEnd Open(RawClient& client, abi::LaneOpened* opened = nullptr);
  // Has a sender's end go on in a ring of this size.
  Error GoOnIn(RawClient& client, RawEnd& end, uint32_t bytes);
  // Takes lane_ring: the reader goes on there.
  void FollowTo(RawClient& client, RawEnd& end);
  // Takes lane_joined.
  void Joined(RawClient& client, RawEnd* end);

  FakeHost host_;
  Kernel kernel_{&host_};
  std::unique_ptr<RawClient> root_;
};

inline std::vector<uint8_t> Bytes(const void* data, size_t bytes) {
  const auto* first = static_cast<const uint8_t*>(data);
  return std::vector<uint8_t>(first, first + bytes);
}

}  // namespace kernel
