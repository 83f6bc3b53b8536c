#include "bench/capabilities/raw_sockets.h"

#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "bench/common/must.h"
#include "bench/common/process_pair.h"
#include "bench/common/rights.h"
#include "libipc/base/unique_fd.h"

namespace bench {
namespace {

using base::UniqueFd;

constexpr size_t kMessageBytes = 64;

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
