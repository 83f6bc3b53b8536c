// The kernel process's core under a client that the input directs: requests,
// records with true stamps and wild sizes, and socket messages. It must not
// crash, and another session must be served all the same. Uses no loop.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <vector>

#include "kernel/object/kernel.h"
#include "libipc/abi/handshake.h"
#include "tests/fuzz/input.h"

namespace {

using ipc::abi::SocketKind;
using ipc::abi::Syscall;
namespace abi = ipc::abi;

std::span<const uint8_t> BytesOf(const auto& value) {
  return {reinterpret_cast<const uint8_t*>(&value), sizeof(value)};
}

// Keeps the call ring's two descriptors, drops all else.
struct Mail {
  abi::Welcome welcome = {};
  std::array<base::UniqueFd, 2> halves;
};

class FuzzTransport : public kernel::Transport {
 public:
  explicit FuzzTransport(std::shared_ptr<Mail> mail) : mail_(std::move(mail)) {}
  base::Result<void> Send(const void* data, size_t bytes,
                          std::span<const int> fds) override {
    if (bytes < sizeof(mail_->welcome) || fds.size() != 2) return {};
    std::memcpy(&mail_->welcome, data, sizeof(mail_->welcome));
    for (size_t i = 0; i < 2; ++i)
      mail_->halves[i] = base::UniqueFd(fcntl(fds[i], F_DUPFD_CLOEXEC, 0));
    return {};
  }
  void NotifyWritable() override {}
  bool KillProcess() override { return true; }

 private:
  std::shared_ptr<Mail> mail_;
};

class FuzzHost : public kernel::Host {
 public:
  std::unique_ptr<kernel::Transport> Adopt(kernel::Session&,
                                           base::UniqueFd) override {
    return std::make_unique<FuzzTransport>(std::make_shared<Mail>());
  }
  int64_t NowNs() override { return now_ns_ += 1000; }
  void SetAlarm(int64_t) override {}

 private:
  int64_t now_ns_ = 0;
};

class Client {
 public:
  explicit Client(kernel::Kernel* kernel) : kernel_(kernel) { Join(); }

  kernel::Session* session() {
    kernel::Session* found = kernel_->FindSession(session_);
    return found != nullptr && found->alive() ? found : nullptr;
  }
  void Publish(const abi::RecordHeader& header,
               std::span<const uint8_t> bytes) {
    // Answers are taken at once, unread.
    requests_->head().store(completions_->tail().load());
    if (!writer_.HasRoom(bytes.size(), completions_.get())) return;
    if (!bytes.empty())
      std::memcpy(writer_.Payload(), bytes.data(), bytes.size());
    writer_.Publish(header);
    Say(Word(SocketKind::bell));
  }
  void Ask(const abi::Request& request, std::span<const uint8_t> payload) {
    std::vector<uint8_t> bytes(sizeof(request) + payload.size());
    std::memcpy(bytes.data(), &request, sizeof(request));
    if (!payload.empty())
      std::memcpy(bytes.data() + sizeof(request), payload.data(),
                  payload.size());
    abi::RecordHeader header = {};
    header.payload_bytes = static_cast<uint32_t>(bytes.size());
    Publish(header, bytes);
  }
  void Say(std::span<const uint8_t> message) {
    if (session() != nullptr) kernel_->Receive(*session(), message, kMe);
    for (int turn = 0; turn < 1000 && kernel_->Turn(); ++turn) {
    }
  }
  uint64_t answered() { return completions_->tail().load(); }
  void Rejoin() {
    if (session() == nullptr) Join();
  }

 private:
  inline static const kernel::Credentials kMe = {getpid(), geteuid()};

