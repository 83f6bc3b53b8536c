#include "kernel/loop/connection.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "kernel/loop/loop.h"
#include "libipc/base/socket.h"

namespace kernel {
namespace {

void ReadControl(msghdr* message, Incoming* incoming) {
  for (cmsghdr* part = CMSG_FIRSTHDR(message); part != nullptr;
       part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level != SOL_SOCKET) continue;
    if (part->cmsg_type == SCM_CREDENTIALS) {
      ucred who;
      std::memcpy(&who, CMSG_DATA(part), sizeof(who));
      incoming->from = {who.pid, who.uid};
    } else if (part->cmsg_type == SCM_RIGHTS) {
      const size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (size_t i = 0; i < count; ++i) {
        int fd;
        std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof(fd));
        close(fd);
      }
    }
  }
}

}  // namespace

Result<Incoming> ReceiveFrom(int socket) {
  uint8_t data[Ring::kMessageBytes];
  iovec part = {.iov_base = data, .iov_len = sizeof(data)};
  // No room for descriptors: Linux drops them instead of opening them here.
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))];
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  KP_ASSIGN(const size_t got, base::ReceiveNow(socket, &message));
  Incoming incoming;
  ReadControl(&message, &incoming);
  incoming.bytes.assign(data, data + got);
  return incoming;
}

bool AskForCredentials(int socket, Senders senders) {
  const int on = senders == Senders::kTold ? 1 : 0;
  return setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0;
}

Credentials PeerOf(int socket) {
  ucred who = {};
  socklen_t bytes = sizeof(who);
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &bytes) != 0) return {};
  return {who.pid, who.uid};
}

Connection::~Connection() {
  Ring& ring = loop_->ring();
  if (receiving_)
    ring.Cancel(Tag(Source::kMessage, number_));
  else
    ring.RemovePoll(Tag(Source::kSocket, number_));
  if (waiting_for_word_) ring.Cancel(Tag(Source::kWord, number_));
  if (waiting_for_room_) ring.RemovePoll(Tag(Source::kWritable, number_));
  if (process_.valid()) ring.RemovePoll(Tag(Source::kProcess, number_));
  // The ring still refers to the socket: closing it alone hangs up nothing.
  shutdown(socket_.get(), SHUT_RDWR);
  loop_->Closed(*this, std::move(socket_));
}

Result<void> Connection::Send(const void* data, size_t bytes,
                              std::span<const int> descriptors) {
  return base::SendMessage(socket_.get(), data, bytes, descriptors);
}

void Connection::NotifyWritable() {
  if (waiting_for_room_) return;
  waiting_for_room_ = true;
  loop_->WaitForRoom(*this);
}

bool Connection::WaitsForWords() const {
  return loop_->ring().waits_for_words();
}

// Whatever value it had when the wait began: its waiters are woken whenever it
// is changed.
void Connection::WaitForWord(const uint32_t* word, uint32_t value) {
  if (std::exchange(waiting_for_word_, true)) return;
  loop_->ring().WaitForWord(word, value, Tag(Source::kWord, number_));
}

void Connection::WatchProcess(pid_t pid) {
  is_self_ = pid == getpid();
  process_.Reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (process_.valid())
    loop_->ring().PollReadable(process_.get(), Tag(Source::kProcess, number_));
}

void Connection::Receive() {
  receiving_ = true;
  loop_->ring().ReceiveEach(socket_.get(), Tag(Source::kMessage, number_));
}

void Connection::ReceiveByCalls() {
  receiving_ = false;
  loop_->ring().PollReadable(socket_.get(), Tag(Source::kSocket, number_));
}

bool Connection::KillProcess() {
  return process_.valid() && !is_self_ &&
         syscall(SYS_pidfd_send_signal, process_.get(), SIGKILL, nullptr, 0) ==
             0;
}

}  // namespace kernel
