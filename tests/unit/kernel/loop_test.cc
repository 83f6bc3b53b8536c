// The loop over real sockets: handshake, bells, hang-ups, joining by path.
#include "kernel/loop/loop.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "libipc/abi/handshake.h"
#include "libipc/base/clock.h"
#include "libipc/base/socket.h"

namespace kernel {
namespace {

constexpr int64_t kSoon = 20'000'000'000;

// A client over a real socket that sleeps by the bell.
class SocketClient {
 public:
  explicit SocketClient(UniqueFd socket) : socket_(std::move(socket)) {}

  bool Begin(uint32_t version = abi::kVersion) {
    abi::Hello hello = {.magic = abi::kMagic,
                        .kind = abi::SocketKind::hello,
                        .version = version,
                        .reserved = 0,
                        .name = "tester"};
    if (!base::SendMessage(socket_.get(), &hello, sizeof(hello)).ok())
      return false;
    auto reply = Receive(&welcome_, sizeof(welcome_));
    if (reply.bytes != sizeof(welcome_) || reply.descriptors.size() != 2)
      return false;
    requests_ =
        *base::Half::Map(reply.descriptors[0].get(), welcome_.ring_bytes,
                         welcome_.request_key, base::Access::kReadWrite);
    completions_ =
        *base::Half::Map(reply.descriptors[1].get(), welcome_.ring_bytes,
                         welcome_.completion_key, base::Access::kRead);
    writer_ = base::RingWriter(requests_, 0);
    reader_ = base::RingReader(completions_, 0);
    requests_->armed().store(abi::kArmRecordsBell);
    return SendWord(abi::SocketKind::ready);
  }
  bool SendWord(abi::SocketKind kind) {
    const abi::SocketMessage word = {
        .magic = abi::kMagic, .kind = kind, .serial = 0};
    return base::SendMessage(socket_.get(), &word, sizeof(word)).ok();
  }
  base::ReceivedMessage Receive(void* data, size_t bytes) {
    base::WaitReadable(socket_.get(), base::NowNs() + kSoon);
    auto got = base::ReceiveMessage(socket_.get(), data, bytes);
    return got.ok() ? *std::move(got) : base::ReceivedMessage();
  }
  abi::Completion Call(abi::Syscall call, Handle handle, uint64_t arg = 0) {
    abi::Request request = {};
    request.number = static_cast<uint32_t>(call);
    request.handle = handle;
    request.args[0] = arg;
    EXPECT_TRUE(writer_.HasRoom(sizeof(request), completions_.get()));
    std::memcpy(writer_.Payload(), &request, sizeof(request));
    abi::RecordHeader header = {};
    header.payload_bytes = sizeof(request);
    writer_.Publish(header);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (completions_->armed().load() != 0) SendWord(abi::SocketKind::bell);
    return Next();
  }
  abi::Completion Next() {
    abi::RecordHeader header;
    abi::Completion completion = {};
    while (reader_.Peek(&header) != base::RingReader::State::kRecord) {
      abi::SocketMessage word;
      if (Receive(&word, sizeof(word)).bytes == 0) {
        ADD_FAILURE() << "the kernel hung up or said nothing";
        return completion;
      }
    }
    std::memcpy(&completion, reader_.Payload(), sizeof(completion));
    reader_.Consume(header, requests_.get());
    return completion;
  }
  bool WaitForHangUp() {
    uint8_t data[64];
    while (base::WaitReadable(socket_.get(), base::NowNs() + kSoon)) {
      auto got = base::ReceiveMessage(socket_.get(), data, sizeof(data));
      if (!got.ok() || got->bytes == 0) return true;
    }
    return false;
  }
  void HangUp() { socket_.Reset(); }
  int socket() const { return socket_.get(); }
  const abi::Welcome& welcome() const { return welcome_; }