  static std::array<uint8_t, sizeof(abi::SocketMessage)> Word(SocketKind kind) {
    const abi::SocketMessage message = {abi::kMagic, kind, 0};
    std::array<uint8_t, sizeof(message)> bytes;
    std::memcpy(bytes.data(), &message, sizeof(message));
    return bytes;
  }
  void Join() {
    auto mail = std::make_shared<Mail>();
    kernel::Session* made = kernel_->AddSession(kernel::Session::Origin::kRoot);
    made->transport = std::make_unique<FuzzTransport>(mail);
    session_ = made->id();
    const abi::Hello hello = {abi::kMagic, SocketKind::hello, abi::kVersion, 0,
                              "fuzz"};
    Say(BytesOf(hello));
    requests_ =
        *base::Half::Map(mail->halves[0].get(), abi::kCallRingBytes,
                         mail->welcome.request_key, base::Access::kReadWrite);
    completions_ =
        *base::Half::Map(mail->halves[1].get(), abi::kCallRingBytes,
                         mail->welcome.completion_key, base::Access::kRead);
    writer_ = base::RingWriter(requests_, 0);
    Say(Word(SocketKind::ready));
  }

  kernel::Kernel* const kernel_;
  uint64_t session_ = 0;
  std::shared_ptr<base::Half> requests_;
  std::shared_ptr<base::Half> completions_;
  base::RingWriter writer_;
};

// Mostly a handle that the session has.
abi::Handle AnyHandle(fuzz::Input& input, Client& client) {
  const uint8_t pick = input.Byte();
  if (pick == 255) return input.Take<uint32_t>();
  const kernel::HandleTable& table = client.session()->handles;
  if (pick == 254 || table.slots() == 0) return abi::kNoHandle;
  const kernel::Capability* held = table.At(pick % table.slots());
  return held != nullptr ? held->handle : pick;
}

uint64_t AnyArgument(fuzz::Input& input, Client& client) {
  switch (input.Byte() % 8) {
    case 0:
      return AnyHandle(input, client);
    case 1:
      return abi::kRightsSame;
    case 2:
      return input.Byte();
    case 3:
      return 4096;
    case 4:
      return input.Take<uint64_t>();
    default:
      return 0;
  }
}

void AskSomething(fuzz::Input& input, Client& client) {
  abi::Request request = {};
  request.number = input.Byte() % 34;
  // Most calls take few options or none.
  request.options = input.Byte() % 16 < 12 ? 0 : input.Byte();
  const bool none = request.number == 1 || request.number == 24 ||
                    request.number == 28 || request.number == 31;
  request.handle = none ? abi::kNoHandle : AnyHandle(input, client);
  const int args = input.Byte() % 5;
  for (int i = 0; i < args; ++i) request.args[i] = AnyArgument(input, client);
  request.user_data = input.Byte();
  std::vector<uint8_t> payload;
  for (uint32_t items = input.Byte() % 4; items > 0; --items) {
    const abi::TransferItem item = {AnyHandle(input, client), abi::kRightsSame,
                                    input.Byte() % 3u, 0};
    const auto bytes = BytesOf(item);
    payload.insert(payload.end(), bytes.begin(), bytes.end());
  }
  const auto more = input.TakeBytes(input.Byte() % 64);
  payload.insert(payload.end(), more.begin(), more.end());
  client.Ask(request, payload);
}

void Step(fuzz::Input& input, Client& client) {
  client.Rejoin();
  switch (input.Byte() % 16) {
    case 0: {
      abi::RecordHeader header = {};
      header.payload_bytes = input.Take<uint32_t>() % 20'000;
      header.flags = input.Take<uint16_t>();
      client.Publish(header, input.TakeBytes(64));
      break;
    }
    case 1:
      client.Say(input.TakeBytes(input.Byte() % 80));
      break;
    default:
      AskSomething(input, client);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzHost host;
  kernel::Kernel kernel(&host);
  Client honest(&kernel);
  Client client(&kernel);
  fuzz::Input input(data, size);
  for (int steps = 0; steps < 200 && !input.empty(); ++steps)
    Step(input, client);
  const uint64_t before = honest.answered();
  ipc::abi::Request request = {};
  request.number = static_cast<uint32_t>(Syscall::session_info);
  honest.Ask(request, {});
  if (honest.session() == nullptr || honest.answered() == before) abort();
  return 0;
}
