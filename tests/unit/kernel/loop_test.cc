// The loop over real sockets: handshake, bells, hang-ups, joining by path.
#include <sys/resource.h>

#include "tests/unit/kernel/loop_fixture.h"

namespace kernel {
namespace {

TEST_P(LoopTest, RootSessionIsServed) {
  Start();
  ASSERT_TRUE(root_->Begin());
  for (int i = 0; i < 1000; ++i) {
    const auto info = root_->Call(abi::Syscall::session_info, 0);
    ASSERT_EQ(info.error, Error::ok);
    ASSERT_EQ(info.values[3], 2u);
  }
}

TEST_P(LoopTest, ClientMayWakeAWordWhereLinuxCanWaitForIt) {
  // As the loop's own, which is its thread's.
  std::string why;
  const auto ring = Ring::Create(&why);
  ASSERT_NE(ring, nullptr) << why;
  ASSERT_TRUE(ring->Enable(GetParam()));
  const bool can_wait = ring->waits_for_words();
  polling_ = LoopOptions::Polling::kNever;
  Start();
  ASSERT_TRUE(root_->Begin());
  root_->PreferWord();
  for (int i = 0; i < 1000; ++i)
    ASSERT_EQ(root_->Call(abi::Syscall::session_info, 0).error, Error::ok);
  EXPECT_EQ(root_->words_woken() > 0, can_wait);
}

TEST_P(LoopTest, RunEndsWithTheLastRootSession) {
  Start();
  ASSERT_TRUE(root_->Begin());
  root_->HangUp();
  thread_.join();
}

TEST_P(LoopTest, StopHangsUpOnEverybody) {
  Start();
  ASSERT_TRUE(root_->Begin());
  loop_->Stop();
  EXPECT_TRUE(root_->WaitForHangUp());
}

TEST_P(LoopTest, OtherVersionIsToldSoAndHungUpOn) {
  Start();
  EXPECT_FALSE(root_->Begin(99));
  EXPECT_EQ(root_->welcome().kind, abi::SocketKind::refused);
  EXPECT_EQ(root_->welcome().error, Error::not_supported);
  EXPECT_EQ(root_->welcome().version, abi::kVersion);
  EXPECT_TRUE(root_->WaitForHangUp());
}

TEST_P(LoopTest, GarbageOnTheSocketEndsOnlyItsSession) {
  const std::string path = NewPath();
  Start(path);
  ASSERT_TRUE(root_->Begin());
  SocketClient bad(*base::ConnectTo(path));
  ASSERT_TRUE(base::SendMessage(bad.socket(), "garbage", 7).ok());
  EXPECT_TRUE(bad.WaitForHangUp());
  EXPECT_EQ(root_->Call(abi::Syscall::session_info, 0).error, Error::ok);
}

TEST_P(LoopTest, ToolMayJoinByPathAndOnlyLook) {
  const std::string path = NewPath();
  Start(path);
  ASSERT_TRUE(root_->Begin());
  SocketClient tool(*base::ConnectTo(path));
  ASSERT_TRUE(tool.Begin());
  EXPECT_EQ(tool.Call(abi::Syscall::session_info, 0).values[3], 1u);
}

TEST_P(LoopTest, StaleSocketPathIsTakenOver) {
  const std::string path = NewPath();
  // Closed at once; the path stays.
  ASSERT_TRUE(base::ListenOn(path).ok());
  Start(path);
  ASSERT_TRUE(root_->Begin());
  EXPECT_TRUE(base::ConnectTo(path).ok());
}

TEST_P(LoopTest, PathInUseIsNotTakenOver) {
  const std::string path = NewPath();
  const auto listener = base::ListenOn(path);
  LoopOptions options;
  options.listen_path = path;
  std::string why;
  EXPECT_EQ(Loop::Create(std::move(options), &why), nullptr);
  EXPECT_NE(why.find(path), std::string::npos) << why;
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_P(LoopTest, PathIsRemovedAtACleanEnd) {
  const std::string path = NewPath();
  Start(path);
  loop_->Stop();
  thread_.join();
  loop_.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_P(LoopTest, TwoHundredToolsComeAndGo) {
  const std::string path = NewPath();
  Start(path);
  ASSERT_TRUE(root_->Begin());
  for (int round = 0; round < 4; ++round) {
    std::vector<std::unique_ptr<SocketClient>> tools;
    for (int i = 0; i < 50; ++i) {
      tools.push_back(std::make_unique<SocketClient>(*base::ConnectTo(path)));
      ASSERT_TRUE(tools.back()->Begin());
    }
    for (auto& tool : tools)
      EXPECT_EQ(tool->Call(abi::Syscall::session_info, 0).error, Error::ok);
  }
  EXPECT_EQ(root_->Call(abi::Syscall::session_info, 0).error, Error::ok);
}

// Until it goes, this process can open nothing more.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none = {.rlim_cur = 1, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_ = {};
};

TEST_P(LoopTest, LaneIsOpenedWhenDescriptorsComeBackUntold) {
  constexpr Handle kAccount = 1u << abi::kHandleSlotBits | 1;
  Start();
  ASSERT_TRUE(root_->Begin());
  const auto port = root_->Call(abi::Syscall::port_create, kAccount, 4096);
  const auto handle = static_cast<Handle>(port.values[0]);
  const auto lane = root_->Call(abi::Syscall::port_connect, handle);
  ASSERT_EQ(lane.error, Error::ok);
  ASSERT_EQ(
      root_->Call(abi::Syscall::lane_ready, static_cast<Handle>(lane.values[0]))
          .error,
      Error::ok);
  {
    const NoDescriptors none;
    ASSERT_EQ(root_->Call(abi::Syscall::port_listen, handle).error, Error::ok);
    // Answered in its order: the lane has not been opened before it.
    ASSERT_EQ(root_->Call(abi::Syscall::session_info, 0).number,
              static_cast<uint32_t>(abi::Syscall::session_info));
  }
  EXPECT_EQ(root_->Next().number,
            abi::kEventFlag | static_cast<uint32_t>(abi::Event::lane_opened));
}

INSTANTIATE_TEST_SUITE_P(Means, LoopTest,
                         ::testing::Values(LoopOptions::Means::kAll,
                                           LoopOptions::Means::kLeast));

}  // namespace
}  // namespace kernel
