// The loop against what hostile clients send over their sockets.
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>

#include "tests/unit/kernel/loop_fixture.h"

namespace kernel {
namespace {

constexpr int kSoonMs = 20'000;

class LoopMessagesTest : public LoopTest {
 protected:
  void StartWithPath() {
    path_ = NewPath();
    Start(path_);
    ASSERT_TRUE(root_->Begin());
  }
  std::unique_ptr<SocketClient> NewTool() {
    return std::make_unique<SocketClient>(*base::ConnectTo(path_));
  }
  bool RootIsServed() {
    return root_->Call(abi::Syscall::session_info, 0).error == Error::ok;
  }

  std::string path_;
};

abi::SocketMessage Bell() {
  return {.magic = abi::kMagic, .kind = abi::SocketKind::bell, .serial = 0};
}

abi::Hello SomeHello() {
  return {.magic = abi::kMagic,
          .kind = abi::SocketKind::hello,
          .version = abi::kVersion,
          .reserved = 0,
          .name = "tester"};
}

// A pipe whose writing end is sent away.
class SentPipe {
 public:
  SentPipe() {
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    reading_.Reset(ends[0]);
    writing_.Reset(ends[1]);
  }
  // With a message, several times.
  bool SendWith(int socket, const void* data, size_t bytes) {
    constexpr size_t kCopies = 8;
    std::array<int, kCopies> copies;
    copies.fill(writing_.get());
    const bool sent = base::SendMessage(socket, data, bytes, copies).ok();
    writing_.Reset();
    return sent;
  }
  // Nobody has the writing end any more.
  bool IsClosedEverywhere() {
    pollfd entry = {.fd = reading_.get(), .events = POLLIN, .revents = 0};
    return poll(&entry, 1, kSoonMs) == 1 && (entry.revents & POLLHUP) != 0;
  }

 private:
  UniqueFd reading_;
  UniqueFd writing_;
};

TEST_P(LoopMessagesTest, DescriptorsWithABellAreDropped) {
  StartWithPath();
  auto tool = NewTool();
  ASSERT_TRUE(tool->Begin());
  const abi::SocketMessage bell = Bell();
  SentPipe pipe;
  ASSERT_TRUE(pipe.SendWith(tool->socket(), &bell, sizeof(bell)));
  EXPECT_TRUE(pipe.IsClosedEverywhere());
  EXPECT_EQ(tool->Call(abi::Syscall::session_info, 0).error, Error::ok);
}

TEST_P(LoopMessagesTest, DescriptorsWithAHelloAreDropped) {
  StartWithPath();
  auto tool = NewTool();
  const abi::Hello hello = SomeHello();
  SentPipe pipe;
  ASSERT_TRUE(pipe.SendWith(tool->socket(), &hello, sizeof(hello)));
  EXPECT_TRUE(pipe.IsClosedEverywhere());
  abi::Welcome welcome = {};
  EXPECT_EQ(tool->Receive(&welcome, sizeof(welcome)).bytes, sizeof(welcome));
  EXPECT_EQ(welcome.kind, abi::SocketKind::welcome);
}

TEST_P(LoopMessagesTest, MessagesOfAWrongLengthEndTheirSessionOnly) {
  StartWithPath();
  const std::vector<uint8_t> zeros(5000);
  for (const size_t bytes : {0u, 1u, 15u, 17u, 64u, 65u, 128u, 129u, 5000u}) {
    auto tool = NewTool();
    ASSERT_TRUE(tool->Begin());
    // Not by base::SendMessage: an empty message is one, too.
    ASSERT_EQ(send(tool->socket(), zeros.data(), bytes, MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes));
    EXPECT_TRUE(tool->WaitForHangUp()) << bytes;
  }
  EXPECT_TRUE(RootIsServed());
}

TEST_P(LoopMessagesTest, ABellWithMoreBehindItIsNoBell) {
  StartWithPath();
  auto tool = NewTool();
  ASSERT_TRUE(tool->Begin());
  std::array<uint8_t, 200> message = {};
  const abi::SocketMessage bell = Bell();
  std::memcpy(message.data(), &bell, sizeof(bell));
  ASSERT_TRUE(
      base::SendMessage(tool->socket(), message.data(), message.size()).ok());
  EXPECT_TRUE(tool->WaitForHangUp());
}

TEST_P(LoopMessagesTest, BellsByTheThousandLeaveOthersServed) {
  StartWithPath();
  std::atomic<bool> enough = false;
  std::vector<std::unique_ptr<SocketClient>> tools;
  std::vector<std::thread> floods;
  for (int i = 0; i < 3; ++i) {
    tools.push_back(NewTool());
    ASSERT_TRUE(tools.back()->Begin());
    floods.emplace_back([&enough, tool = tools.back().get()] {
      while (!enough) tool->SendWord(abi::SocketKind::bell);
    });
  }
  for (int i = 0; i < 200; ++i) EXPECT_TRUE(RootIsServed());
  enough = true;
  for (std::thread& flood : floods) flood.join();
  for (auto& tool : tools)
    EXPECT_EQ(tool->Call(abi::Syscall::session_info, 0).error, Error::ok);
}

TEST_P(LoopMessagesTest, AWordThatChangesAllTheTimeLeavesOthersServed) {
  StartWithPath();
  auto tool = NewTool();
  ASSERT_TRUE(tool->Begin());
  std::atomic<bool> enough = false;
  std::thread scribbler([&] {
    for (uint64_t tail = 0; !enough; tail += 64) {
      tool->requests()->tail().store(tail);
      base::WakeWord(tool->requests()->tail_word(), 1);
    }
  });
  for (int i = 0; i < 200; ++i) EXPECT_TRUE(RootIsServed());
  enough = true;
  scribbler.join();
  EXPECT_EQ(tool->Call(abi::Syscall::session_info, 0).error, Error::ok);
}

// Holds a thread, by a signal, until it is destroyed.
class Held {
 public:
  explicit Held(std::thread& thread) {
    holds_ = true;
    is_held_ = false;
    struct sigaction action = {};
    action.sa_handler = [](int) {
      is_held_ = true;
      while (holds_) {
      }
    };
    sigaction(SIGUSR1, &action, nullptr);
    pthread_kill(thread.native_handle(), SIGUSR1);
    while (!is_held_) std::this_thread::yield();
  }
  ~Held() { holds_ = false; }

