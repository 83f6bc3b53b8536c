#include "ipc/receiver.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lane_fast.h"
#include "libipc/base/socket.h"
#include "receiver_core.h"
#include "thread_table.h"
#include "trace_points.h"

namespace ipc {

using Found = LaneBands::Found;

namespace {

// Each lane takes up to two futex words of the 128 that Linux waits on.
constexpr size_t kFutexLanesMax = 60;
// Lanes that had messages lately are looked at, not armed, while others may
// come; so many that looking costs nothing.
constexpr size_t kWarmLanes = 4;
// Messages between looks at idle lanes; fewer where one may be more urgent.
constexpr int kBellsEvery = 64;
constexpr int kBellsEveryBanded = 16;
constexpr uint64_t kSessionKey = ~uint64_t{0};
constexpr uint64_t kEventKey = ~uint64_t{0} - 1;
constexpr uint64_t kMailKey = ~uint64_t{0} - 2;

bool Watch(int epoll, int fd, uint64_t key) {
  epoll_event event = {.events = EPOLLIN, .data = {.u64 = key}};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

absl::Status StatusOfReceive(Error error, Handle handle) {
  const char* what = "nothing can be received any more";
  switch (error) {
    case Error::should_wait:
      what = "no message is there";
      break;
    case Error::timed_out:
      what = "no message came until the deadline";
      break;
    case Error::canceled:
      what = "the receiver was closed, or its capability was moved";
      break;
    case Error::revoked:
      what = "the Receive capability was revoked";
      break;
    case Error::peer_closed:
      what = "the kernel process is gone";
      break;
    default:
      break;
  }
  return MakeStatus(error, absl::StrCat(what, " (port handle ", handle, ")"));
}

}  // namespace

ReceiverCore::ReceiverCore(Capability port, uint64_t port_id)
    : capability_(std::move(port)),
      handle_(capability_.handle()),
      session_(capability_.session()),
      port_id_(port_id) {}

absl::StatusOr<std::shared_ptr<ReceiverCore>> ReceiverCore::Create(
    Capability port) {
  if (!port.valid())
    return MakeStatus(Error::bad_handle, "this Capability is empty");
  auto session = port.session();
  SessionCore::Expect expect(*session);
  const Answer answer = session->Call(abi::Syscall::port_listen, port.handle());
  if (answer.error() == Error::bad_state)
    return MakeStatus(Error::bad_state,
                      "somebody listens to this port already; make the port "
                      "shareable if several processes shall share its work");
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::port_listen, port.handle(), answer);
  std::shared_ptr<ReceiverCore> core(
      new ReceiverCore(std::move(port), answer.value(0)));
  session->AddPort(core->port_id_, core->mailbox_, answer);
  session->WantSpare();
  session->AskForSpare();
  return core;
}

ReceiverCore::~ReceiverCore() {
  Close();
  if (bells_.load()) session_->RemoveBellUser();
}

ReceiverCore::Lanes ReceiverCore::EndHere() {
  Lanes lanes;
  std::lock_guard lock(mutex_);
  if (ended_ == Error::ok) ended_ = Error::canceled;
  releasing_ = false;
  closing_.store(true, std::memory_order_relaxed);
  for (auto& [id, lane] : lanes_) lane->Detach(Error::canceled);
  active_.Clear();
  lanes.swap(lanes_);
  NoteWaiting(true);
  return lanes;
}

absl::StatusOr<Capability> ReceiverCore::Release() {
  // First nothing more is taken, then what was taken is kept answerable, then
  // the lanes go.
  std::vector<LanePtr> taken_from;
  {
    std::lock_guard lock(mutex_);
    if (!capability_.valid() || ended_ != Error::ok)
      return MakeStatus(Error::bad_state,
                        "this receiver was closed: there is nothing to hand "
                        "on");
    ended_ = Error::canceled;
    releasing_ = true;
    closing_.store(true, std::memory_order_relaxed);
    for (auto& [id, lane] : lanes_) taken_from.push_back(lane);
  }
  session_->WakeAll();
  for (const LanePtr& lane : taken_from) {
    const Error why = lane->MoveOpenReplies();
    if (why == Error::ok) continue;
    // It goes on listening, unless it was closed meanwhile; what was moved
    // already stays answerable.
    std::lock_guard lock(mutex_);
    if (std::exchange(releasing_, false)) {
      ended_ = Error::ok;
      closing_.store(false, std::memory_order_relaxed);
    }
    return MakeStatus(why,
                      "the calls in hand cannot all be made answerable by "
                      "Reply capabilities; answer some first");
  }
  const Lanes lanes = EndHere();
  session_->RemovePort(port_id_, mailbox_);
  if (absl::Status status = capability_.Replace(); !status.ok()) return status;
  session_->WakeAll();
  return std::move(capability_);
}

void ReceiverCore::Close() {
  const Lanes lanes = EndHere();
  Handle handle = abi::kNoHandle;
  {
    std::lock_guard lock(mutex_);
    if (capability_.valid()) handle = capability_.Release();
  }
  session_->RemovePort(port_id_, mailbox_);
  // Listening ends with the handle, and before the lanes: what is in them is
  // kept for the next listener.
  if (handle != abi::kNoHandle)
    session_->Post(abi::Syscall::handle_close, handle);
  session_->WakeAll();
}

// ---- events --------------------------------------------------------------

void ReceiverCore::ProcessMail() {
  if (!mailbox_->HasMail()) return;
  for (Answer& event : mailbox_->Take()) {
    if (event.completion.number ==
        (abi::kEventFlag | static_cast<uint32_t>(abi::Event::lane_opened)))
      OpenLane(event);
    else if (ended_ == Error::ok)
      ended_ = static_cast<Error>(event.value(0));
  }
}

namespace {

// What a lane_opened brings.
struct MappedOpened {
  std::shared_ptr<base::Half> theirs;
  std::shared_ptr<base::Half> own;
  base::UniqueFd bell;
  std::shared_ptr<base::Offer> offer;  // of a rendezvous
};

base::Result<std::shared_ptr<base::Half>> OwnHalf(SessionCore& session,
                                                  const abi::LaneOpened& opened,
                                                  const Answer& event) {
  if (opened.spare == 0)
    return base::Half::Map(event.descriptors[1].get(),
                           static_cast<uint32_t>(event.value(0)),
                           event.value(2), base::Access::kReadWrite);
  auto spare = session.TakeSpare(opened.spare);
  if (!spare.has_value()) return Error::peer_closed;
  return std::move(spare->half);
}

base::Result<MappedOpened> MapOpened(SessionCore& session,
                                     const abi::LaneOpened& opened,
                                     Answer& event) {
  const bool meets = (opened.port_options & abi::kPortRendezvous) != 0;
  const size_t bell = opened.spare != 0 ? 1 : 2;
  // Linux drops descriptors that find no room in this process.
  if (event.descriptors.size() != bell + (meets ? 2 : 1))
    return Error::quota_exceeded;
  MappedOpened mapped;
  KP_ASSIGN(mapped.own, OwnHalf(session, opened, event));
  KP_ASSIGN(mapped.theirs,
            base::Half::Map(event.descriptors[0].get(),
                            static_cast<uint32_t>(event.value(0)),
                            event.value(1), base::Access::kRead));
  if (meets) {
    KP_ASSIGN(mapped.offer,
              base::Offer::Map(event.descriptors[bell + 1].get()));
  }
  mapped.bell = std::move(event.descriptors[bell]);
  return mapped;
}

}  // namespace

void ReceiverCore::OpenLane(Answer& event) {
  abi::LaneOpened opened = {};
  const auto handle = static_cast<Handle>(event.completion.user_data);
  if (ended_ != Error::ok || !event.Read(&opened)) {
    session_->RemoveLane(handle);
    // Its client must not wait for somebody who cannot hear it.
    if (ended_ == Error::ok) session_->Post(abi::Syscall::lane_close, handle);
    return;
  }
  auto mapped = MapOpened(*session_, opened, event);
  if (!mapped.ok()) {
    session_->RemoveLane(handle);
    session_->Post(abi::Syscall::lane_close, handle);
    return;
  }
  const bool overwriting = (opened.port_options & abi::kPortOverwriting) != 0;
  const bool new_flows = (opened.port_options & abi::kPortNewFlows) != 0;
  LanePtr lane = LaneEnd::Create({.session = session_,
                                  .role = LaneEnd::Role::kReceiver,
                                  .handle = handle,
                                  .lane_id = opened.lane_id,
                                  .port_id = opened.port_id,
                                  .badge = opened.badge,
                                  .band = opened.band,
                                  .bell = std::move(mapped->bell),
                                  .own = std::move(mapped->own),
                                  .own_start = opened.reply_start,
                                  .peer = std::move(mapped->theirs),
                                  .peer_start = opened.request_start,
                                  .tracing = opened.tracing,
                                  .offer = std::move(mapped->offer),
                                  .overwriting = overwriting,
                                  .new_flows = new_flows,
                                  .next_number = opened.next_number});
  if (opened.spare == 0) session_->Post(abi::Syscall::lane_ready, handle);
  session_->WantSpare();
  lanes_[opened.lane_id] = lane;
  if (lane->band() != 0) banded_ = true;
  active_.Add(lane);
  if (!bells_.load()) return;
  Watch(epoll_.get(), lane->bell(), opened.lane_id);
  lane->mailbox()->RingOnPost(mail_event_);
}

void ReceiverCore::RemoveLane(const LanePtr& lane) {
  if (bells_.load())
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, lane->bell(), nullptr);
  lanes_.erase(lane->lane_id());
}

