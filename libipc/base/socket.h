// AF_UNIX sockets: pairs, one message with descriptors, bells.
//
// A bell is one end of a datagram socket pair on which single bytes are sent.
// Unlike a shared eventfd its peer can neither drain nor reset it.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "libipc/base/result.h"
#include "libipc/base/unique_fd.h"

namespace base {

struct SocketPair {
  UniqueFd first;
  UniqueFd second;
};
// SOCK_SEQPACKET, close-on-exec, non-blocking on both ends.
Result<SocketPair> CreateSocketPair();

// Connects to / listens on a socket path. Errors: not_found (nobody listens),
// out_of_range (path too long), already_exists, access_denied.
Result<UniqueFd> ConnectTo(const std::string& path);
Result<UniqueFd> ListenOn(const std::string& path);

// Sends one message with descriptors; never blocks, never raises SIGPIPE.
// Errors: should_wait (socket full), peer_closed.
Result<void> SendMessage(int socket, const void* data, size_t bytes,
                         std::span<const int> descriptors = {});

// recvmsg without blocking. Errors: should_wait (none there), peer_closed.
Result<size_t> ReceiveNow(int socket, msghdr* message);

struct ReceivedMessage {
  size_t bytes = 0;  // 0: the peer hung up
  std::vector<UniqueFd> descriptors;
};
// Takes one message without blocking; longer ones are cut to `bytes_max`.
// Errors: should_wait (none there), peer_closed.
Result<ReceivedMessage> ReceiveMessage(int socket, void* data,
                                       size_t bytes_max);

// Rings, or takes all rings that there are. Never blocks; a full bell rings
// already. Who rings without end keeps nobody: some rings stay then.
void RingBell(int bell);
void DrainBell(int bell);

// Waits until the socket is readable or hangs up, or the deadline.
bool WaitReadable(int fd, int64_t deadline_ns);
// Whether the other end is gone (does not take anything).
bool HasHungUp(int socket);

}  // namespace base
