// Connection: one session's socket in the loop, as the core's Transport.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "kernel/session/transport.h"

namespace kernel {

class Loop;

// What became ready, in the low bits of a completion's tag. A connection's
// number stands above; numbers are never used again, so what comes late for
// a closed one is known for it.
enum class Source : uint64_t {
  kNone = 0,
  kListen = 1,
  kStop = 2,
  kSignal = 3,
  kTimer = 4,
  kSocket = 5,
  kWritable = 6,
  kProcess = 7,
  kAlarm = 8,
  kMessage = 9,
  kWord = 10,
};
inline constexpr uint64_t kSourceBits = 4;
constexpr uint64_t Tag(Source source, uint64_t number = 0) {
  return number << kSourceBits | static_cast<uint64_t>(source);
}

// One message off a socket. Descriptors that came with it are closed, if
// Linux did not throw them away for want of room.
struct Incoming {
  std::vector<uint8_t> bytes;  // empty: the peer hung up
  Credentials from;
};
// Errors: should_wait, peer_closed.
Result<Incoming> ReceiveFrom(int socket);
// Whether the running Linux is to say who sends.
enum class Senders { kTold, kNotTold };
bool AskForCredentials(int socket, Senders senders = Senders::kTold);
Credentials PeerOf(int socket);

class Connection : public Transport {
 public:
  Connection(Loop* loop, uint64_t number, uint64_t session, UniqueFd socket)
      : loop_(loop),
        number_(number),
        session_(session),
        socket_(std::move(socket)) {}
  ~Connection() override;

  Result<void> Send(const void* data, size_t bytes,
                    std::span<const int> descriptors) override;
  void NotifyWritable() override;
  bool WaitsForWords() const override;
  void WaitForWord(const uint32_t* word, uint32_t value) override;
  bool KillProcess() override;

  uint64_t number() const { return number_; }
  uint64_t session() const { return session_; }
  int socket() const { return socket_.get(); }
  // Watches the process's end, once it is known.
  void WatchProcess(pid_t pid);
  // Has the ring receive its messages, by the tag kMessage; has it tell of
  // them only, by the tag kSocket.
  void Receive();
  void ReceiveByCalls();
  // True once, until it was read.
  bool BecomesReadable() { return !std::exchange(readable_, true); }
  void WasRead() { readable_ = false; }
  // The word's waiters were woken, or no words can be had.
  void set_word_came() { waiting_for_word_ = false; }
  void set_waiting_for_room(bool waits) { waiting_for_room_ = waits; }

 private:
  Loop* const loop_;
  const uint64_t number_;
  const uint64_t session_;
  UniqueFd socket_;
  UniqueFd process_;        // pidfd
  bool is_self_ = false;    // a session of the kernel process's own
  bool receiving_ = false;  // by the ring
  bool readable_ = false;   // the loop knows
  bool waiting_for_room_ = false;
  bool waiting_for_word_ = false;
};

}  // namespace kernel
