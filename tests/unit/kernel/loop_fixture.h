// A loop over real sockets, and clients of it without libipc.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "kernel/loop/loop.h"
#include "libipc/abi/handshake.h"
#include "libipc/base/clock.h"
#include "libipc/base/futex.h"
#include "libipc/base/socket.h"

namespace kernel {

// A client over a real socket that sleeps by the bell, and rings it or, if
// told so, wakes the word where the kernel process says that it may.
class SocketClient {
 public:
  explicit SocketClient(UniqueFd socket) : socket_(std::move(socket)) {}

  bool Begin(uint32_t version = abi::kVersion) {
    abi::Hello hello = {.magic = abi::kMagic,
                        .kind = abi::SocketKind::hello,
                        .version = version,
                        .reserved = 0,
                        .name = "tester"};
    return base::SendMessage(socket_.get(), &hello, sizeof(hello)).ok() &&
           TakeWelcome() && SendWord(abi::SocketKind::ready);
  }
  bool TakeWelcome() {
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
    return true;
  }
  bool SendWord(abi::SocketKind kind) {
    const abi::SocketMessage word = {
        .magic = abi::kMagic, .kind = kind, .serial = 0};
    return base::SendMessage(socket_.get(), &word, sizeof(word)).ok();
  }
  base::ReceivedMessage Receive(void* data, size_t bytes) {
    base::WaitReadable(socket_.get(), base::NowNs() + kSoonNs);
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
    if (const uint32_t armed = completions_->armed().load(); armed != 0)
      Wake(armed);
    return Next();
  }
  void PreferWord() { prefers_word_ = true; }
  int words_woken() const { return words_woken_; }
  const std::shared_ptr<base::Half>& requests() const { return requests_; }
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
    while (base::WaitReadable(socket_.get(), base::NowNs() + kSoonNs)) {
      auto got = base::ReceiveMessage(socket_.get(), data, sizeof(data));
      if (!got.ok() || got->bytes == 0) return true;
    }
    return false;
  }
  void HangUp() { socket_.Reset(); }
  int socket() const { return socket_.get(); }
  const abi::Welcome& welcome() const { return welcome_; }

 private:
  void Wake(uint32_t armed) {
    if (!prefers_word_ || (armed & abi::kArmRecordsFutex) == 0) {
      SendWord(abi::SocketKind::bell);
      return;
    }
    base::WakeWord(requests_->tail_word(), 1);
    ++words_woken_;
  }

  static constexpr int64_t kSoonNs = 20'000'000'000;

  UniqueFd socket_;
  abi::Welcome welcome_ = {};
  std::shared_ptr<base::Half> requests_;
  std::shared_ptr<base::Half> completions_;
  base::RingWriter writer_;
  base::RingReader reader_;
  bool prefers_word_ = false;
  int words_woken_ = 0;
};

// A loop on a thread of its own, and one root client. Each test runs for both
// ways in which messages come off the sockets.
class LoopTest : public ::testing::TestWithParam<LoopOptions::Means> {
 protected:
  void Start(const std::string& path = "") {
    auto pair = base::CreateSocketPair();
    LoopOptions options;
    options.root_sockets.push_back(std::move(pair->first));
    options.listen_path = path;
    options.means = GetParam();
    options.polling = polling_;
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

  LoopOptions::Polling polling_ = LoopOptions::Polling::kWherePays;
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<SocketClient> root_;
  std::thread thread_;
  std::string folder_;
};

}  // namespace kernel
