// A storm over threads, here or in other processes: they are moved between
// processors, made more or less important, interrupted by signals, and stopped
// and continued, at random.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "tests/soak/random.h"

namespace soak {

// Lies in memory that forked processes share.
class Storm {
 public:
  // Shared with the processes forked from here on.
  static std::shared_ptr<Storm> Create();

  // This thread is in it from now on; handlers for its signals are set, one
  // that restarts system calls and one that does not.
  void Join();
  enum class Stops { kNo, kYes };
  void Rage(Random& random, int64_t until_ns, Stops stops);

  // Told after the storm.
  bool over() const { return over_.load(); }
  void End() { over_ = true; }

  // What its victims count.
  struct Counts {
    std::atomic<uint64_t> sent{0};  // certain ones
    std::atomic<uint64_t> sent_sum{0};
    std::atomic<uint64_t> taken{0};
    std::atomic<uint64_t> taken_sum{0};
    std::atomic<uint64_t> late{0};      // deadlines that were waited for
    std::atomic<int64_t> latest_ns{0};  // beyond its deadline
    std::atomic<uint64_t> signals{0};   // handled
  };
  Counts& counts() { return counts_; }
  // A wait until `deadline_ns` has just ended.
  void SawDeadline(int64_t deadline_ns);

 private:
  static constexpr uint32_t kTasksMax = 32;
  void Move(Random& random, int task);
  void Signal(Random& random, int task);
  void Halt(Random& random, int task);
  void Calm();

  std::atomic<uint32_t> task_count_{0};
  std::atomic<int> tasks_[kTasksMax] = {};  // Linux's thread ids
  std::atomic<bool> over_{false};
  Counts counts_;
};

}  // namespace soak