 private:
  static std::atomic<bool> holds_;
  static std::atomic<bool> is_held_;
};
std::atomic<bool> Held::holds_ = false;
std::atomic<bool> Held::is_held_ = false;

// More messages lie on the sockets than there are buffers before the loop
// looks at the first of them.
TEST_P(LoopMessagesTest, WhoFindsNoBufferIsServedLater) {
  StartWithPath();
  std::vector<std::unique_ptr<SocketClient>> tools;
  for (int i = 0; i < 8; ++i) {
    tools.push_back(NewTool());
    ASSERT_TRUE(tools.back()->Begin());
    ASSERT_EQ(tools.back()->Call(abi::Syscall::session_info, 0).error,
              Error::ok);
  }
  {
    const Held loop(thread_);
    for (int i = 0; i < 150; ++i)
      for (auto& tool : tools)
        ASSERT_TRUE(tool->SendWord(abi::SocketKind::bell));
  }
  for (auto& tool : tools)
    EXPECT_EQ(tool->Call(abi::Syscall::session_info, 0).error, Error::ok);
}

TEST_P(LoopMessagesTest, HangingUpAmidBellsEndsTheSessionOnly) {
  StartWithPath();
  for (int round = 0; round < 50; ++round) {
    auto tool = NewTool();
    ASSERT_TRUE(tool->Begin());
    for (int i = 0; i < 100; ++i) tool->SendWord(abi::SocketKind::bell);
    tool->HangUp();
    ASSERT_TRUE(RootIsServed());
  }
}

TEST_P(LoopMessagesTest, HangingUpAfterTheHelloEndsTheSessionOnly) {
  StartWithPath();
  for (int round = 0; round < 50; ++round) {
    auto tool = NewTool();
    const abi::Hello hello = SomeHello();
    ASSERT_TRUE(base::SendMessage(tool->socket(), &hello, sizeof(hello)).ok());
    tool->HangUp();
    auto other = NewTool();
    ASSERT_TRUE(other->Begin());
    EXPECT_EQ(other->Call(abi::Syscall::session_info, 0).error, Error::ok);
  }
}

INSTANTIATE_TEST_SUITE_P(Means, LoopMessagesTest,
                         ::testing::Values(LoopOptions::Means::kAll,
                                           LoopOptions::Means::kLeast));

}  // namespace
}  // namespace kernel