 private:
  UniqueFd socket_;
  abi::Welcome welcome_ = {};
  std::shared_ptr<base::Half> requests_;
  std::shared_ptr<base::Half> completions_;
  base::RingWriter writer_;
  base::RingReader reader_;
};

class LoopTest : public ::testing::Test {
 protected:
  void Start(const std::string& path = "") {
    auto pair = base::CreateSocketPair();
    LoopOptions options;
    options.root_sockets.push_back(std::move(pair->first));
    options.listen_path = path;
    std::string why;
    loop_ = Loop::Create(std::move(options), &why);
    ASSERT_NE(loop_, nullptr) << why;
    root_ = std::make_unique<SocketClient>(std::move(pair->second));
    thread_ = std::thread([this] { loop_->Run(); });
  }
  ~LoopTest() override {
    if (loop_ != nullptr) loop_->Stop();
    if (thread_.joinable()) thread_.join();
  }
  std::string NewPath() {
    char folder[] = "/tmp/keyport-loop-XXXXXX";
    folder_ = mkdtemp(folder);
    return folder_ + "/socket";
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  std::unique_ptr<Loop> loop_;
  std::unique_ptr<SocketClient> root_;
  std::thread thread_;
  std::string folder_;
};

TEST_F(LoopTest, RootSessionIsServed) {
  Start();
  ASSERT_TRUE(root_->Begin());
  for (int i = 0; i < 1000; ++i) {
    const auto info = root_->Call(abi::Syscall::session_info, 0);
    ASSERT_EQ(info.error, Error::ok);
    ASSERT_EQ(info.values[3], 2u);
  }
}

TEST_F(LoopTest, RunEndsWithTheLastRootSession) {
  Start();
  ASSERT_TRUE(root_->Begin());
  root_->HangUp();
  thread_.join();
}

TEST_F(LoopTest, StopHangsUpOnEverybody) {
  Start();
  ASSERT_TRUE(root_->Begin());
  loop_->Stop();
  EXPECT_TRUE(root_->WaitForHangUp());
}

TEST_F(LoopTest, OtherVersionIsToldSoAndHungUpOn) {
  Start();
  EXPECT_FALSE(root_->Begin(99));
  EXPECT_EQ(root_->welcome().kind, abi::SocketKind::refused);
  EXPECT_EQ(root_->welcome().error, Error::not_supported);
  EXPECT_EQ(root_->welcome().version, abi::kVersion);
  EXPECT_TRUE(root_->WaitForHangUp());
}

TEST_F(LoopTest, GarbageOnTheSocketEndsOnlyItsSession) {
  const std::string path = NewPath();
  Start(path);
  ASSERT_TRUE(root_->Begin());
  SocketClient bad(*base::ConnectTo(path));
  ASSERT_TRUE(base::SendMessage(bad.socket(), "garbage", 7).ok());
  EXPECT_TRUE(bad.WaitForHangUp());
  EXPECT_EQ(root_->Call(abi::Syscall::session_info, 0).error, Error::ok);
}

TEST_F(LoopTest, ToolMayJoinByPathAndOnlyLook) {
  const std::string path = NewPath();
  Start(path);
  ASSERT_TRUE(root_->Begin());
  SocketClient tool(*base::ConnectTo(path));
  ASSERT_TRUE(tool.Begin());
  EXPECT_EQ(tool.Call(abi::Syscall::session_info, 0).values[3], 1u);
}

TEST_F(LoopTest, StaleSocketPathIsTakenOver) {
  const std::string path = NewPath();
  // Closed at once; the path stays.
  ASSERT_TRUE(base::ListenOn(path).ok());
  Start(path);
  ASSERT_TRUE(root_->Begin());
  EXPECT_TRUE(base::ConnectTo(path).ok());
}

TEST_F(LoopTest, PathInUseIsNotTakenOver) {
  const std::string path = NewPath();
  const auto listener = base::ListenOn(path);
  LoopOptions options;
  options.listen_path = path;
  std::string why;
  EXPECT_EQ(Loop::Create(std::move(options), &why), nullptr);
  EXPECT_NE(why.find(path), std::string::npos) << why;
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(LoopTest, PathIsRemovedAtACleanEnd) {
  const std::string path = NewPath();
  Start(path);
  loop_->Stop();
  thread_.join();
  loop_.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(LoopTest, TwoHundredToolsComeAndGo) {
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

TEST_F(LoopTest, LaneIsOpenedWhenDescriptorsComeBackUntold) {
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

}  // namespace
}  // namespace kernel
