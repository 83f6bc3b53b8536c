// SpareHalf: a half that was asked for and mapped ahead of the lane that will
// take it (docs/abi.md, half_spare). At most one.
//
//   none --Want--> wanted --Ask--> asked --Keep--> held --Take--> none
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "libipc/base/half.h"
#include "libipc/base/unique_fd.h"

namespace ipc {

struct Answer;

struct MappedHalf {
  std::shared_ptr<base::Half> half;
  base::UniqueFd bell;
};

class SpareHalf {
 public:
  // Does nothing unless there is none. Thread: any.
  void Want() { Move(State::kNone, State::kWanted); }
  bool wanted() const { return state_.load() == State::kWanted; }
  // Whether it is for the caller to ask now.
  bool Ask() { return Move(State::kWanted, State::kAsked); }
  void CouldNotAsk() { Move(State::kAsked, State::kWanted); }
  // Maps what the kernel process granted. Returns its number; 0 when there is
  // none to be had.
  uint64_t Keep(Answer granted);
  // The one of that number, which a lane has taken.
  std::optional<MappedHalf> Take(uint64_t number);

 private:
  enum class State { kNone, kWanted, kAsked, kHeld };
  bool Move(State from, State to) {
    return state_.load(std::memory_order_relaxed) == from &&
           state_.compare_exchange_strong(from, to);
  }

  std::atomic<State> state_{State::kNone};
  std::mutex mutex_;
  uint64_t number_ = 0;
  MappedHalf mapped_;
};

}  // namespace ipc