// ---- taking --------------------------------------------------------------

ReceiverCore::StatePtr ReceiverCore::TakeOne() {
  StatePtr message;
  active_.EachDue([&](ActiveLanes& band) {
    message = TakeOne(band);
    return message != nullptr ? Found::kYes : Found::kNo;
  });
  return message;
}

ReceiverCore::StatePtr ReceiverCore::TakeOne(ActiveLanes& band) {
  StatePtr message;
  for (size_t looked = 0; looked < band.size();) {
    band.ForgetFront();
    const LaneEnd::Take took = band.front()->TakeMessage(&message);
    if (took == LaneEnd::Take::kMessage) {
      active_.Took(band.front()->band());
      band.Took();
      return message;
    }
    if (took == LaneEnd::Take::kFinished) {
      RemoveLane(active_.RemoveFront(band));
    } else if (bells_.load() && band.size() > kWarmLanes &&
               band.front()->ArmRecords(LaneEnd::ArmBy::kBell, nullptr)) {
      active_.RemoveFront(band);
    } else {
      band.Next();
      ++looked;
    }
  }
  return nullptr;
}

Error ReceiverCore::Ended() {
  if (ended_ != Error::ok) return ended_;
  return session_->over();
}

ReceiverCore::StatePtr ReceiverCore::TryTakeInTurn() {
  StatePtr state;
  active_.EachDue(
      [&](ActiveLanes& band) { return TryTakeInTurn(band, &state); });
  return state;
}

