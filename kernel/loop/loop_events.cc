// Loop: what becomes of sockets that are ready and processes that ended.
#include <poll.h>

#include <algorithm>

#include "kernel/loop/loop.h"

namespace kernel {
namespace {

constexpr int64_t kRetryNs = 20'000'000;

bool HasRoomToSend(int socket) {
  pollfd entry = {.fd = socket, .events = POLLOUT, .revents = 0};
  return poll(&entry, 1, 0) > 0 && (entry.revents & POLLOUT) != 0;
}

}  // namespace

// Once each, however often a client rings: a turn is the same for all.
void Loop::SocketReadable(uint64_t number) {
  if (std::find(readable_.begin(), readable_.end(), number) == readable_.end())
    readable_.push_back(number);
}

void Loop::ReadSockets() {
  std::vector<uint64_t> readable = std::move(readable_);
  readable_.clear();
  for (const uint64_t number : readable) {
    Connection* connection = Find(number);
    if (connection != nullptr && ReadSocket(*connection))
      readable_.push_back(number);
  }
}

bool Loop::ReadSocket(Connection& connection) {
  Session& session = *SessionOf(connection);
  const uint64_t number = connection.number();
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    const auto incoming = ReceiveFrom(connection.socket());
    if (incoming.error() == Error::should_wait) return false;
    if (!incoming.ok() || incoming->bytes.empty()) {
      kernel_->HangUp(session);
      return false;
    }
    Credentials from = incoming->from;
    if (from.pid == 0) from = PeerOf(connection.socket());
    const bool is_hello = session.state == Session::State::kWaitingHello;
    kernel_->Receive(session, incoming->bytes, from);
    if (Find(number) == nullptr) return false;  // that ended it
    if (is_hello && incoming->from.pid != 0)
      connection.WatchProcess(incoming->from.pid);
  }
  return true;
}

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
  for (const uint64_t number : std::exchange(starved_, {}))
    SocketWritable(number);
}

void Loop::ProcessEnded(uint64_t number) {
  if (Connection* connection = Find(number))
    kernel_->HangUp(*SessionOf(*connection));
}

}  // namespace kernel
