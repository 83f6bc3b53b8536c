#include "bench/data/raw_connect.h"

#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "bench/common/content.h"
#include "bench/common/must.h"
#include "bench/common/process_pair.h"
#include "bench/common/rights.h"
#include "libipc/base/unique_fd.h"

namespace bench {
namespace {

using base::UniqueFd;

constexpr size_t kQuestionBytes = 64;
constexpr size_t kMemoryBytes = 256 << 10;
using Message = std::array<std::byte, kQuestionBytes>;

Message Numbered(uint64_t number) {
  Message message;
  FillContent(message, number);
  return message;
}

// An abstract name of this process's own.
struct Address {
  Address() {
    address.sun_family = AF_UNIX;
    const int written =
        snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1,
                 "keyport-bench-%d", getpid());
    bytes = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 +
                                   static_cast<size_t>(written));
  }
  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&address);
  }
  sockaddr_un address = {};
  socklen_t bytes;
};

UniqueFd NewSocket() {
  return UniqueFd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
}
UniqueFd Listen(const Address& address) {
  UniqueFd listener = NewSocket();
  Expect(bind(listener.get(), address.get(), address.bytes) == 0 &&
             listen(listener.get(), 8) == 0,
         "listening");
  return listener;
}
UniqueFd Connect(const Address& address) {
  UniqueFd connection = NewSocket();
  Expect(connect(connection.get(), address.get(), address.bytes) == 0,
         "connecting");
  return connection;
}
UniqueFd Accept(const UniqueFd& listener) {
  UniqueFd connection(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  Expect(connection.valid(), "accepting");
  return connection;
}

// The memory that two sides talk through, and what each is woken by.
class Memory {
 public:
  Memory(UniqueFd memory, UniqueFd there, UniqueFd back)
      : memory_(std::move(memory)),
        there_(std::move(there)),
        back_(std::move(back)) {
    void* mapped = mmap(nullptr, kMemoryBytes, PROT_READ | PROT_WRITE,
                        MAP_SHARED, memory_.get(), 0);
    Expect(mapped != MAP_FAILED, "mapping");
    data_ = static_cast<std::byte*>(mapped);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { munmap(data_, kMemoryBytes); }

  std::vector<int> descriptors() const {
    return {memory_.get(), there_.get(), back_.get()};
  }
  void Ask(const Message& message) { Put(there_, 0, message); }
  Message TakeQuestion() { return Take(there_, 0); }
  void Answer(const Message& message) { Put(back_, 4096, message); }
  Message TakeAnswer() { return Take(back_, 4096); }

 private:
  void Put(const UniqueFd& signal, size_t at, const Message& message) {
    memcpy(data_ + at, message.data(), kQuestionBytes);
    const uint64_t one = 1;
    Expect(write(signal.get(), &one, sizeof(one)) == sizeof(one), "waking");
  }
  Message Take(const UniqueFd& signal, size_t at) {
    uint64_t count;
    Expect(read(signal.get(), &count, sizeof(count)) == sizeof(count),
           "waiting");
    Message message;
    memcpy(message.data(), data_ + at, kQuestionBytes);
    return message;
  }

  UniqueFd memory_, there_, back_;
  std::byte* data_;
};

UniqueFd NewMemory() {
  UniqueFd memory(memfd_create("bench", MFD_CLOEXEC));
  Expect(ftruncate(memory.get(), kMemoryBytes) == 0, "sizing memory");
  return memory;
}
UniqueFd NewEventfd() { return UniqueFd(eventfd(0, EFD_CLOEXEC)); }

// What was connected, so that it is not torn down while time is taken.
struct ByMemory {
  UniqueFd connection;
  std::unique_ptr<Memory> memory;
};
ByMemory TalkByMemory(const Address& address, uint64_t number) {
  ByMemory talk{Connect(address), std::make_unique<Memory>(
                                      NewMemory(), NewEventfd(), NewEventfd())};
  SendRights(talk.connection, talk.memory->descriptors());
  talk.memory->Ask(Numbered(number));
  Expect(talk.memory->TakeAnswer() == Numbered(number), "the answer");
  return talk;
}
void AnswerByMemory(const UniqueFd& listener) {
  const UniqueFd connection = Accept(listener);
  std::vector<UniqueFd> got = ReceiveRights(connection, 3);
  Memory memory(std::move(got[0]), std::move(got[1]), std::move(got[2]));
  memory.Answer(memory.TakeQuestion());
}

UniqueFd TalkBySocket(const Address& address, uint64_t number) {
  UniqueFd connection = Connect(address);
  const Message question = Numbered(number);
  Message answer;
  Expect(send(connection.get(), question.data(), kQuestionBytes, 0) ==
             kQuestionBytes,
         "send");
  Expect(recv(connection.get(), answer.data(), kQuestionBytes, 0) ==
             kQuestionBytes,
         "recv");
  Expect(answer == question, "the answer");
  return connection;
}
void AnswerBySocket(const UniqueFd& listener) {
  const UniqueFd connection = Accept(listener);
  Message message;
  Expect(recv(connection.get(), message.data(), kQuestionBytes, 0) ==
             kQuestionBytes,
         "recv");
  Expect(send(connection.get(), message.data(), kQuestionBytes, 0) ==
             kQuestionBytes,
         "send");
}

template <typename Talk, typename Reply>
Times Connects(int rounds, const Talk& talk, const Reply& reply) {
  const Address address;
  const UniqueFd listener = Listen(address);
  Times times;
  RunPair(
      kApart,
      [&] {
        for (int i = 0; i < rounds; ++i) {
          const int64_t start = base::NowNs();
          const auto kept = talk(address, static_cast<uint64_t>(i));
          times.push_back(base::NowNs() - start);
        }
      },
      [&] {
        for (int i = 0; i < rounds; ++i) reply(listener);
      });
  return times;
}

}  // namespace

Times SocketConnects(int rounds) {
  return Connects(rounds, TalkBySocket, AnswerBySocket);
}
Times MemoryConnects(int rounds) {
  return Connects(rounds, TalkByMemory, AnswerByMemory);
}

}  // namespace bench
