// Loop: sockets that have room again, and processes that ended.
#include <poll.h>

#include "kernel/loop/loop.h"

namespace kernel {
namespace {

constexpr int64_t kRetryNs = 20'000'000;

bool HasRoomToSend(int socket) {
  pollfd entry = {.fd = socket, .events = POLLOUT, .revents = 0};
  return poll(&entry, 1, 0) > 0 && (entry.revents & POLLOUT) != 0;
}

}  // namespace

void Loop::SocketWritable(uint64_t number) {
  Connection* connection = Find(number);
  if (connection == nullptr) return;
  connection->set_waiting_for_room(false);
  kernel_->Writable(*SessionOf(*connection));
}

// A socket with room can refuse all the same, for want of descriptors in
// flight; only time helps then.
void Loop::WaitForRoom(Connection& connection) {
  if (HasRoomToSend(connection.socket())) {
    starved_.insert(connection.number());
    StartTimer();
  } else {
    ring_->PollWritableOnce(connection.socket(),
                            Tag(Source::kWritable, connection.number()));
  }
}

void Loop::StartTimer() {
  if (timer_runs_) return;
  timer_runs_ = true;
  ring_->Timer(kRetryNs, Tag(Source::kTimer));
}

void Loop::RearmAfterTimer() {
  timer_runs_ = false;
  if (accept_waits_) {
    accept_waits_ = false;
    ring_->Accept(listener_.get(), Tag(Source::kListen));
  }
  unreceived_.insert(unreceived_.end(), short_of_memory_.begin(),
                     short_of_memory_.end());
  short_of_memory_.clear();
  for (const uint64_t number : std::exchange(starved_, {}))
    SocketWritable(number);
}

void Loop::ProcessEnded(uint64_t number) {
  if (Connection* connection = Find(number))
    kernel_->HangUp(*SessionOf(*connection));
}

}  // namespace kernel
