// Timers: what ends at a point of time: capabilities minted with an end, and
// sessions that have not said Hello; and when lanes that have grown are looked
// at. Knows no clock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <limits>
#include <set>
#include <utility>

#include "kernel/cap/capability.h"

namespace kernel {

class Timers {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  void AddEnding(const Capability& capability) {
    endings_.emplace(capability.ends_ns(), capability.index);
  }
  void RemoveEnding(const Capability& capability) {
    endings_.erase({capability.ends_ns(), capability.index});
  }
  // Deadlines come in order: all have the same length.
  void AddHello(int64_t due_ns, uint64_t session) {
    hellos_.emplace_back(due_ns, session);
  }

  void SetLook(int64_t due_ns) { look_ns_ = due_ns; }
  int64_t look_ns() const { return look_ns_; }

  // When the next of all is due; kNever.
  int64_t Next() const { return std::min(NextEnd(), look_ns_); }
  // Of endings and Hellos.
  int64_t NextEnd() const {
    int64_t next = endings_.empty() ? kNever : endings_.begin()->first;
    if (!hellos_.empty() && hellos_.front().first < next)
      next = hellos_.front().first;
    return next;
  }
  // A capability that has ended by now, or 0. It stays until it is removed.
  Capability::Index Ended(int64_t now_ns) const {
    if (endings_.empty() || endings_.begin()->first > now_ns) return 0;
    return endings_.begin()->second;
  }
  // Takes a session whose Hello was due, or 0.
  uint64_t TakeLateHello(int64_t now_ns) {
    if (hellos_.empty() || hellos_.front().first > now_ns) return 0;
    const uint64_t session = hellos_.front().second;
    hellos_.pop_front();
    return session;
  }

 private:
  std::set<std::pair<int64_t, Capability::Index>> endings_;
  std::deque<std::pair<int64_t, uint64_t>> hellos_;
  int64_t look_ns_ = kNever;
};

}  // namespace kernel