// kYes without a message: the lane whose turn it is needs the long way.
LaneBands::Found ReceiverCore::TryTakeInTurn(ActiveLanes& band,
                                             StatePtr* state) {
  for (size_t looked = 0; looked < band.size(); ++looked) {
    if (band.FrontLooksIdle()) {
      band.Next();
      continue;
    }
    switch (band.TryFront(state)) {
      case LaneEnd::Try::kTaken:
        active_.Took(band.front()->band());
        band.Took();
        return Found::kYes;
      case LaneEnd::Try::kUnusual:
        return Found::kYes;
      case LaneEnd::Try::kNothing:
        band.Next();
        break;
    }
  }
  return Found::kNo;
}

// Lanes of other bands may be among those that sleep on their bells.
int ReceiverCore::BellsEvery() const {
  return banded_ ? kBellsEveryBanded : kBellsEvery;
}

// What is usual: the lane whose turn it is has a small message.
[[gnu::always_inline]] inline ReceiverCore::StatePtr ReceiverCore::TryTake() {
  const base::BiasedLock lock(mutex_);
  if (!MayTryTake()) return nullptr;
  if (ActiveLanes* const band = active_.only_band(); band != nullptr)
    if (StatePtr plain = band->TryFrontPlain(); plain != nullptr) return plain;
  return TryTakeInTurn();
}

