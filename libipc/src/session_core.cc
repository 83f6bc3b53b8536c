#include "session_core.h"

#include <limits.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "libipc/abi/handshake.h"
#include "libipc/base/names.h"
#include "libipc/base/socket.h"

namespace ipc {
namespace {

constexpr int64_t kHandshakeNs = 10'000'000'000;
// A sleeper looks this often whether the kernel process still lives: its
// death changes no word that could wake it.
constexpr int64_t kLivenessNs = 1'000'000'000;
constexpr size_t kUnclaimedMax = 65'536;

absl::Status Gone() {
  return MakeStatus(Error::peer_closed,
                    "the kernel process ended during the handshake; is it "
                    "still running, and was this socket made by it?");
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

absl::StatusOr<std::shared_ptr<SessionCore>> SessionCore::Create(
    base::UniqueFd socket, std::string_view name) {
  std::shared_ptr<SessionCore> core(new SessionCore());
  core->socket_ = std::move(socket);
  if (absl::Status status = core->Handshake(name); !status.ok()) return status;
  if (absl::Status status = core->LoadNames(); !status.ok()) return status;
  return core;
}

SessionCore::~SessionCore() { Close(); }

absl::Status SessionCore::Handshake(std::string_view name) {
  abi::Hello hello = {};
  hello.magic = abi::kMagic;
  hello.kind = abi::SocketKind::hello;
  hello.version = abi::kVersion;
  name = name.substr(0, sizeof(hello.name) - 1);
  std::memcpy(hello.name, name.data(), name.size());
  if (!base::SendMessage(socket_.get(), &hello, sizeof(hello)).ok())
    return Gone();
  if (!base::WaitReadable(socket_.get(), base::NowNs() + kHandshakeNs))
    return MakeStatus(Error::timed_out,
                      "the kernel process did not answer the handshake "
                      "within 10 s; it may be stopped");
  abi::Welcome welcome = {};
  auto got = base::ReceiveMessage(socket_.get(), &welcome, sizeof(welcome));
  if (!got.ok() || got->bytes != sizeof(welcome) ||
      welcome.magic != abi::kMagic)
    return Gone();
  if (welcome.kind == abi::SocketKind::refused)
    return MakeStatus(
        welcome.error,
        absl::StrCat("the kernel process refused the session: it speaks ABI ",
                     welcome.version, ", this program ", abi::kVersion, " (",
                     base::ErrorText(welcome.error), ")"));
  if (got->descriptors.size() != 2) return Gone();
  auto requests =
      base::Half::Map(got->descriptors[0].get(), welcome.ring_bytes,
                      welcome.request_key, base::Access::kReadWrite);
  auto completions =
      base::Half::Map(got->descriptors[1].get(), welcome.ring_bytes,
                      welcome.completion_key, base::Access::kRead);
  if (!requests.ok() || !completions.ok())
    return MakeStatus(Error::quota_exceeded,
                      "the call ring could not be mapped; check the limits on "
                      "address space (ulimit -v)");
  requests_ = *std::move(requests);
  completions_ = *std::move(completions);
  writer_ = base::RingWriter(requests_, 0);
  reader_ = base::RingReader(completions_, 0);
  session_id_ = welcome.session_id;
  const abi::SocketMessage ready = {abi::kMagic, abi::SocketKind::ready, 0};
  if (!base::SendMessage(socket_.get(), &ready, sizeof(ready)).ok())
    return Gone();
  return absl::OkStatus();
}

absl::Status SessionCore::LoadNames() {
  Answer answer = Call(abi::Syscall::session_info, abi::kNoHandle);
  if (answer.error() != Error::ok)
    return StatusOfAnswer(abi::Syscall::session_info, 0, answer);
  process_id_ = answer.value(1);
  for (uint64_t i = 0; i < answer.value(3); ++i) {
    abi::NamedCapability entry;
    if (!answer.Read(&entry, i * sizeof(entry))) break;
    entry.name[sizeof(entry.name) - 1] = 0;
    if (std::strcmp(entry.name, "account") == 0) account_ = entry.handle;
    names_.push_back({{entry.name, entry.kind, entry.rights}, entry.handle});
  }
  return absl::OkStatus();
}

absl::StatusOr<Capability> SessionCore::Take(std::string_view name) {
  std::string known;
  {
    std::lock_guard lock(route_mutex_);
    for (Named& named : names_) {
      if (named.info.name == name && named.handle == account_) break;
      if (named.info.name == name && named.handle != abi::kNoHandle)
        return Capability(shared_from_this(),
                          std::exchange(named.handle, abi::kNoHandle));
      if (named.handle != abi::kNoHandle)
        absl::StrAppend(&known, known.empty() ? "" : ", ", named.info.name);
    }
  }
  if (name == "account" && account_ != abi::kNoHandle) {
    // The session itself goes on using it.
    Answer answer = Call(abi::Syscall::handle_duplicate, account_,
                         {.args = {abi::kRightsSame}});
    if (answer.error() != Error::ok)
      return StatusOfAnswer(abi::Syscall::handle_duplicate, account_, answer);
    return Capability(shared_from_this(), static_cast<Handle>(answer.value(0)));
  }
  return MakeStatus(
      Error::not_found,
      absl::StrCat(
          "no initial capability is named '",
          absl::string_view(name.data(), name.size()),
          "', or it was taken; there are: ", known.empty() ? "none" : known,
          ". Whoever starts this process gives them (in a manifest: "
          "uses and provides)"));
}

std::vector<NamedCapabilityInfo> SessionCore::names() const {
  std::vector<NamedCapabilityInfo> infos;
  std::lock_guard lock(route_mutex_);
  for (const Named& named : names_) infos.push_back(named.info);
  return infos;
}

uint64_t SessionCore::NewFlows(uint64_t count) {
  return session_id_ << 40 |
         next_flow_.fetch_add(count, std::memory_order_relaxed);
}

uint64_t SessionCore::StartFor(const std::shared_ptr<Waiter>& waiter,
                               abi::Syscall call, Handle handle,
                               const CallArguments& arguments) {
  return Start(call, handle, arguments, [waiter](Answer answer) {
    waiter->answer = std::move(answer);
    waiter->done.store(true, std::memory_order_release);
  });
}

bool SessionCore::Await(Waiter& waiter, int64_t deadline_ns) {
  while (true) {
    const uint32_t seen = epoch();
    Pump();
    if (waiter.done.load(std::memory_order_acquire)) return true;
    if (over() != Error::ok || deadline_ns <= base::NowNs()) return false;
    Sleep(seen, {}, deadline_ns);
  }
}

Answer SessionCore::Call(abi::Syscall call, Handle handle,
                         const CallArguments& arguments, Deadline deadline) {
  const auto waiter = std::make_shared<Waiter>();
  Answer failed;
  failed.completion.user_data = StartFor(waiter, call, handle, arguments);
  if (failed.completion.user_data != 0 && Await(*waiter, deadline.ns))
    return std::move(waiter->answer);
  failed.completion.error = over() != Error::ok ? over() : Error::timed_out;
  return failed;
}

Answer SessionCore::CallUntil(abi::Syscall call, Handle handle,
                              const CallArguments& arguments,
                              Deadline deadline) {
  const auto waiter = std::make_shared<Waiter>();
  Answer failed;
  const uint64_t user_data = StartFor(waiter, call, handle, arguments);
  bool cancelled = false;
  while (user_data != 0) {
    if (Await(*waiter, cancelled ? base::kNoDeadline : deadline.ns)) {
      if (cancelled && waiter->answer.error() == Error::canceled)
        waiter->answer.completion.error = Error::timed_out;
      return std::move(waiter->answer);
    }
    if (over() != Error::ok) break;
    Post(abi::Syscall::wait_cancel, abi::kNoHandle, {.args = {user_data}});
    cancelled = true;
  }
  failed.completion.error = over();
  return failed;
}

void SessionCore::Post(abi::Syscall call, Handle handle,
                       const CallArguments& arguments) {
  Start(call, handle, arguments, [](Answer) {});
}

uint64_t SessionCore::Start(abi::Syscall call, Handle handle,
                            const CallArguments& arguments, Then then) {
  abi::Request request = {};
  request.number = static_cast<uint32_t>(call);
  request.options = arguments.options;
  request.handle = handle;
  std::copy(std::begin(arguments.args), std::end(arguments.args), request.args);
  while (over() == Error::ok) {
    const uint32_t seen = epoch();
    const uint32_t* head = completions_->head_word();
    const base::FutexWait room = {
        head, std::atomic_ref<uint32_t>(*const_cast<uint32_t*>(head))
                  .load(std::memory_order_acquire)};
    {
      std::lock_guard lock(submit_mutex_);
      request.user_data = next_user_data_;
      if (Submit(request, arguments.payload)) {
        ++next_user_data_;
        pending_[request.user_data].then = std::move(then);
        return request.user_data;
      }
    }
    // The ring is full. What is in it may be waits, which give no answer: so
    // sleep on the room itself too.
    Pump();
    room_waiters_.fetch_add(1);
    Sleep(seen, {&room, 1}, base::NowNs() + kLivenessNs);
    room_waiters_.fetch_sub(1);
  }
  return 0;
}

void SessionCore::Later(abi::Syscall call, Handle handle, uint64_t argument) {
  abi::Request request = {};
  request.number = static_cast<uint32_t>(call);
  request.handle = handle;
  request.args[0] = argument;
  std::lock_guard lock(submit_mutex_);
  later_.push_back(request);
  SubmitLaterLocked();
}

void SessionCore::SubmitLater() {
  std::lock_guard lock(submit_mutex_);
  SubmitLaterLocked();
}

// What does not fit goes with the next pump.
void SessionCore::SubmitLaterLocked() {
  while (!later_.empty()) {
    later_.back().user_data = next_user_data_;
    if (!Submit(later_.back(), {})) return;
    ++next_user_data_;
    later_.pop_back();
  }
}

bool SessionCore::Submit(const abi::Request& request, Bytes payload) {
  const size_t bytes = sizeof(request) + payload.size();
  if (!writer_.HasRoom(bytes, completions_.get())) return false;
  uint8_t* at = writer_.Payload();
  std::memcpy(at, &request, sizeof(request));
  if (!payload.empty())
    std::memcpy(at + sizeof(request), payload.data(), payload.size());
  abi::RecordHeader header = {};
  header.payload_bytes = static_cast<uint32_t>(bytes);
  writer_.Publish(header);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  // One bell for each sleep: it stays on the socket until it is looked at.
  const uint32_t armed = completions_->armed().load(std::memory_order_relaxed);
  if (armed != 0 && std::exchange(rung_, armed) != armed) RingDoorbell();
  return true;
}

void SessionCore::RingDoorbell() {
  const abi::SocketMessage bell = {abi::kMagic, abi::SocketKind::bell, 0};
  base::SendMessage(socket_.get(), &bell, sizeof(bell)).ok();
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

namespace {

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

void SessionCore::Pump() {
  if (!HasNews()) return;
  std::unique_lock lock(pump_mutex_, std::try_to_lock);
  if (!lock.owns_lock()) return;
  PumpLocked();
  lock.unlock();
  SubmitLater();
  WakeAll();
}

void SessionCore::PumpLocked() {
  abi::RecordHeader header;
  while (true) {
    const auto state = reader_.Peek(&header);
    if (state == base::RingReader::State::kEmpty) break;
    if (state == base::RingReader::State::kMalformed ||
        header.payload_bytes < sizeof(abi::Completion)) {
      EndWith(Error::peer_closed);
      return;
    }
    Answer answer;
    std::memcpy(&answer.completion, reader_.Payload(),
                sizeof(answer.completion));
    const uint8_t* rest = reader_.Payload() + sizeof(answer.completion);
    answer.payload.assign(
        rest, rest + header.payload_bytes - sizeof(answer.completion));
    reader_.Consume(header, requests_.get());
    answer.position = reader_.position();
    consumed_.store(reader_.position(), std::memory_order_release);
    if (answer.completion.descriptor_count > 0 &&
        !TakeDescriptors(answer.completion.descriptor_serial,
                         &answer.descriptors)) {
      EndWith(Error::peer_closed);
      return;
    }
    Dispatch(std::move(answer));
  }
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if ((completions_->armed().load(std::memory_order_relaxed) &
       abi::kArmRoomFutex) != 0)
    RingDoorbell();
}

void SessionCore::Dispatch(Answer answer) {
  if ((answer.completion.number & abi::kEventFlag) != 0) {
    Route(std::move(answer));
    return;
  }
  Then then;
  {
    std::lock_guard lock(submit_mutex_);
    auto found = pending_.find(answer.completion.user_data);
    if (found == pending_.end()) return;
    then = std::move(found->second.then);
    pending_.erase(found);
  }
  then(std::move(answer));
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
  if (box != nullptr)
    box->Post(std::move(event));
  else if (expected_ > 0 && unclaimed_.size() < kUnclaimedMax)
    unclaimed_.push_back(std::move(event));
}

bool SessionCore::TakeDescriptors(uint64_t serial,
                                  std::vector<base::UniqueFd>* out) {
  std::lock_guard lock(socket_mutex_);
  while (true) {
    auto found = arrived_.find(serial);
    if (found != arrived_.end()) {
      *out = std::move(found->second);
      arrived_.erase(found);
      return true;
    }
    if (!ReadSocket()) return false;
  }
}

bool SessionCore::ReadSocket() {
  abi::SocketMessage message = {};
  auto got = base::ReceiveMessage(socket_.get(), &message, sizeof(message));
  if (!got.ok() || got->bytes == 0) return false;
  if (got->bytes == sizeof(message) &&
      message.kind == abi::SocketKind::descriptors)
    arrived_[message.serial] = std::move(got->descriptors);
  return true;
}

void SessionCore::DrainBells() {
  std::lock_guard lock(socket_mutex_);
  while (ReadSocket()) {
  }
  if (base::HasHungUp(socket_.get()) && !HasNews()) EndWith(Error::peer_closed);
}

void SessionCore::Arm() {
  std::lock_guard lock(arm_mutex_);
  ++sleepers_;
  ++arm_generation_;
  requests_->armed().store(
      arm_generation_ * abi::kArmGeneration | abi::kArmRecordsFutex |
          (bell_users_ > 0 ? abi::kArmRecordsBell : 0u) |
          (room_waiters_.load() > 0 ? abi::kArmRoomFutex : 0u),
      std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void SessionCore::Disarm() {
  std::lock_guard lock(arm_mutex_);
  if (--sleepers_ == 0)
    requests_->armed().store(bell_users_ > 0 ? abi::kArmRecordsBell : 0u,
                             std::memory_order_relaxed);
}

void SessionCore::AddBellUser() {
  std::lock_guard lock(arm_mutex_);
  if (++bell_users_ == 1) requests_->armed().fetch_or(abi::kArmRecordsBell);
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void SessionCore::RemoveBellUser() {
  std::lock_guard lock(arm_mutex_);
  if (--bell_users_ == 0)
    requests_->armed().fetch_and(~uint32_t{abi::kArmRecordsBell});
}

void SessionCore::Sleep(uint32_t seen, std::span<const base::FutexWait> words,
                        int64_t deadline_ns) {
  epoch_sleepers_.fetch_add(1);
  Arm();
  const uint32_t tail = std::atomic_ref<uint32_t>(
                            *const_cast<uint32_t*>(completions_->tail_word()))
                            .load(std::memory_order_acquire);
  if (epoch() == seen && !HasNews() && over() == Error::ok) {
    base::FutexWait waits[base::kFutexWaitsMax];
    size_t count = 0;
    waits[count++] = {completions_->tail_word(), tail};
    waits[count++] = {reinterpret_cast<const uint32_t*>(&epoch_), seen, true};
    for (const base::FutexWait& word : words) {
      if (count == base::kFutexWaitsMax) break;
      waits[count++] = word;
    }
    const int64_t liveness = base::NowNs() + kLivenessNs;
    const auto result =
        base::WaitOnWords({waits, count}, std::min(deadline_ns, liveness));
    if (result == base::WaitResult::kTimedOut && liveness <= deadline_ns &&
        base::HasHungUp(socket_.get()) && !HasNews())
      EndWith(Error::peer_closed);
  }
  Disarm();
  epoch_sleepers_.fetch_sub(1);
}

void SessionCore::WakeAll() {
  epoch_.fetch_add(1);
  if (epoch_sleepers_.load() > 0)
    base::WakeWord(reinterpret_cast<const uint32_t*>(&epoch_), INT_MAX,
                   base::WakeScope::kPrivate);
}

void SessionCore::EndWith(Error why) {
  Error expected = Error::ok;
  over_.compare_exchange_strong(expected, why);
  absl::flat_hash_map<uint64_t, Pending> orphans;
  {
    std::lock_guard lock(submit_mutex_);
    orphans.swap(pending_);
  }
  for (auto& [user_data, pending] : orphans) {
    Answer answer;
    answer.completion.user_data = user_data;
    answer.completion.error = over();
    pending.then(std::move(answer));
  }
  WakeAll();
}

void SessionCore::Close() {
  EndWith(Error::canceled);
  // The descriptor itself stays until the last user is gone.
  if (socket_.valid()) ::shutdown(socket_.get(), SHUT_RDWR);
}

absl::Status StatusOfAnswer(abi::Syscall call, Handle handle,
                            const Answer& answer) {
  std::string text =
      absl::StrCat(base::SyscallName(call), " on handle ", handle, ": ",
                   base::ErrorText(answer.error()));
  switch (answer.error()) {
    case Error::bad_handle:
      absl::StrAppend(
          &text, " (",
          base::FateText(static_cast<abi::HandleFate>(answer.value(0))), ")");
      break;
    case Error::access_denied:
      absl::StrAppend(&text, "; missing: ",
                      base::RightsText(static_cast<Rights>(answer.value(0))),
                      ". Ask whoever gave this capability for one with it");
      break;
    case Error::out_of_range:
      absl::StrAppend(&text, "; allowed are ", answer.value(0), " to ",
                      answer.value(1));
      break;
    case Error::quota_exceeded:
      absl::StrAppend(&text, "; used ", answer.value(0), " of ",
                      answer.value(1), " in account ", answer.value(2));
      break;
    default:
      break;
  }
  return WithHandle(MakeStatus(answer.error(), text), handle);
}

}  // namespace ipc
