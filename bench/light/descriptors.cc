// Descriptors that carry bytes: AF_UNIX sockets and pipes. They block, or are
// read again and again without waiting.
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/light/channel_peer.h"
#include "bench/light/light_peers.h"
#include "libipc/base/unique_fd.h"

namespace bench {
namespace {

using base::UniqueFd;

struct Ends {
  UniqueFd first;
  UniqueFd second;
};

Ends NewSockets(int type) {
  int ends[2];
  Expect(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}
Ends NewPipe() {
  int ends[2];
  Expect(pipe2(ends, O_CLOEXEC) == 0, "pipe2");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// What a side reads from and writes to.
struct Duplex {
  int in;
  int out;
};

// Reads or writes all of it; a stream may do it in parts.
template <typename Move>
void MoveAll(size_t bytes, const Move& move) {
  size_t done = 0;
  while (done < bytes) {
    const ssize_t moved = move(done);
    if (moved > 0)
      done += static_cast<size_t>(moved);
    else
      Expect(moved < 0 && errno == EAGAIN, "reading or writing");
  }
}

class DescriptorChannel {
 public:
  DescriptorChannel(Ends one, Ends other, Duplex client, Duplex server,
                    Waits waits)
      : one_(std::move(one)),
        other_(std::move(other)),
        client_(client),
        server_(server) {
    if (waits != Waits::kPolling) return;
    for (const int fd : {client.in, client.out, server.in, server.out})
      fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  }
  void Send(Side side, std::span<const std::byte> payload) {
    const int fd = (side == Side::kClient ? client_ : server_).out;
    MoveAll(payload.size(), [&](size_t done) {
      return write(fd, &payload[done], payload.size() - done);
    });
  }
  void Receive(Side side, std::span<std::byte> payload) {
    const int fd = (side == Side::kClient ? client_ : server_).in;
    MoveAll(payload.size(), [&](size_t done) {
      return read(fd, &payload[done], payload.size() - done);
    });
  }

 private:
  Ends one_, other_;
  Duplex client_, server_;
};

std::unique_ptr<Peer> NewPeer(Placement placement,
                              std::unique_ptr<DescriptorChannel> channel) {
  return std::make_unique<ChannelPeer<DescriptorChannel>>(
      placement, std::move(channel), OneWays::kYes);
}

template <int kType>
std::unique_ptr<Peer> MakeSockets(Placement placement, Waits waits) {
  Ends ends = NewSockets(kType);
  const Duplex client = {ends.first.get(), ends.first.get()};
  const Duplex server = {ends.second.get(), ends.second.get()};
  return NewPeer(placement,
                 std::make_unique<DescriptorChannel>(std::move(ends), Ends(),
                                                     client, server, waits));
}

std::unique_ptr<Peer> MakePipes(Placement placement, Waits waits) {
  Ends there = NewPipe();
  Ends back = NewPipe();
  const Duplex client = {back.first.get(), there.second.get()};
  const Duplex server = {there.first.get(), back.second.get()};
  return NewPeer(placement,
                 std::make_unique<DescriptorChannel>(
                     std::move(there), std::move(back), client, server, waits));
}

bool AnyWait(Waits) { return true; }

}  // namespace

const PeerKind& StreamPeer() {
  static constexpr PeerKind kKind = {"AF_UNIX stream", AnyWait,
                                     MakeSockets<SOCK_STREAM>};
  return kKind;
}
const PeerKind& SeqpacketPeer() {
  static constexpr PeerKind kKind = {"AF_UNIX seqpacket", AnyWait,
                                     MakeSockets<SOCK_SEQPACKET>};
  return kKind;
}
const PeerKind& PipePeer() {
  static constexpr PeerKind kKind = {"pipe", AnyWait, MakePipes};
  return kKind;
}

}  // namespace bench
