#include "services/replay/replay_player.h"

#include <algorithm>
#include <utility>

namespace keyport {
namespace {

// A recording may claim any time.
constexpr double kLongestPauseNs = 1e17;

}  // namespace

ReplayPlayer::ReplayPlayer(const ReplayScript& script, const ReplayPace& pace,
                           Send send)
    : script_(script),
      pace_(pace),
      send_(std::move(send)),
      ended_(script.requests.size()),
      outcomes_(script.requests.size()) {}

ReplayPlayer::~ReplayPlayer() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

std::vector<ReplayOutcome> ReplayPlayer::Play() {
  const auto begin = std::chrono::steady_clock::now();
  for (size_t i = 0; i < script_.requests.size(); ++i) {
    if (!WaitForTurn(i, begin)) break;
    HandOut(i);
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock,
                [this] { return due_.empty() && idle_ == workers_.size(); });
  return std::move(outcomes_);
}

void ReplayPlayer::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
}

bool ReplayPlayer::WaitForTurn(size_t index,
                               std::chrono::steady_clock::time_point begin) {
  const uint64_t sent_ns = script_.requests[index].recorded.time_ns;
  std::unique_lock lock(mutex_);
  WaitForEarlier(&lock, sent_ns);
  if (pace_.speed > 0) {
    const uint64_t first_ns = script_.requests.front().recorded.time_ns;
    const double after_ns = std::min(
        static_cast<double>(sent_ns - first_ns) / pace_.speed, kLongestPauseNs);
    changed_.wait_until(
        lock, begin + std::chrono::nanoseconds(static_cast<int64_t>(after_ns)),
        [this] { return stop_; });
  }
  return !stop_;
}

void ReplayPlayer::WaitForEarlier(std::unique_lock<std::mutex>* lock,
                                  uint64_t time_ns) {
  while (!open_.empty() && open_.begin()->first <= time_ns) {
    const size_t earlier = open_.begin()->second;
    changed_.wait(*lock, [this, earlier] { return stop_ || ended_[earlier]; });
    if (stop_) return;
    open_.erase(open_.begin());
  }
}

void ReplayPlayer::HandOut(size_t index) {
  {
    const std::lock_guard lock(mutex_);
    open_.emplace(script_.requests[index].ended_ns(), index);
    due_.push_back(index);
    if (idle_ < due_.size() && workers_.size() < kWorkersMax) {
      ++idle_;
      workers_.emplace_back([this] { Work(); });
    }
  }
  changed_.notify_all();
}

void ReplayPlayer::Work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return over_ || !due_.empty(); });
    if (due_.empty()) return;
    const size_t index = due_.front();
    due_.pop_front();
    --idle_;
    lock.unlock();
    ReplayOutcome outcome = send_(script_.requests[index]);
    lock.lock();
    outcomes_[index] = std::move(outcome);
    ended_[index] = true;
    ++idle_;
    changed_.notify_all();
  }
}

}  // namespace keyport
