#include "tests/unit/kernel/model/wire.h"

#include <fcntl.h>

namespace model {
namespace {

class WireTransport : public kernel::Transport {
 public:
  explicit WireTransport(std::shared_ptr<Inbox> inbox)
      : inbox_(std::move(inbox)) {}
  kernel::Result<void> Send(const void* data, size_t,
                            std::span<const int> descriptors) override {
    abi::SocketMessage message;
    std::memcpy(&message, data, sizeof(message));
    if (message.kind == abi::SocketKind::welcome) {
      std::memcpy(&inbox_->welcome, data, sizeof(inbox_->welcome));
      for (const int fd : descriptors)
        inbox_->welcome_fds.emplace_back(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    } else if (message.kind == abi::SocketKind::descriptors) {
      Inbox::Descriptors& kept = inbox_->descriptors[message.serial];
      kept.count = static_cast<uint32_t>(descriptors.size());
      if (kept.count < 2) return {};
      for (const int fd : descriptors)
        kept.fds.emplace_back(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    }
    return {};
  }
  void NotifyWritable() override {}
  bool KillProcess() override { return false; }

 private:
  std::shared_ptr<Inbox> inbox_;
};

}  // namespace

std::unique_ptr<kernel::Transport> WireHost::Make(
    std::shared_ptr<Inbox>* inbox) {
  *inbox = std::make_shared<Inbox>();
  return std::make_unique<WireTransport>(*inbox);
}

std::unique_ptr<kernel::Transport> WireHost::Adopt(kernel::Session& session,
                                                   base::UniqueFd) {
  return Make(&inboxes[session.id()]);
}

template <typename T>
void Wire::Send(const T& message, kernel::Credentials from) {
  kernel_->Receive(
      *kernel_->FindSession(session_),
      {reinterpret_cast<const uint8_t*>(&message), sizeof(message)}, from);
}

void Wire::Begin(const std::string& name) {
  abi::Hello hello = {.magic = abi::kMagic,
                      .kind = abi::SocketKind::hello,
                      .version = abi::kVersion,
                      .reserved = 0,
                      .name = {}};
  std::memcpy(hello.name, name.data(), name.size());
  Send(hello, {.pid = 1, .uid = 0});
  const abi::Welcome& welcome = inbox_->welcome;
  if (inbox_->welcome_fds.size() != 2) throw Mismatch("no welcome");
  requests_ = *base::Half::Map(inbox_->welcome_fds[0].get(), welcome.ring_bytes,
                               welcome.request_key, base::Access::kReadWrite);
  completions_ =
      *base::Half::Map(inbox_->welcome_fds[1].get(), welcome.ring_bytes,
                       welcome.completion_key, base::Access::kRead);
  inbox_->welcome_fds.clear();
  writer_ = base::RingWriter(requests_, 0);
  reader_ = base::RingReader(completions_, 0);
  Send(abi::SocketMessage{abi::kMagic, abi::SocketKind::ready, 0});
}

bool Wire::HasRoom(size_t payload_bytes) {
  return writer_.HasRoom(sizeof(abi::Request) + payload_bytes,
                         completions_.get());
}

void Wire::Submit(const Request& request) {
  const size_t bytes = sizeof(request.head) + request.payload.size();
  uint8_t* to = writer_.Payload();
  std::memcpy(to, &request.head, sizeof(request.head));
  if (!request.payload.empty())
    std::memcpy(to + sizeof(request.head), request.payload.data(),
                request.payload.size());
  abi::RecordHeader header = {};
  header.payload_bytes = static_cast<uint32_t>(bytes);
  writer_.Publish(header);
  if (completions_->armed().load() != 0)
    Send(abi::SocketMessage{abi::kMagic, abi::SocketKind::bell, 0});
}

bool Wire::Take(Received* received) {
  abi::RecordHeader header;
  if (reader_.Peek(&header) != base::RingReader::State::kRecord) return false;
  abi::Completion& completion = received->completion;
  std::memcpy(&completion, reader_.Payload(), sizeof(completion));
  const uint8_t* payload = reader_.Payload() + sizeof(completion);
  received->payload.assign(payload, payload + completion.payload_bytes);
  reader_.Consume(header, requests_.get());
  received->descriptors = 0;
  received->fds.clear();
  if (completion.descriptor_count == 0) return true;
  const auto sent = inbox_->descriptors.find(completion.descriptor_serial);
  if (sent == inbox_->descriptors.end() ||
      sent->second.count != completion.descriptor_count)
    throw Mismatch("descriptors are missing");
  received->descriptors = sent->second.count;
  received->fds = std::move(sent->second.fds);
  inbox_->descriptors.erase(sent);
  return true;
}

}  // namespace model
