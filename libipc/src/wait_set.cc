#include "ipc/wait_set.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <deque>
#include <mutex>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "ipc/session.h"
#include "libipc/base/socket.h"
#include "session_core.h"

namespace ipc {
namespace {

constexpr uint64_t kSessionId = 0;
constexpr uint64_t kInterruptId = 1;
constexpr uint64_t kWatchesId = 2;
constexpr uint64_t kFirstMemberId = 3;

void Ring(int event) {
  const uint64_t one = 1;
  const ssize_t done = write(event, &one, sizeof(one));
  static_cast<void>(done);
}

bool TakeRing(int event, uint64_t* count) {
  return read(event, count, sizeof(*count)) == sizeof(*count);
}

bool TakeRing(int event) {
  uint64_t count;
  return TakeRing(event, &count);
}

// Watches that were answered; outlives the wait set while answers are due.
struct Answered {
  std::mutex mutex;
  std::deque<std::pair<uint64_t, Ready>> ready;  // member id, what
  base::UniqueFd event;
};

}  // namespace

// Members have an id of their own, so that an event of a removed member is
// never taken for its successor's with the same key.
class WaitSetCore {
 public:
  explicit WaitSetCore(std::shared_ptr<SessionCore> session)
      : session_(std::move(session)), answered_(new Answered) {}
  ~WaitSetCore() {
    for (auto& [id, member] : members_) Cancel(member);
    if (armed_) session_->RemoveBellUser();
  }

  bool Open() {
    epoll_.Reset(epoll_create1(EPOLL_CLOEXEC));
    interrupt_.Reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    answered_->event.Reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!epoll_.valid() || !interrupt_.valid() || !answered_->event.valid() ||
        !Control(EPOLL_CTL_ADD, session_->socket(), kSessionId) ||
        !Control(EPOLL_CTL_ADD, interrupt_.get(), kInterruptId) ||
        !Control(EPOLL_CTL_ADD, answered_->event.get(), kWatchesId))
      return false;
    session_->AddBellUser();
    armed_ = true;
    return true;
  }

  absl::Status AddTimer(uint64_t key, Deadline first, absl::Duration period) {
    if (first.ns == base::kNoDeadline || period < absl::ZeroDuration())
      return MakeStatus(Error::invalid_args,
                        "a timer needs a time, and a period of 0 or more");
    base::UniqueFd timer(
        timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!timer.valid())
      return MakeStatus(Error::quota_exceeded,
                        "no descriptor is left for a timer");
    itimerspec at = {};
    // Zero would be no time at all.
    at.it_value =
        absl::ToTimespec(absl::Nanoseconds(std::max<int64_t>(first.ns, 1)));
    at.it_interval = absl::ToTimespec(period);
    timerfd_settime(timer.get(), TFD_TIMER_ABSTIME, &at, nullptr);
    const int fd = timer.get();
    return AddFd(key, fd, std::move(timer));
  }

  // `timer`: the descriptor itself, if it is the set's own.
  absl::Status AddFd(uint64_t key, int fd, base::UniqueFd timer = {}) {
    std::lock_guard lock(mutex_);
    if (keys_.contains(key)) return Taken(key);
    const uint64_t id = next_id_++;
    if (!Control(EPOLL_CTL_ADD, fd, id))
      return errno == EEXIST
                 ? MakeStatus(Error::already_exists,
                              "this descriptor, receiver or subscriber is a "
                              "member already")
                 : MakeStatus(
                       Error::invalid_args,
                       absl::StrCat("descriptor ", fd, " cannot be polled"));
    keys_[key] = id;
    members_[id] = {.key = key, .fd = fd, .timer = std::move(timer)};
    return absl::OkStatus();
  }

  absl::Status AddWatch(uint64_t key, const Capability& object,
                        Signals signals) {
    uint64_t id;
    {
      std::lock_guard lock(mutex_);
      if (keys_.contains(key)) return Taken(key);
      id = next_id_++;
      keys_[key] = id;
      members_[id] = {
          .key = key, .handle = object.handle(), .signals = signals};
    }
    StartWatch(id, object.handle(), signals);
    return absl::OkStatus();
  }