[[gnu::hot]] absl::StatusOr<Message> ReceiverCore::Receive(Deadline deadline) {
  KnowReceiver(session_, port_id_);
  if (StatePtr state = TryTake(); state != nullptr) [[likely]] {
    Deliver(*state);
    return Message(std::move(state));
  }
  return Await(deadline);
}

absl::StatusOr<Message> ReceiverCore::Await(Deadline deadline) {
  bool asked_bells = false;
  bool looked = true;
  while (true) {
    if (StatePtr state;
        !std::exchange(looked, false) && (state = TryTake()) != nullptr) {
      Deliver(*state);
      return Message(std::move(state));
    }
    const uint32_t seen = session_->epoch();
    if (session_->HasNews()) session_->Pump();
    StatePtr state;
    {
      std::lock_guard lock(mutex_);
      // What is here now is the next listener's; or this one's, if handing the
      // port on fails.
      if (closing_.load(std::memory_order_relaxed))
        return StatusOfReceive(Ended(), handle_);
      ProcessMail();
      if (lanes_.size() > kFutexLanesMax && !bells_.load()) UseBells();
      if (bells_.load() &&
          (active_.empty() || ++taken_since_bells_ >= BellsEvery()))
        CollectBells();

      state = unresolved_ != nullptr ? std::move(unresolved_) : TakeOne();
      if (state == nullptr) {
        if (const Error why = Ended(); why != Error::ok)
          return StatusOfReceive(why, handle_);
      }
      if (bells_.load())
        NoteWaiting(!active_.empty() || unresolved_ != nullptr);
    }
    if (state != nullptr) {
      // What cannot be read is thrown away: its sender lied about the loan,
      // or is gone with it.
      if (state->has_loan()) {
        const Error why = state->lane->ResolveLoan(*state);
        if (why == Error::quota_exceeded) return Keep(std::move(state));
        if (why != Error::ok) continue;
      }
      Deliver(*state);
      return Message(std::move(state));
    }
    if (deadline.ns != base::kNoDeadline && deadline.ns <= base::NowNs()) {
      if (deadline.ns == 0 && (session_->HasUnrouted() || mailbox_->HasMail()))
        continue;
      if (bells_.load() && !std::exchange(asked_bells, true)) {
        std::lock_guard lock(mutex_);
        CollectBells();
        continue;
      }
      // Where it cannot be armed, the descriptor stays readable.
      ArmBells();
      return StatusOfReceive(
          deadline.ns == 0 ? Error::should_wait : Error::timed_out, handle_);
    }
    if (PollAWhile()) continue;
    session_->AskForSpare();
    if (!ArmBells()) continue;
    if (bells_.load())
      SleepOnBells(deadline.ns);
    else
      SleepOnWords(seen, deadline.ns);
  }
}

// Arms what is still looked at, before the bells are all there is. Whether
// nothing came meanwhile.
bool ReceiverCore::ArmBells() {
  if (!bells_.load()) return true;
  std::lock_guard lock(mutex_);
  active_.EachDue([&](ActiveLanes& band) {
    while (!band.empty() &&
           band.front()->ArmRecords(LaneEnd::ArmBy::kBell, nullptr))
      active_.RemoveFront(band);
    return band.empty() ? Found::kNo : Found::kYes;
  });
  NoteWaiting(!active_.empty() || unresolved_ != nullptr);
  return active_.empty();
}

