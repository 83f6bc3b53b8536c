#include "subscriber_descriptor.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "libipc/base/socket.h"

namespace ipc {
namespace {

base::UniqueFd ReadableEvent() {
  return base::UniqueFd(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
}

void Take(int event) {
  uint64_t count;
  const ssize_t done = read(event, &count, sizeof(count));
  static_cast<void>(done);
}

}  // namespace

std::unique_ptr<SubscriberDescriptor> SubscriberDescriptor::Create(
    std::shared_ptr<SessionCore> session, Mailbox& mailbox) {
  std::unique_ptr<SubscriberDescriptor> made(
      new SubscriberDescriptor(std::move(session)));
  return made->Open(mailbox) ? std::move(made) : nullptr;
}

bool SubscriberDescriptor::Open(Mailbox& mailbox) {
  epoll_.Reset(epoll_create1(EPOLL_CLOEXEC));
  event_ = ReadableEvent();
  mail_ = std::make_shared<base::UniqueFd>(ReadableEvent());
  if (!epoll_.valid() || !event_.valid() || !mail_->valid() ||
      !Add(event_.get(), EPOLLIN) || !Add(mail_->get(), EPOLLIN) ||
      !Add(session_->socket(), EPOLLIN))
    return false;
  mailbox.RingOnPost(mail_);
  session_->AddBellUser();
  uses_bell_ = true;
  return true;
}

SubscriberDescriptor::~SubscriberDescriptor() {
  if (uses_bell_) session_->RemoveBellUser();
}

bool SubscriberDescriptor::Add(int fd, uint32_t events) {
  epoll_event event = {.events = events, .data = {.fd = fd}};
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

bool SubscriberDescriptor::Watch(const base::UniqueFd& bell) {
  return bell.valid() && Add(bell.get(), EPOLLIN | EPOLLRDHUP);
}

void SubscriberDescriptor::Forget(const base::UniqueFd& bell) {
  if (bell.valid()) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, bell.get(), nullptr);
}

void SubscriberDescriptor::Collect() {
  constexpr int kMost = 8;  // others are readable still
  epoll_event events[kMost];
  const int count = epoll_wait(epoll_.get(), events, kMost, 0);
  for (int i = 0; i < count; ++i) {
    const int fd = events[i].data.fd;
    if (fd == event_.get()) continue;
    if (fd == mail_->get())
      Take(fd);
    else if (fd == session_->socket())
      session_->DrainBells();
    else if ((events[i].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
      // Readable for ever. Its publisher's end the kernel process tells.
      epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    else
      base::DrainBell(fd);
  }
}

void SubscriberDescriptor::Show() {
  if (std::exchange(is_shown_, true)) return;
  const uint64_t one = 1;
  const ssize_t done = write(event_.get(), &one, sizeof(one));
  static_cast<void>(done);
}

void SubscriberDescriptor::Hide() {
  if (std::exchange(is_shown_, false)) Take(event_.get());
}

void SubscriberDescriptor::Wait(int64_t deadline_ns) const {
  base::WaitReadable(epoll_.get(), deadline_ns);
}

}  // namespace ipc