  absl::Status Remove(uint64_t key) {
    std::lock_guard lock(mutex_);
    const auto found = keys_.find(key);
    if (found == keys_.end())
      return MakeStatus(Error::not_found,
                        absl::StrCat("no member has the key ", key));
    const auto member = members_.find(found->second);
    if (member->second.fd >= 0) Control(EPOLL_CTL_DEL, member->second.fd, 0);
    Cancel(member->second);
    members_.erase(member);
    keys_.erase(found);
    return absl::OkStatus();
  }

  absl::StatusOr<Ready> Wait(Deadline deadline) {
    while (true) {
      session_->DrainBells();
      session_->Pump();
      const bool knows_all = !session_->HasUnrouted();
      if (TakeRing(interrupt_.get()))
        return MakeStatus(Error::canceled, "the wait was interrupted");
      if (auto ready = Next(); ready.has_value()) return *ready;
      if (session_->over() != Error::ok)
        return MakeStatus(session_->over(),
                          "the session is over, or the kernel process gone");
      // Another thread may be pumping and not have seen what the bell meant, or
      // not have put it where it belongs; that rings, too.
      if (deadline.ns == 0 ? !knows_all : session_->HasNews()) continue;
      if (deadline.ns != base::kNoDeadline && deadline.ns <= base::NowNs())
        return MakeStatus(
            deadline.ns == 0 ? Error::should_wait : Error::timed_out,
            "no member became ready in time");
      base::WaitReadable(epoll_.get(), deadline.ns);
    }
  }

  void Interrupt() { Ring(interrupt_.get()); }
  int descriptor() const { return epoll_.get(); }

 private:
  struct Member {
    uint64_t key = 0;
    int fd = -1;
    base::UniqueFd timer;
    Handle handle = abi::kNoHandle;
    Signals signals = 0;
    uint64_t watch = 0;  // user_data of the parked object_watch
  };

  static absl::Status Taken(uint64_t key) {
    return MakeStatus(Error::already_exists,
                      absl::StrCat("the key ", key, " is taken"));
  }

  bool Control(int operation, int fd, uint64_t id) {
    epoll_event event = {.events = EPOLLIN, .data = {.u64 = id}};
    return epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
  }

  void StartWatch(uint64_t id, Handle handle, Signals signals) {
    auto answered = answered_;
    const uint64_t watch = session_->Start(
        abi::Syscall::object_watch, handle, {.args = {signals}},
        [answered, id](Answer answer) {
          Ready ready;
          ready.error = answer.error();
          if (ready.error == Error::ok)
            ready.signals = static_cast<Signals>(answer.value(0));
          std::lock_guard lock(answered->mutex);
          answered->ready.push_back({id, ready});
          Ring(answered->event.get());
        });
    std::lock_guard lock(mutex_);
    const auto member = members_.find(id);
    if (member != members_.end())
      member->second.watch = watch;
    else if (watch != 0)  // removed meanwhile
      session_->Later(abi::Syscall::wait_cancel, abi::kNoHandle, watch);
  }

  void Cancel(const Member& member) {
    if (member.watch != 0)
      session_->Post(abi::Syscall::wait_cancel, abi::kNoHandle,
                     {.args = {member.watch}});
  }

  // The next ready member: answered watches and descriptors take turns.
  std::optional<Ready> Next() {
    watches_first_ = !watches_first_;
    if (watches_first_) {
      if (auto ready = NextWatch(); ready.has_value()) return ready;
      return NextFd();
    }
    if (auto ready = NextFd(); ready.has_value()) return ready;
    return NextWatch();
  }

