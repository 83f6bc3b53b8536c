// ReplayPlayer: sends the requests of a script again, at their pace or as fast
// as the order allows.
//
// A request is not sent before every call that had ended when it was sent in
// the recording has ended here too. So a slower service makes the replay longer
// and never sees more calls at once than the recorded one did. Which of two
// overlapping calls comes first is as open as it was then.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "services/replay/replay_script.h"

namespace keyport {

struct ReplayOutcome {
  ipc::Error error = ipc::Error::ok;
  std::string answer;  // as much as was recorded; of one that differs more
  uint64_t answer_bytes = 0;
  uint32_t answer_handles = 0;
  uint64_t total_ns = 0;  // as the caller saw
  bool sent = false;
};

struct ReplayPace {
  double speed = 1;  // 2: in half the time; 0: without pauses
  std::chrono::milliseconds patience{10'000};  // for one call
};

class ReplayPlayer {
 public:
  // Sends one request and waits for its outcome. Called by several threads.
  using Send = std::function<ReplayOutcome(const ReplayRequest&)>;

  // All must outlive it.
  ReplayPlayer(const ReplayScript& script, const ReplayPace& pace, Send send);
  ~ReplayPlayer();

  // Sends all. An outcome for each request; those after Stop are not sent.
  std::vector<ReplayOutcome> Play();
  // No more are sent; those under way are waited for. Thread: any.
  void Stop();

 private:
  // Calls at the same time; the recording's own number counts below that.
  static constexpr size_t kWorkersMax = 64;

  bool WaitForTurn(size_t index, std::chrono::steady_clock::time_point begin);
  void WaitForEarlier(std::unique_lock<std::mutex>* lock, uint64_t time_ns);
  void HandOut(size_t index);
  void Work();

  const ReplayScript& script_;
  const ReplayPace& pace_;
  const Send send_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<size_t> due_;
  std::multimap<uint64_t, size_t> open_;  // handed out: by their end
  std::vector<bool> ended_;
  std::vector<ReplayOutcome> outcomes_;
  size_t idle_ = 0;  // workers without a request
  bool stop_ = false;
  bool over_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace keyport
