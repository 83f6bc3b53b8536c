// How a session begins (libipc/abi/handshake.h). Anything out of order ends
// it.
#include "libipc/abi/handshake.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "kernel/object/kernel.h"
#include "kernel/object/reserve.h"
#include "kernel/session/session.h"

namespace kernel {

bool Session::Receive(std::span<const uint8_t> message, Credentials from) {
  if (state == State::kEnded) return false;
  if (state == State::kWaitingHello) return TakeHello(message, from);
  abi::SocketMessage word;
  if (message.size() != sizeof(word)) return false;
  std::memcpy(&word, message.data(), sizeof(word));
  if (word.magic != abi::kMagic || word.serial != 0) return false;
  if (state == State::kWaitingReady)
    return word.kind == abi::SocketKind::ready && Begin();
  if (word.kind != abi::SocketKind::bell) return false;
  kernel->MarkReady(*this);
  return true;
}

bool Session::TakeHello(std::span<const uint8_t> message, Credentials from) {
  abi::Hello hello;
  if (message.size() != sizeof(hello)) return false;
  std::memcpy(&hello, message.data(), sizeof(hello));
  if (hello.magic != abi::kMagic || hello.kind != abi::SocketKind::hello)
    return false;
  if (hello.version != abi::kVersion) return Refuse(Error::not_supported);
  if (hello.reserved != 0) return false;
  if (origin == Origin::kPath && from.uid != 0 && from.uid != geteuid())
    return Refuse(Error::access_denied);
  hello.name[sizeof(hello.name) - 1] = 0;
  if (process->name.empty()) process->name = hello.name;
  process->pid = from.pid;
  process->state = abi::ProcessState::running;
  kernel->SessionBegan(*this);
  return Grant();
}

bool Session::Refuse(Error why) {
  const abi::Welcome welcome = {.magic = abi::kMagic,
                                .kind = abi::SocketKind::refused,
                                .version = abi::kVersion,
                                .error = why};
  (void)transport->Send(&welcome, sizeof(welcome), {});
  return false;
}

bool Session::Grant() {
  if (!Reserve::Held()) return Refuse(Error::quota_exceeded);
  auto requests = base::Half::Create(abi::kCallRingBytes);
  auto completions = base::Half::Create(abi::kCallRingBytes);
  if (!requests.ok() || !completions.ok()) return Refuse(Error::quota_exceeded);
  request_key_ = RandomKey();
  const uint64_t completion_key = RandomKey();
  auto mapped = base::Half::Map(completions->get(), abi::kCallRingBytes,
                                completion_key, base::Access::kReadWrite);
  if (!mapped.ok() ||
      !base::SealMemory(completions->get(), base::Seal::kSingleWriter).ok())
    return Refuse(Error::quota_exceeded);
  completions_ = *std::move(mapped);
  request_memory_ = *std::move(requests);
  const std::array<int, 2> fds = {request_memory_.get(), completions->get()};
  state = State::kWaitingReady;
  const std::vector<uint8_t> welcome = WelcomeWith(completion_key);
  return transport->Send(welcome.data(), welcome.size(), fds).ok();
}

std::vector<uint8_t> Session::WelcomeWith(uint64_t completion_key) const {
  const std::vector<abi::NamedCapability> held = NamesHeld();
  const abi::Welcome welcome = {
      .magic = abi::kMagic,
      .kind = abi::SocketKind::welcome,
      .version = abi::kVersion,
      .error = Error::ok,
      .session_id = id(),
      .request_key = request_key_,
      .completion_key = completion_key,
      .ring_bytes = abi::kCallRingBytes,
      .name_count = static_cast<uint32_t>(held.size())};
  const size_t bytes = held.size() * sizeof(held[0]);
  std::vector<uint8_t> message(sizeof(welcome) + bytes);
  std::memcpy(message.data(), &welcome, sizeof(welcome));
  if (bytes > 0)
    std::memcpy(message.data() + sizeof(welcome), held.data(), bytes);
  return message;
}

std::vector<abi::NamedCapability> Session::NamesHeld() const {
  std::vector<abi::NamedCapability> all;
  for (const Name& name : names) {
    abi::NamedCapability& entry = all.emplace_back();
    CopyName(entry.name, name.name);
    const Capability* held = handles.Find(name.handle);
    if (held == nullptr) continue;
    entry.handle = name.handle;
    entry.kind = held->object->kind;
    entry.rights = held->rights;
  }
  return all;
}

bool Session::Begin() {
  auto mapped = base::Half::Map(request_memory_.get(), abi::kCallRingBytes,
                                request_key_, base::Access::kRead);
  if (!mapped.ok() ||
      !base::SealMemory(request_memory_.get(), base::Seal::kSingleWriter).ok())
    return false;
  request_memory_.Reset();
  requests_ = *std::move(mapped);
  reader_ = base::RingReader(requests_, 0);
  writer_ = base::RingWriter(completions_, 0);
  state = State::kServing;
  served_now_ = true;  // its first request is on its way
  kernel->MarkReady(*this);
  kernel->MarkDirty(*this);
  return true;
}

uint64_t RandomKey() {
  uint64_t key = 0;
  while (getrandom(&key, sizeof(key), 0) != sizeof(key)) {
  }
  return key;
}

}  // namespace kernel