  std::optional<Ready> NextWatch() {
    while (true) {
      uint64_t id;
      Ready ready;
      {
        std::lock_guard lock(answered_->mutex);
        if (answered_->ready.empty()) {
          TakeRing(answered_->event.get());
          return std::nullopt;
        }
        std::tie(id, ready) = answered_->ready.front();
        answered_->ready.pop_front();
      }
      Handle handle;
      Signals signals;
      {
        std::lock_guard lock(mutex_);
        const auto found = members_.find(id);
        if (found == members_.end()) continue;
        found->second.watch = 0;
        ready.key = found->second.key;
        handle = found->second.handle;
        signals = found->second.signals;
      }
      // Level-triggered: as long as it holds, the next watch is answered at
      // once. A watch that failed is over.
      if (ready.error == Error::ok) StartWatch(id, handle, signals);
      return ready;
    }
  }

  std::optional<Ready> NextFd() {
    std::lock_guard lock(mutex_);
    for (int round = 0; round < 2; ++round) {
      while (!batch_.empty()) {
        const auto member = members_.find(batch_.front());
        batch_.pop_front();
        if (member == members_.end() || member->second.fd < 0) continue;
        Ready ready = {.key = member->second.key};
        const int timer = member->second.timer.get();
        if (timer >= 0 && !TakeRing(timer, &ready.count)) continue;
        return ready;
      }
      epoll_event events[64];
      const int count = epoll_wait(epoll_.get(), events, 64, 0);
      for (int i = 0; i < count; ++i)
        // A copy: it is not aligned where it stands.
        if (const uint64_t id = events[i].data.u64; id >= kFirstMemberId)
          batch_.push_back(id);
    }
    return std::nullopt;
  }

  const std::shared_ptr<SessionCore> session_;
  const std::shared_ptr<Answered> answered_;
  base::UniqueFd epoll_;
  base::UniqueFd interrupt_;
  bool armed_ = false;
  std::atomic<bool> watches_first_{false};

  std::mutex mutex_;
  uint64_t next_id_ = kFirstMemberId;
  absl::flat_hash_map<uint64_t, uint64_t> keys_;
  absl::flat_hash_map<uint64_t, Member> members_;
  std::deque<uint64_t> batch_;
};

WaitSet::WaitSet(std::unique_ptr<WaitSetCore> core) : core_(std::move(core)) {}
WaitSet::WaitSet(WaitSet&&) noexcept = default;
WaitSet& WaitSet::operator=(WaitSet&&) noexcept = default;
WaitSet::~WaitSet() = default;

absl::StatusOr<WaitSet> WaitSet::Create(const Session& session) {
  auto core = std::make_unique<WaitSetCore>(session.core());
  if (!core->Open())
    return MakeStatus(Error::quota_exceeded,
                      "no descriptors are left for a wait set; raise the "
                      "limit (ulimit -n)");
  return WaitSet(std::move(core));
}

absl::Status WaitSet::Add(uint64_t key, Receiver& receiver) {
  return core_->AddFd(key, receiver.descriptor());
}
absl::Status WaitSet::Add(uint64_t key, const Capability& object,
                          Signals signals) {
  return core_->AddWatch(key, object, signals);
}
absl::Status WaitSet::Add(uint64_t key, Subscriber& subscriber) {
  if (subscriber.descriptor() < 0)
    return MakeStatus(Error::bad_state,
                      "this subscriber waits alone; make it with "
                      "SubscriberWait::kAmongOthers");
  return core_->AddFd(key, subscriber.descriptor());
}
absl::Status WaitSet::AddTimer(uint64_t key, Deadline first,
                               absl::Duration period) {
  return core_->AddTimer(key, first, period);
}
absl::Status WaitSet::AddDescriptor(uint64_t key, int fd) {
  return core_->AddFd(key, fd);
}
absl::Status WaitSet::Remove(uint64_t key) { return core_->Remove(key); }
absl::StatusOr<Ready> WaitSet::Wait(Deadline deadline) {
  return core_->Wait(deadline);
}
void WaitSet::Interrupt() { core_->Interrupt(); }
int WaitSet::descriptor() const { return core_->descriptor(); }

}  // namespace ipc
