#include "bench/common/rights.h"

#include <string.h>
#include <sys/socket.h>

#include "bench/common/must.h"

namespace bench {
namespace {

using base::UniqueFd;

constexpr size_t kDescriptorsMax = 64;

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

}  // namespace

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

}  // namespace bench
