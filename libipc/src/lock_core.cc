#include "lock_core.h"

#include <algorithm>
#include <mutex>

namespace ipc {
namespace {

absl::Status NotNow(Deadline deadline) {
  return MakeStatus(deadline.ns == 0 ? Error::should_wait : Error::timed_out,
                    "somebody else holds the lock, or is before this one");
}

}  // namespace

LockCore::LockCore(std::shared_ptr<SessionCore> session, const Place& place,
                   std::unique_ptr<RegionWatch> watch, base::Mapping page,
                   base::Mapping roster)
    : session_(std::move(session)),
      place_(place),
      watch_(std::move(watch)),
      page_(std::move(page)),
      roster_(std::move(roster)),
      slot_(reinterpret_cast<abi::LockPage*>(page_.data()),
            reinterpret_cast<const abi::LockRoster*>(roster_.data()),
            place.slot, place.member, this) {}

LockCore::~LockCore() {
  session_->Post(abi::Syscall::lock_detach, place_.region,
                 {.args = {place_.offset, place_.slot}});
}

bool LockCore::Holds(uint32_t thread) const {
  return std::find(holders_.begin(), holders_.end(), thread) != holders_.end();
}

absl::StatusOr<LockGuard> LockCore::Lock(Mode mode, Deadline deadline) {
  const uint32_t thread = base::ThreadNumber();
  std::unique_lock lock(mutex_);
  if (Holds(thread)) [[unlikely]]
    return MakeStatus(Error::bad_state,
                      "this thread holds the lock already; a lock taken for "
                      "reading cannot become one for writing: give it back "
                      "first, and look at the data anew afterwards");
  if (TakeAtOnce(mode, thread)) [[likely]]
    return LockGuard(this, thread, mode == Mode::kExclusive, false);
  if (use_ != Use::kFree || !queue_.empty()) {
    lock.unlock();
    return WaitHere(mode, thread, deadline);
  }
  use_ = Use::kTaking;
  lock.unlock();
  return TakeSlot(mode, thread, deadline);
}

bool LockCore::TakeAtOnce(Mode mode, uint32_t thread) {
  if (!queue_.empty()) return false;
  if (use_ == Use::kFree) {
    const bool shared = mode == Mode::kShared;
    if (shared ? !slot_.TryShared() : !slot_.TryExclusive()) return false;
    use_ = shared ? Use::kShared : Use::kExclusive;
  } else if (use_ != Use::kShared || mode != Mode::kShared || !slot_.open()) {
    return false;
  }
  holders_.push_back(thread);
  return true;
}

absl::StatusOr<LockGuard> LockCore::WaitHere(Mode mode, uint32_t thread,
                                             Deadline deadline) {
  Waiter waiter = {.mode = mode, .thread = thread};
  {
    std::lock_guard lock(mutex_);
    queue_.push_back(&waiter);
    // It may have been given back meanwhile.
    if (use_ == Use::kFree) PassOn();
  }
  const base::FutexWait word = {reinterpret_cast<const uint32_t*>(&waiter.turn),
                                kWaits, true};
  while (waiter.turn.load(std::memory_order_acquire) == kWaits) {
    if (base::WaitOnWords({&word, 1}, deadline.ns) ==
        base::WaitResult::kTimedOut)
      break;
  }
  {
    std::lock_guard lock(mutex_);
    const auto turn = waiter.turn.load(std::memory_order_relaxed);
    if (turn == kJoined) return LockGuard(this, thread, false, false);
    if (turn == kWaits) {
      std::erase(queue_, &waiter);
      return NotNow(deadline);
    }
  }
  return TakeSlot(mode, thread, deadline);
}

absl::StatusOr<LockGuard> LockCore::TakeSlot(Mode mode, uint32_t thread,
                                             Deadline deadline) {
  const Got got = mode == Mode::kShared ? slot_.Shared(deadline.ns)
                                        : slot_.Exclusive(deadline.ns);
  const bool exclusive = got != Got::kShared;
  {
    std::lock_guard lock(mutex_);
    if (got == Got::kTimedOut || got == Got::kLost) {
      use_ = Use::kFree;
      PassOn();
    } else {
      use_ = exclusive ? Use::kExclusive : Use::kShared;
      holders_.push_back(thread);
      if (!exclusive) JoinReaders();
    }
  }
  if (got == Got::kTimedOut || got == Got::kLost)
    return StatusOf(got, deadline);
  return LockGuard(this, thread, exclusive, got == Got::kOwnerDied);
}

void LockCore::Unlock(uint32_t thread) {
  std::lock_guard lock(mutex_);
  const auto found = std::find(holders_.begin(), holders_.end(), thread);
  if (found != holders_.end()) holders_.erase(found);
  if (use_ == Use::kExclusive) {
    slot_.EndExclusive();
  } else if (!holders_.empty()) {
    return;
  } else if (slot_.attached()) {
    // The slot may be another's by now.
    slot_.EndShared();
  }
  use_ = Use::kFree;
  if (!queue_.empty()) PassOn();
}

void LockCore::Repaired() { slot_.Repaired(); }

void LockCore::PassOn() {
  if (queue_.empty()) return;
  Waiter& next = *queue_.front();
  queue_.pop_front();
  use_ = Use::kTaking;
  Tell(next, kTakes);
}

// Those who had come before this turn began; further ones only as long as
// nobody waits elsewhere.
void LockCore::JoinReaders() {
  while (!queue_.empty() && queue_.front()->mode == Mode::kShared) {
    Waiter& next = *queue_.front();
    queue_.pop_front();
    holders_.push_back(next.thread);
    Tell(next, kJoined);
  }
}

// The waiter is gone as soon as it sees this and the mutex is free.
void LockCore::Tell(Waiter& waiter, Turn turn) {
  waiter.turn.store(turn, std::memory_order_release);
  base::WakeWord(reinterpret_cast<const uint32_t*>(&waiter.turn), 1,
                 base::WakeScope::kPrivate);
}

absl::Status LockCore::StatusOf(Got got, Deadline deadline) const {
  return got == Got::kTimedOut ? NotNow(deadline) : WhyLost();
}

absl::Status LockCore::WhyLost() const {
  if (session_->over() != Error::ok)
    return MakeStatus(session_->over(),
                      "the session has ended, and with it this lock");
  const Answer answer =
      session_->Call(abi::Syscall::handle_info, place_.region);
  const auto fate = static_cast<abi::HandleFate>(answer.value(0));
  const bool revoked =
      answer.error() == Error::bad_handle &&
      (fate == abi::HandleFate::revoked || fate == abi::HandleFate::expired);
  return WithHandle(
      MakeStatus(revoked ? Error::revoked : Error::canceled,
                 "the region's handle went, and with it this lock; attach "
                 "again with another capability"),
      place_.region);
}

}  // namespace ipc
