#include "bench/capabilities/raw_sockets.h"

#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "bench/common/must.h"
#include "bench/common/process_pair.h"
#include "libipc/base/unique_fd.h"

namespace bench {
namespace {

using base::UniqueFd;

constexpr size_t kMessageBytes = 64;
constexpr size_t kDescriptorsMax = 64;

struct Pair {
  UniqueFd first;
  UniqueFd second;
};

Pair NewSocketPair() {
  int ends[2];
  Expect(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0,
         "socketpair");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

void Put(const UniqueFd& counter, uint64_t value) {
  Expect(write(counter.get(), &value, sizeof(value)) == sizeof(value), "write");
}
void Take(const UniqueFd& counter, uint64_t wanted) {
  uint64_t value = 0;
  Expect(read(counter.get(), &value, sizeof(value)) == sizeof(value), "read");
  Expect(value == wanted, "the eventfd's count");
}

void SendNumber(const UniqueFd& socket, uint64_t number) {
  std::array<uint64_t, kMessageBytes / 8> message;
  message.fill(number);
  Expect(send(socket.get(), &message, kMessageBytes, 0) == kMessageBytes,
         "send");
}
void ReceiveNumber(const UniqueFd& socket, uint64_t wanted) {
  std::array<uint64_t, kMessageBytes / 8> message;
  Expect(recv(socket.get(), &message, kMessageBytes, 0) == kMessageBytes,
         "recv");
  Expect(message.front() == wanted && message.back() == wanted,
         "the message's number");
}

// A message of one byte with descriptors.
struct RightsMessage {
  RightsMessage() {
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
  }
  char byte = 'x';
  iovec part = {&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(kDescriptorsMax * sizeof(int))] = {};
  msghdr header = {};
};

void SendRights(const UniqueFd& socket, const std::vector<int>& descriptors) {
  RightsMessage message;
  const size_t bytes = descriptors.size() * sizeof(int);
  message.header.msg_controllen = CMSG_SPACE(bytes);
  cmsghdr* rights = CMSG_FIRSTHDR(&message.header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(bytes);
  memcpy(CMSG_DATA(rights), descriptors.data(), bytes);
  Expect(sendmsg(socket.get(), &message.header, 0) == 1, "sendmsg");
}

std::vector<UniqueFd> ReceiveRights(const UniqueFd& socket, size_t wanted) {
  RightsMessage message;
  Expect(recvmsg(socket.get(), &message.header, MSG_CMSG_CLOEXEC) == 1,
         "recvmsg");
  std::vector<UniqueFd> got;
  const cmsghdr* rights = CMSG_FIRSTHDR(&message.header);
  Expect(rights != nullptr && rights->cmsg_type == SCM_RIGHTS &&
             rights->cmsg_len == CMSG_LEN(wanted * sizeof(int)),
         "the descriptors");
  for (size_t i = 0; i < wanted; ++i) {
    int fd;
    memcpy(&fd, CMSG_DATA(rights) + i * sizeof(fd), sizeof(fd));
    got.emplace_back(fd);
  }
  return got;
}

void PutByte(const UniqueFd& socket) {
  Expect(send(socket.get(), "k", 1, 0) == 1, "send");
}
void TakeByte(const UniqueFd& socket) {
  char answer = 0;
  Expect(recv(socket.get(), &answer, 1, 0) == 1 && answer == 'k', "the answer");
}

}  // namespace

Times EventfdRoundTrips(Placement placement, int rounds) {
  const UniqueFd there(eventfd(0, EFD_CLOEXEC));
  const UniqueFd back(eventfd(0, EFD_CLOEXEC));
  Times times;
  RunPair(
      placement,
      [&] {
        times = TimeEach(rounds, [&](int i) {
          Put(there, static_cast<uint64_t>(i) + 1);
          Take(back, static_cast<uint64_t>(i) + 1);
        });
      },
      [&] {
        for (uint64_t i = 1; i <= static_cast<uint64_t>(rounds); ++i) {
          Take(there, i);
          Put(back, i);
        }
      });
  return times;
}

Times SocketRoundTrips(Placement placement, int rounds) {
  const Pair ends = NewSocketPair();
  Times times;
  RunPair(
      placement,
      [&] {
        times = TimeEach(rounds, [&](int i) {
          SendNumber(ends.first, static_cast<uint64_t>(i));
          ReceiveNumber(ends.first, static_cast<uint64_t>(i));
        });
      },
      [&] {
        for (uint64_t i = 0; i < static_cast<uint64_t>(rounds); ++i) {
          ReceiveNumber(ends.second, i);
          SendNumber(ends.second, i);
        }
      });
  return times;
}

Times RightsRoundTrips(Placement placement, int rounds, int descriptors) {
  const Pair ends = NewSocketPair();
  const auto count = static_cast<size_t>(descriptors);
  std::vector<UniqueFd> owned;
  std::vector<int> sent;
  for (size_t i = 0; i < count; ++i)
    sent.push_back(owned.emplace_back(eventfd(0, EFD_CLOEXEC)).get());
  Times times;
  const auto client = [&] {
    for (int i = 0; i < rounds; ++i) {
      const int64_t start = base::NowNs();
      SendRights(ends.first, sent);
      TakeByte(ends.first);
      times.push_back(base::NowNs() - start);
      PutByte(ends.first);
      TakeByte(ends.first);
    }
  };
  const auto server = [&] {
    for (int i = 0; i < rounds; ++i) {
      std::vector<UniqueFd> got = ReceiveRights(ends.second, count);
      PutByte(ends.second);
      TakeByte(ends.second);
      got.clear();
      PutByte(ends.second);
    }
  };
  RunPair(placement, client, server);
  return times;
}

}  // namespace bench
