// SessionCore: which mailbox an event goes to.
#include <unistd.h>

#include "session_core.h"

namespace ipc {
namespace {

constexpr size_t kUnclaimedMax = 65'536;

bool IsOf(const Answer& event, abi::Event kind) {
  return event.completion.number ==
         (abi::kEventFlag | static_cast<uint32_t>(kind));
}

// The port that an event is for, or 0 when it is for a lane.
uint64_t PortOf(const Answer& event) {
  abi::LaneOpened opened;
  if (IsOf(event, abi::Event::lane_opened) && event.Read(&opened))
    return opened.port_id;
  if (IsOf(event, abi::Event::listen_ended)) return event.completion.user_data;
  return 0;
}

}  // namespace

void Mailbox::Post(Answer event) {
  std::lock_guard lock(mutex_);
  mail_.push_back(std::move(event));
  has_mail_.store(true, std::memory_order_release);
  if (event_ == nullptr) return;
  const uint64_t one = 1;
  const ssize_t done = write(event_->get(), &one, sizeof(one));
  static_cast<void>(done);
}

void Mailbox::RingOnPost(std::shared_ptr<const base::UniqueFd> event) {
  std::lock_guard lock(mutex_);
  event_ = std::move(event);
}

std::vector<Answer> Mailbox::Take() {
  std::lock_guard lock(mutex_);
  has_mail_.store(false, std::memory_order_release);
  return std::exchange(mail_, {});
}

SessionCore::Expect::Expect(SessionCore& core) : core_(core) {
  std::lock_guard lock(core_.route_mutex_);
  ++core_.expected_;
}

SessionCore::Expect::~Expect() {
  std::lock_guard lock(core_.route_mutex_);
  if (--core_.expected_ == 0) core_.unclaimed_.clear();
}

void SessionCore::AddLane(Handle lane, std::weak_ptr<Mailbox> mailbox) {
  std::lock_guard lock(route_mutex_);
  for (Answer& event : unclaimed_) {
    if (event.completion.number != 0 && event.completion.user_data == lane) {
      if (auto box = mailbox.lock()) box->Post(std::move(event));
      event.completion.number = 0;
    }
  }
  if (const auto found = announced_.find(lane); found != announced_.end()) {
    if (auto box = mailbox.lock())
      for (Answer& event : found->second) box->Post(std::move(event));
    announced_.erase(found);
  }
  lanes_[lane] = std::move(mailbox);
}

void SessionCore::RemoveLane(Handle lane) {
  std::lock_guard lock(route_mutex_);
  lanes_.erase(lane);
  announced_.erase(lane);
}

void SessionCore::AddPort(uint64_t port, std::weak_ptr<Mailbox> mailbox,
                          const Answer& since) {
  std::lock_guard lock(route_mutex_);
  for (Answer& event : unclaimed_) {
    if (event.completion.number != 0 && PortOf(event) == port &&
        event.position > since.position) {
      if (auto box = mailbox.lock()) box->Post(std::move(event));
      event.completion.number = 0;
    }
  }
  ports_[port] = std::move(mailbox);
}

void SessionCore::RemovePort(uint64_t port,
                             const std::shared_ptr<Mailbox>& mailbox) {
  std::lock_guard lock(route_mutex_);
  const auto found = ports_.find(port);
  if (found != ports_.end() && found->second.lock() == mailbox)
    ports_.erase(found);
}

void SessionCore::Route(Answer event) {
  std::lock_guard lock(route_mutex_);
  std::shared_ptr<Mailbox> box;
  const auto lane = static_cast<Handle>(event.completion.user_data);
  if (const uint64_t port = PortOf(event); port != 0) {
    auto found = ports_.find(port);
    if (found != ports_.end()) box = found->second.lock();
    // It may be cut before its receiver has looked at its mail.
    if (IsOf(event, abi::Event::lane_opened) &&
        (box != nullptr || expected_ > 0))
      announced_[lane];
  } else {
    auto found = lanes_.find(lane);
    if (found != lanes_.end()) box = found->second.lock();
    if (auto early = announced_.find(lane);
        box == nullptr && early != announced_.end()) {
      early->second.push_back(std::move(event));
      return;
    }
  }
  // What its threads have no use for, they may not look at for long.
  if (box != nullptr && (IsOf(event, abi::Event::lane_idle) ||
                         IsOf(event, abi::Event::lane_detached) ||
                         IsOf(event, abi::Event::subscriber_joined) ||
                         IsOf(event, abi::Event::subscriber_left)))
    have_mail_.push_back(box->reader());
  if (box != nullptr)
    box->Post(std::move(event));
  else if (expected_ > 0 && unclaimed_.size() < kUnclaimedMax)
    unclaimed_.push_back(std::move(event));
}

}  // namespace ipc
