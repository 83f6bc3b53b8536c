#include "tests/unit/kernel/raw_client.h"

#include <fcntl.h>
#include <unistd.h>

namespace kernel {

Result<void> FakeTransport::Send(const void* data, size_t bytes,
                                 std::span<const int> descriptors) {
  if (socket_->gone) return Error::peer_closed;
  if (socket_->full) return Error::should_wait;
  if (socket_->before_send) socket_->before_send();
  FakeSocket::Message message;
  message.bytes = Bytes(data, bytes);
  for (const int fd : descriptors)
    message.descriptors.emplace_back(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  socket_->sent.push_back(std::move(message));
  return {};
}

bool FakeTransport::KillProcess() {
  if (!socket_->has_process) return false;
  ++socket_->kills;
  return true;
}

std::unique_ptr<Transport> FakeHost::Adopt(Session& session, UniqueFd) {
  auto socket = std::make_shared<FakeSocket>();
  children.push_back({session.id(), socket});
  return std::make_unique<FakeTransport>(socket);
}

RawClient::RawClient(Kernel* kernel, uint64_t session,
                     std::shared_ptr<FakeSocket> socket)
    : kernel_(kernel), session_(session), socket_(std::move(socket)) {}

void RawClient::SayHello(const char* name, uint32_t version, uid_t uid) {
  abi::Hello hello = {.magic = abi::kMagic,
                      .kind = abi::SocketKind::hello,
                      .version = version,
                      .reserved = 0,
                      .name = {}};
  std::strncpy(hello.name, name, sizeof(hello.name) - 1);
  kernel_->Receive(*session(), Bytes(&hello, sizeof(hello)),
                   Credentials{getpid(), uid});
}

void RawClient::Begin(const char* name) {
  SayHello(name);
  ASSERT_EQ(socket_->sent.size(), 1u);
  FakeSocket::Message message = std::move(socket_->sent.front());
  socket_->sent.pop_front();
  ASSERT_GE(message.bytes.size(), sizeof(welcome_));
  std::memcpy(&welcome_, message.bytes.data(), sizeof(welcome_));
  ASSERT_EQ(welcome_.kind, abi::SocketKind::welcome);
  ASSERT_EQ(message.descriptors.size(), 2u);
  requests_ =
      *base::Half::Map(message.descriptors[0].get(), welcome_.ring_bytes,
                       welcome_.request_key, base::Access::kReadWrite);
  completions_ =
      *base::Half::Map(message.descriptors[1].get(), welcome_.ring_bytes,
                       welcome_.completion_key, base::Access::kRead);
  writer_ = base::RingWriter(requests_, 0);
  reader_ = base::RingReader(completions_, 0);
  const abi::SocketMessage ready = {
      .magic = abi::kMagic, .kind = abi::SocketKind::ready, .serial = 0};
  kernel_->Receive(*session(), Bytes(&ready, sizeof(ready)), {});
  Settle();
  ASSERT_TRUE(alive());
}

void RawClient::Bell() {
  if (session() == nullptr) return;
  const abi::SocketMessage bell = {
      .magic = abi::kMagic, .kind = abi::SocketKind::bell, .serial = 0};
  kernel_->Receive(*session(), Bytes(&bell, sizeof(bell)), {});
}

void RawClient::Settle() {
  for (int turns = 0; turns < 1'000'000 && kernel_->Turn(); ++turns) {
  }
}

void RawClient::SubmitRaw(const abi::Request& request,
                          std::span<const uint8_t> payload) {
  const size_t bytes = sizeof(request) + payload.size();
  ASSERT_TRUE(writer_.HasRoom(bytes, completions_.get()));
  std::memcpy(writer_.Payload(), &request, sizeof(request));
  if (!payload.empty())
    std::memcpy(writer_.Payload() + sizeof(request), payload.data(),
                payload.size());
  abi::RecordHeader header = {};
  header.payload_bytes = static_cast<uint32_t>(bytes);
  writer_.Publish(header);
  if (completions_->armed().load() != 0) Bell();
}

void RawClient::Submit(abi::Syscall call, Handle handle,
                       std::vector<uint64_t> args, RequestOptions more) {
  abi::Request request = {};
  request.number = static_cast<uint32_t>(call);
  request.options = more.options;
  request.handle = handle;
  for (size_t i = 0; i < args.size(); ++i) request.args[i] = args[i];
  request.user_data = more.user_data;
  SubmitRaw(request, more.payload);
}

Done RawClient::Call(abi::Syscall call, Handle handle,
                     std::vector<uint64_t> args, RequestOptions more) {
  more.user_data = next_user_data_++ | uint64_t{1} << 40;
  const uint64_t user_data = more.user_data;
  Submit(call, handle, std::move(args), std::move(more));
  Settle();
  Collect();
  for (auto at = kept_.begin(); at != kept_.end(); ++at) {
    if (at->completion.user_data != user_data ||
        (at->completion.number & abi::kEventFlag) != 0)
      continue;
    Done done = std::move(*at);
    kept_.erase(at);
    return done;
  }
  ADD_FAILURE() << "no answer to call " << static_cast<uint32_t>(call);
  return {};
}

void RawClient::Collect() {
  abi::RecordHeader header;
  while (reader_.Peek(&header) == base::RingReader::State::kRecord) {
    Done done;
    std::memcpy(&done.completion, reader_.Payload(), sizeof(done.completion));
    done.payload = Bytes(reader_.Payload() + sizeof(done.completion),
                         done.completion.payload_bytes);
    reader_.Consume(header, requests_.get());
    for (auto at = socket_->sent.begin(); at != socket_->sent.end(); ++at) {
      abi::SocketMessage message;
      std::memcpy(&message, at->bytes.data(), sizeof(message));
      if (message.kind != abi::SocketKind::descriptors ||
          message.serial != done.completion.descriptor_serial)
        continue;
      done.descriptors = std::move(at->descriptors);
      socket_->sent.erase(at);
      break;
    }
    EXPECT_EQ(done.descriptors.size(), done.completion.descriptor_count);
    kept_.push_back(std::move(done));
  }
}

std::optional<Done> RawClient::TryTake() {
  Collect();
  if (kept_.empty()) return std::nullopt;
  Done done = std::move(kept_.front());
  kept_.pop_front();
  return done;
}

Done RawClient::Take() {
  auto done = TryTake();
  EXPECT_TRUE(done.has_value());
  return done.has_value() ? std::move(*done) : Done();
}

bool RawClient::HasEvent(abi::Event event) {
  Collect();
  for (const Done& done : kept_)
    if (done.completion.number ==
        (abi::kEventFlag | static_cast<uint32_t>(event)))
      return true;
  return false;
}

Done RawClient::TakeEvent(abi::Event event) {
  Collect();
  for (auto at = kept_.begin(); at != kept_.end(); ++at) {
    if (at->completion.number !=
        (abi::kEventFlag | static_cast<uint32_t>(event)))
      continue;
    Done done = std::move(*at);
    kept_.erase(at);
    return done;
  }
  ADD_FAILURE() << "no event " << static_cast<uint32_t>(event);
  return {};
}

Handle RawClient::Named(const std::string& name) {
  const Done info = Call(abi::Syscall::session_info, 0);
  for (size_t i = 0; i < info.value(3); ++i)
    if (info.As<abi::NamedCapability>(i).name == name)
      return info.As<abi::NamedCapability>(i).handle;
  return 0;
}

void RawEnd::Send(const std::string& text, const base::Half* peer) {
  ASSERT_TRUE(writer.HasRoom(text.size(), peer));
  std::memcpy(writer.Payload(), text.data(), text.size());
  abi::RecordHeader header = {};
  header.payload_bytes = static_cast<uint32_t>(text.size());
  writer.Publish(header);
}

std::string RawEnd::Take() {
  abi::RecordHeader header;
  if (reader.Peek(&header) != base::RingReader::State::kRecord) return "-";
  std::string text(reinterpret_cast<const char*>(reader.Payload()),
                   header.payload_bytes);
  reader.Consume(header, own.get());
  return text;
}

}  // namespace kernel
