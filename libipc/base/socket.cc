#include "libipc/base/socket.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "libipc/base/clock.h"

namespace base {
namespace {

constexpr size_t kDescriptorsMax = 8;

Result<sockaddr_un> Address(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path))
    return Error::out_of_range;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

void TakeDescriptors(msghdr* message, std::vector<UniqueFd>* descriptors) {
  for (cmsghdr* part = CMSG_FIRSTHDR(message); part != nullptr;
       part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
      continue;
    const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(fd));
      descriptors->emplace_back(fd);
    }
  }
}

}  // namespace

Result<SocketPair> CreateSocketPair() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                 fds) != 0)
    return Error::quota_exceeded;
  return SocketPair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

Result<UniqueFd> ConnectTo(const std::string& path) {
  KP_ASSIGN(const sockaddr_un address, Address(path));
  UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return Error::quota_exceeded;
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
              sizeof(address)) != 0)
    return errno == EACCES || errno == EPERM ? Error::access_denied
                                             : Error::not_found;
  return fd;
}

Result<UniqueFd> ListenOn(const std::string& path) {
  KP_ASSIGN(const sockaddr_un address, Address(path));
  UniqueFd fd(
      socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return Error::quota_exceeded;
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
           sizeof(address)) != 0)
    return errno == EADDRINUSE ? Error::already_exists : Error::access_denied;
  if (listen(fd.get(), SOMAXCONN) != 0) return Error::access_denied;
  return fd;
}

Result<void> SendMessage(int socket, const void* data, size_t bytes,
                         std::span<const int> descriptors) {
  iovec part = {.iov_base = const_cast<void*>(data), .iov_len = bytes};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(kDescriptorsMax * sizeof(int))];
  if (!descriptors.empty()) {
    if (descriptors.size() > kDescriptorsMax) return Error::out_of_range;
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    std::memset(control, 0, message.msg_controllen);
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(),
                descriptors.size_bytes());
  }
  ssize_t sent;
  do {
    sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return {};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ||
      errno == ETOOMANYREFS)
    return Error::should_wait;
  return Error::peer_closed;
}

Result<size_t> ReceiveNow(int socket, msghdr* message) {
  ssize_t got;
  do {
    got = recvmsg(socket, message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got >= 0) return static_cast<size_t>(got);
  return errno == EAGAIN || errno == EWOULDBLOCK ? Error::should_wait
                                                 : Error::peer_closed;
}

Result<ReceivedMessage> ReceiveMessage(int socket, void* data,
                                       size_t bytes_max) {
  iovec part = {.iov_base = data, .iov_len = bytes_max};
  alignas(cmsghdr) char control[CMSG_SPACE(kDescriptorsMax * sizeof(int)) + 64];
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  ReceivedMessage received;
  KP_ASSIGN(received.bytes, ReceiveNow(socket, &message));
  TakeDescriptors(&message, &received.descriptors);
  return received;
}

void RingBell(int bell) {
  const char byte = 1;
  send(bell, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void DrainBell(int bell) {
  // More than Linux keeps. Who rings faster than this is heard again.
  constexpr int kRingsMost = 1'000;
  char bytes[16];
  for (int i = 0; i < kRingsMost; ++i)
    if (recv(bell, bytes, sizeof(bytes), MSG_DONTWAIT) <= 0) return;
}

bool WaitReadable(int fd, int64_t deadline_ns) {
  pollfd entry = {.fd = fd, .events = POLLIN, .revents = 0};
  while (true) {
    int timeout_ms = -1;
    if (deadline_ns != kNoDeadline) {
      const int64_t left = deadline_ns - NowNs();
      timeout_ms = left <= 0 ? 0 : static_cast<int>(left / 1'000'000 + 1);
    }
    const int ready = poll(&entry, 1, timeout_ms);
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) return false;
  }
}

bool HasHungUp(int socket) {
  pollfd entry = {.fd = socket, .events = POLLRDHUP, .revents = 0};
  return poll(&entry, 1, 0) > 0 &&
         (entry.revents & (POLLHUP | POLLERR | POLLRDHUP | POLLNVAL)) != 0;
}

}  // namespace base