// This process has no room to map what was lent: its own want, not the
// sender's, so the message stays.
absl::Status ReceiverCore::Keep(StatePtr state) {
  std::lock_guard lock(mutex_);
  if (unresolved_ == nullptr) unresolved_ = std::move(state);
  if (bells_.load()) NoteWaiting(true);
  return MakeStatus(Error::quota_exceeded,
                    "the lent payload cannot be mapped: no descriptor or "
                    "address space is left; the message stays");
}

void ReceiverCore::TraceTaken(Message::State& state) {
  state.received_at = base::TraceNow();
  abi::TraceRecord record =
      TraceOf(*state.lane, abi::TraceKind::receive, state.received_at);
  record.flow = state.flow;
  record.label = state.label;
  record.correlation = state.correlation;
  record.payload_bytes = static_cast<uint32_t>(state.payload.size());
  record.handle_count = static_cast<uint8_t>(state.handle_count);
  if (state.sent_at != 0)
    record.interval_ns = base::StampsApart(state.sent_at, record.time_ns);
  WriteTrace(*state.lane, record);
}

bool ReceiverCore::PollAWhile() {
  LanePtr only;
  {
    std::lock_guard lock(mutex_);
    if (ended_ != Error::ok) return true;
    only = active_.Only();
  }
  if (only == nullptr) return spinner_.Spin([this] { return LooksReady(); });
  // One busy lane: its next record's line is all that is looked at.
  const LaneEnd::Poll poll = only->PollHere();
  if (poll.half == nullptr) return false;
  return only->PollFor(*poll.half, spinner_, [&] {
    return poll.probe.Ready() || session_->HasNews() || mailbox_->HasMail() ||
           only->mailbox()->HasMail() ||
           closing_.load(std::memory_order_relaxed);
  });
}

bool ReceiverCore::LooksReady() {
  if (session_->HasNews() || mailbox_->HasMail()) return true;
  std::lock_guard lock(mutex_);
  if (ended_ != Error::ok) return true;
  return active_.AnyOf([](const LanePtr& lane) { return lane->LooksReady(); });
}

// ---- sleeping ------------------------------------------------------------

void ReceiverCore::SleepOnWords(uint32_t seen, int64_t deadline_ns) {
  absl::InlinedVector<LanePtr, 4> lanes;
  {
    std::lock_guard lock(mutex_);
    if (ended_ != Error::ok) return;
    active_.AnyOf([&](const LanePtr& lane) {
      lanes.push_back(lane);
      return false;
    });
  }
  FutexWaits words;
  size_t armed = 0;
  while (armed < lanes.size() &&
         lanes[armed]->ArmRecords(LaneEnd::ArmBy::kFutex, &words))
    ++armed;
  if (armed == lanes.size() && !mailbox_->HasMail()) {
    const ThreadSleeps sleeps(
        session_, {.state = abi::ThreadState::receiving, .port = port_id_});
    if (!lanes.empty()) lanes.front()->CountSleep();
    session_->Sleep(seen, words, deadline_ns);
  }
  for (size_t i = 0; i < armed; ++i)
    lanes[i]->DisarmRecords(LaneEnd::ArmBy::kFutex);
}

