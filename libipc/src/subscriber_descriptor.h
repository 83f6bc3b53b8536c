// SubscriberDescriptor: what a subscriber that waits among others is polled by.
// An epoll of all that may concern it:
//
//   each publisher's bell   it published, and this subscriber was armed
//   session socket, mail    the kernel process told something
//   event                   readable unless the subscriber has looked, found
//                           nothing, and is armed
//
// What is readable stays so until Collect; a record, until the event is hidden.
#pragma once

#include <memory>

#include "session_core.h"

namespace ipc {

class SubscriberDescriptor {
 public:
  // Null: no descriptors are left.
  static std::unique_ptr<SubscriberDescriptor> Create(
      std::shared_ptr<SessionCore> session, Mailbox& mailbox);
  SubscriberDescriptor(const SubscriberDescriptor&) = delete;
  SubscriberDescriptor& operator=(const SubscriberDescriptor&) = delete;
  ~SubscriberDescriptor();

  int fd() const { return epoll_.get(); }
  // Not owned; to be forgotten before it is closed. False: this process has no
  // room for it.
  bool Watch(const base::UniqueFd& bell);
  void Forget(const base::UniqueFd& bell);
  // Takes all rings, so that only later ones are seen. To be armed after.
  void Collect();
  bool is_shown() const { return is_shown_; }
  void Show();
  void Hide();
  // Until something is readable, or the deadline.
  void Wait(int64_t deadline_ns) const;

 private:
  explicit SubscriberDescriptor(std::shared_ptr<SessionCore> session)
      : session_(std::move(session)) {}
  bool Open(Mailbox& mailbox);
  bool Add(int fd, uint32_t events);

  const std::shared_ptr<SessionCore> session_;
  base::UniqueFd epoll_;
  base::UniqueFd event_;
  std::shared_ptr<base::UniqueFd> mail_;
  bool is_shown_ = true;
  bool uses_bell_ = false;  // the session's
};

}  // namespace ipc
