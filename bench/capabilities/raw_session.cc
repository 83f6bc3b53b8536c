#include "bench/capabilities/raw_session.h"

#include <sched.h>

#include <cstring>

#include "bench/common/must.h"
#include "libipc/abi/handshake.h"
#include "libipc/base/socket.h"
#include "libipc/base/spinner.h"

namespace bench {
namespace {

namespace abi = ipc::abi;
// Then the processor is left to others, who may be the kernel process.
constexpr int kPollsMax = 256;

}  // namespace

RawSession::RawSession(base::UniqueFd socket) : socket_(std::move(socket)) {
  Handshake();
}

void RawSession::Handshake() {
  abi::Hello hello = {};
  hello.magic = abi::kMagic;
  hello.kind = abi::SocketKind::hello;
  hello.version = abi::kVersion;
  std::strcpy(hello.name, "raw");
  Must(base::SendMessage(socket_.get(), &hello, sizeof(hello)));
  Expect(base::WaitReadable(socket_.get(), base::kNoDeadline), "a welcome");
  abi::Welcome welcome = {};
  const auto got =
      Must(base::ReceiveMessage(socket_.get(), &welcome, sizeof(welcome)));
  Expect(
      welcome.kind == abi::SocketKind::welcome && got.descriptors.size() == 2,
      "a welcome with two halves");
  requests_ =
      Must(base::Half::Map(got.descriptors[0].get(), welcome.ring_bytes,
                           welcome.request_key, base::Access::kReadWrite));
  completions_ =
      Must(base::Half::Map(got.descriptors[1].get(), welcome.ring_bytes,
                           welcome.completion_key, base::Access::kRead));
  writer_ = base::RingWriter(requests_, 0);
  reader_ = base::RingReader(completions_, 0);
  const abi::SocketMessage ready = {abi::kMagic, abi::SocketKind::ready, 0};
  Must(base::SendMessage(socket_.get(), &ready, sizeof(ready)));
}

void RawSession::RingIfArmed(uint32_t bits) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if ((completions_->armed().load(std::memory_order_relaxed) & bits) == 0)
    return;
  const abi::SocketMessage bell = {abi::kMagic, abi::SocketKind::bell, 0};
  // A full socket rings already.
  base::SendMessage(socket_.get(), &bell, sizeof(bell)).ok();
}

size_t RawSession::Write(const std::function<abi::Request(size_t)>& make,
                         size_t from, size_t end) {
  size_t at = from;
  for (; at < end && writer_.HasRoom(sizeof(abi::Request), completions_.get());
       ++at) {
    abi::Request numbered = make(at);
    numbered.user_data = at;
    std::memcpy(writer_.Payload(), &numbered, sizeof(numbered));
    abi::RecordHeader header = {};
    header.payload_bytes = sizeof(numbered);
    writer_.Publish(header);
  }
  if (at != from) RingIfArmed(~0u);
  return at;
}

bool RawSession::TakeOne(abi::Completion* completion) {
  abi::RecordHeader header;
  const auto state = reader_.Peek(&header);
  Expect(state != base::RingReader::State::kMalformed, "a completion");
  if (state == base::RingReader::State::kEmpty) return false;
  std::memcpy(completion, reader_.Payload(), sizeof(*completion));
  payload_ = reader_.Payload() + sizeof(*completion);
  reader_.Consume(header, requests_.get());
  return true;
}

void RawSession::Many(size_t count,
                      const std::function<abi::Request(size_t)>& make,
                      const std::function<void(const abi::Completion&)>& take) {
  size_t written = 0;
  int polls = 0;
  for (size_t taken = 0; taken < count;) {
    written = Write(make, written, count);
    abi::Completion completion;
    if (!TakeOne(&completion)) {
      base::CpuRelax();
      if (++polls % kPollsMax == 0) sched_yield();
      continue;
    }
    do {
      Expect(completion.error == abi::Error::ok, "a good answer");
      Expect(completion.user_data == taken, "the answer's number");
      take(completion);
      ++taken;
    } while (TakeOne(&completion));
    RingIfArmed(abi::kArmRoomFutex);
  }
}

abi::Handle RawSession::FirstHandle() {
  abi::Request request = {};
  request.number = static_cast<uint32_t>(abi::Syscall::session_info);
  abi::NamedCapability first = {};
  Many(
      1, [&](size_t) { return request; },
      [&](const abi::Completion& completion) {
        Expect(completion.values[3] > 0, "an initial capability");
        std::memcpy(&first, payload_, sizeof(first));
      });
  return first.handle;
}

}  // namespace bench