bool ReceiverCore::UseBells() {
  if (bells_.load()) return true;
  base::UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  base::UniqueFd event(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
  auto mail =
      std::make_shared<base::UniqueFd>(eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll.valid() || !event.valid() || !mail->valid() ||
      !Watch(epoll.get(), mail->get(), kMailKey) ||
      !Watch(epoll.get(), session_->socket(), kSessionKey) ||
      !Watch(epoll.get(), event.get(), kEventKey))
    return false;
  mailbox_->RingOnPost(mail);
  for (const auto& [id, lane] : lanes_) {
    Watch(epoll.get(), lane->bell(), id);
    lane->mailbox()->RingOnPost(mail);
  }
  mail_event_ = std::move(mail);
  epoll_ = std::move(epoll);
  event_ = std::move(event);
  waiting_noted_ = true;
  session_->AddBellUser();
  bells_.store(true);
  return true;
}

int ReceiverCore::Descriptor() {
  std::lock_guard lock(mutex_);
  return UseBells() ? epoll_.get() : -1;
}

void ReceiverCore::NoteWaiting(bool waiting) {
  if (!event_.valid() || waiting == waiting_noted_) return;
  waiting_noted_ = waiting;
  uint64_t value = 1;
  const ssize_t done = waiting ? write(event_.get(), &value, sizeof(value))
                               : read(event_.get(), &value, sizeof(value));
  static_cast<void>(done);
}

void ReceiverCore::CollectBells() {
  taken_since_bells_ = 0;
  epoll_event events[64];
  const int count = epoll_wait(epoll_.get(), events, 64, 0);
  for (int i = 0; i < count; ++i) {
    const uint64_t key = events[i].data.u64;
    if (key == kEventKey) continue;
    if (key == kSessionKey) {
      session_->DrainBells();
      continue;
    }
    if (key == kMailKey) {
      CollectMail();
      continue;
    }
    const auto found = lanes_.find(key);
    if (found == lanes_.end()) continue;
    base::DrainBell(found->second->bell());
    Activate(found->second);
  }
}

// A lane that was cut rings no bell: its mail says so.
void ReceiverCore::CollectMail() {
  uint64_t posts;
  const ssize_t done = read(mail_event_->get(), &posts, sizeof(posts));
  static_cast<void>(done);
  for (const auto& [id, lane] : lanes_)
    if (lane->mailbox()->HasMail()) Activate(lane);
}

void ReceiverCore::Activate(const LanePtr& lane) {
  if (active_.Has(lane)) return;
  lane->DisarmRecords(LaneEnd::ArmBy::kBell);
  active_.Add(lane);
}

void ReceiverCore::SleepOnBells(int64_t deadline_ns) {
  {
    std::lock_guard lock(mutex_);
    if (!active_.empty() || unresolved_ != nullptr || mailbox_->HasMail() ||
        Ended() != Error::ok)
      return;
  }
  if (session_->HasNews()) return;
  const ThreadSleeps sleeps(
      session_, {.state = abi::ThreadState::receiving, .port = port_id_});
  base::WaitReadable(epoll_.get(), deadline_ns);
}

// ---- the public face -----------------------------------------------------

Receiver::Receiver(std::shared_ptr<ReceiverCore> core)
    : core_(std::move(core)) {}
Receiver::Receiver(Receiver&&) noexcept = default;
Receiver& Receiver::operator=(Receiver&&) noexcept = default;
Receiver::~Receiver() = default;

absl::StatusOr<Receiver> Receiver::Create(Capability port) {
  auto core = ReceiverCore::Create(std::move(port));
  if (!core.ok()) return core.status();
  return Receiver(*std::move(core));
}

absl::StatusOr<Message> Receiver::Receive(Deadline deadline) {
  return core_->Receive(deadline);
}

absl::StatusOr<size_t> Receiver::ReceiveBatch(std::span<Message> into,
                                              Deadline deadline) {
  return core_->ReceiveBatch(into, deadline);
}

absl::StatusOr<size_t> Receiver::ReceiveInPlace(
    absl::FunctionRef<void(const MessageInPlace&)> look, Deadline deadline,
    size_t most) {
  return core_->ReceiveInPlace(look, deadline, most);
}

int Receiver::descriptor() { return core_->Descriptor(); }
const Capability& Receiver::capability() const { return core_->capability(); }
void Receiver::Close() { core_->Close(); }
absl::StatusOr<Capability> Receiver::Release() { return core_->Release(); }

}  // namespace ipc
