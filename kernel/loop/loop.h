// Loop: drives the kernel's core from one io_uring: sockets, processes' ends,
// the listening socket. Decides nothing about capabilities.
//
// Thread: Run and everything it calls on one thread; Stop from any.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "kernel/loop/connection.h"
#include "kernel/loop/ring.h"
#include "kernel/object/kernel.h"

namespace kernel {

struct LoopOptions {
  // What of io_uring is used: kAll that the running Linux has, or kLeast, as
  // on the oldest that will do.
  using Means = Ring::Means;

  std::vector<UniqueFd> root_sockets;  // sessions that hold everything
  std::string listen_path;             // empty: nobody may join
  UniqueFd stop_signal;                // readable: stop; may be missing
  Means means = Means::kAll;
  // Whether sessions that may ask again at once are polled for a while.
  enum class Polling { kWherePays, kNever };
  Polling polling = Polling::kWherePays;
};

class Loop : public Host {
 public:
  // Null on failure, with a sentence for the user in `why`.
  static std::unique_ptr<Loop> Create(LoopOptions options, std::string* why);
  ~Loop() override;

  // Until Stop, or until the last root session has ended.
  void Run();
  void Stop();

  Kernel& kernel() { return *kernel_; }

  // ---- For connections.
  Ring& ring() { return *ring_; }
  // Keeps the socket until no request that Linux has not seen yet names it:
  // its number may be used again.
  void Closed(Connection& connection, UniqueFd socket);
  void WaitForRoom(Connection& connection);
  std::unique_ptr<Transport> Adopt(Session& session, UniqueFd socket) override;
  int64_t NowNs() override;
  void SetAlarm(int64_t ns) override;
  uint32_t Processor() override;

 private:
  // Messages taken off one socket a turn.
  static constexpr int kMessagesPerTurn = 32;

  Loop() = default;
  bool Listen(const std::string& path, std::string* why);
  void AddRoots();
  void Handle(const Ring::Event& event);
  void Accepted(const Ring::Event& event);
  void Join(UniqueFd socket);
  void MessageCame(uint64_t number, const Ring::Event& event);
  void WordCame(uint64_t number, int result);
  void PollLingering();
  void ReceiveSoon(uint64_t number, int result);
  void ReceiveAgain();
  void SocketReadable(uint64_t number);
  void SocketWritable(uint64_t number);
  void ReadSockets();
  // Returns whether more may be there.
  bool ReadSocket(Connection& connection);
  void WatchForHello(Connection& connection);
  void HelloTaken(Connection& connection, pid_t pid);
  void ProcessEnded(uint64_t number);
  void RearmAfterTimer();
  void StartTimer();
  Connection* Find(uint64_t number);
  Session* SessionOf(const Connection& connection);
  bool IsBusy() const;
  bool Finished() const;

  std::unique_ptr<Ring> ring_;
  LoopOptions options_;
  UniqueFd listener_;
  UniqueFd stop_;   // eventfd
  UniqueFd alarm_;  // timerfd
  bool stopping_ = false;
  bool timer_runs_ = false;
  bool accept_waits_ = false;  // for descriptors
  uint64_t next_number_ = 1;
  absl::flat_hash_map<uint64_t, Connection*> connections_;
  std::vector<uint64_t> readable_;
  // The ring is to receive for them, from the next call on; after the timer.
  std::vector<uint64_t> unreceived_;
  std::vector<uint64_t> short_of_memory_;
  std::vector<UniqueFd> closed_;
  absl::flat_hash_set<uint64_t> starved_;  // wait for room, by the timer
  std::unique_ptr<Kernel> kernel_;         // last: its sessions use the rest
};

}  // namespace kernel
