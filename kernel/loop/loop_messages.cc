// Loop: messages off the sockets. A Hello is fetched by a call of its own, for
// it tells who sends. What comes afterwards the ring receives where it can,
// without a call for each; else a call fetches it.
#include <errno.h>

#include <utility>

#include "kernel/loop/loop.h"

namespace kernel {

void Loop::WatchForHello(Connection& connection) {
  const uint64_t tag = Tag(Source::kSocket, connection.number());
  if (ring_->receives())
    ring_->PollReadableOnce(connection.socket(), tag);
  else
    ring_->PollReadable(connection.socket(), tag);
}

void Loop::HelloTaken(Connection& connection, pid_t pid) {
  if (pid != 0) connection.WatchProcess(pid);
  if (!ring_->receives()) return;
  AskForCredentials(connection.socket(), Senders::kNotTold);
  unreceived_.push_back(connection.number());
}

void Loop::ReceiveAgain() {
  for (const uint64_t number : std::exchange(unreceived_, {}))
    if (Connection* connection = Find(number)) connection->Receive();
}

// Whoever found no buffer comes after all who asked before, and each of them
// is served while the request is handed in: nobody is kept out by a flood.
void Loop::ReceiveSoon(uint64_t number, int result) {
  if (result != -ENOMEM) return unreceived_.push_back(number);
  short_of_memory_.push_back(number);
  StartTimer();
}

void Loop::MessageCame(uint64_t number, const Ring::Event& event) {
  Connection* connection = Find(number);
  if (connection == nullptr) return;
  const int result = event.result;
  if (result == -EINVAL) {
    ring_->NoReceiving();
    return connection->ReceiveByCalls();
  }
  const bool passes = result == -ENOBUFS || result == -ENOMEM ||
                      result == -EINTR || result == -EAGAIN;
  if (result <= 0 && !passes) return kernel_->HangUp(*SessionOf(*connection));
  if (result > 0)
    kernel_->Receive(*SessionOf(*connection), event.message(), {});
  if (!event.more && Find(number) != nullptr) ReceiveSoon(number, result);
}

// The bell of a client that wakes instead of sending.
void Loop::WordCame(uint64_t number, int result) {
  Connection* connection = Find(number);
  if (connection == nullptr) return;
  connection->set_word_came();
  if (result != 0 && result != -EAGAIN && result != -EINTR) ring_->NoWords();
  kernel_->Rang(*SessionOf(*connection));
}

// Once each, however often a client rings: a turn is the same for all.
void Loop::SocketReadable(uint64_t number) {
  Connection* connection = Find(number);
  if (connection != nullptr && connection->BecomesReadable())
    readable_.push_back(number);
}

void Loop::ReadSockets() {
  std::vector<uint64_t> readable = std::move(readable_);
  readable_.clear();
  for (const uint64_t number : readable) {
    Connection* connection = Find(number);
    if (connection == nullptr) continue;
    connection->WasRead();
    if (ReadSocket(*connection)) SocketReadable(number);
  }
}

bool Loop::ReadSocket(Connection& connection) {
  Session& session = *SessionOf(connection);
  const uint64_t number = connection.number();
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    const auto incoming = ReceiveFrom(connection.socket());
    if (incoming.error() == Error::should_wait) {
      if (ring_->receives()) WatchForHello(connection);
      return false;
    }
    if (!incoming.ok() || incoming->bytes.empty()) {
      kernel_->HangUp(session);
      return false;
    }
    Credentials from = incoming->from;
    if (from.pid == 0) from = PeerOf(connection.socket());
    const bool is_hello = session.state == Session::State::kWaitingHello;
    kernel_->Receive(session, incoming->bytes, from);
    if (Find(number) == nullptr) return false;  // that ended it
    if (is_hello) HelloTaken(connection, incoming->from.pid);
    if (ring_->receives()) return false;
  }
  return true;
}

}  // namespace kernel
