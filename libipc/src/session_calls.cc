// SessionCore: how a call goes out and how its answer is waited for.
#include <algorithm>
#include <cstring>

#include "flight_recorder.h"
#include "libipc/abi/handshake.h"
#include "libipc/base/processor.h"
#include "libipc/base/socket.h"
#include "session_core.h"

namespace ipc {
namespace {

// Whoever has less time than this only sleeps.
constexpr int64_t kPollLeastNs = 100'000;

uint32_t ProcessorOf(const base::Half& half) {
  return half.processor().load(std::memory_order_relaxed);
}

}  // namespace

uint64_t SessionCore::StartFor(const std::shared_ptr<Waiter>& waiter,
                               abi::Syscall call, Handle handle,
                               const CallArguments& arguments) {
  return Start(call, handle, arguments, [waiter](Answer answer) {
    waiter->answer = std::move(answer);
    waiter->done.store(true, std::memory_order_release);
  });
}

bool SessionCore::Await(Waiter& waiter, int64_t deadline_ns, Manner manner) {
  while (true) {
    const uint32_t seen = epoch();
    Pump();
    if (waiter.done.load(std::memory_order_acquire)) return true;
    const int64_t now = base::NowNs();
    if (over() != Error::ok || deadline_ns <= now) return false;
    if (manner == Manner::kPoll && deadline_ns - now > kPollLeastNs &&
        PollFor(waiter))
      continue;
    Sleep(seen, {}, deadline_ns);
  }
}

bool SessionCore::PollFor(const Waiter& waiter) {
  if (base::ThisProcessor() == ProcessorOf(*completions_)) return false;
  return polling_.Spin([&] {
    return HasNews() || waiter.done.load(std::memory_order_acquire) ||
           over() != Error::ok;
  });
}

Answer SessionCore::Call(abi::Syscall call, Handle handle,
                         const CallArguments& arguments, Deadline deadline) {
  const auto waiter = std::make_shared<Waiter>();
  Answer failed;
  failed.completion.user_data = StartFor(waiter, call, handle, arguments);
  if (failed.completion.user_data != 0 &&
      Await(*waiter, deadline.ns, Manner::kPoll)) {
    if (waiter->answer.error() == Error::quota_exceeded)
      WriteFlight(*this,
                  {.label = static_cast<uint32_t>(call),
                   .kind = static_cast<uint16_t>(abi::TraceKind::refused)});
    return std::move(waiter->answer);
  }
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
    if (Await(*waiter, cancelled ? base::kNoDeadline : deadline.ns,
              Manner::kSleep)) {
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
      if (Put(request, arguments.payload)) {
        ++next_user_data_;
        pending_[request.user_data].then = std::move(then);
        if (spare_.wanted()) PutSpareLocked();
        WakeKernel();
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
  LaterCall later = {};
  later.request.number = static_cast<uint32_t>(call);
  later.request.handle = handle;
  later.request.args[0] = argument;
  AddLater(std::move(later));
}

void SessionCore::LaterByMail(abi::Syscall call, Handle lane, uint64_t argument,
                              const std::shared_ptr<Mailbox>& mailbox) {
  LaterCall later = {};
  later.request.number = static_cast<uint32_t>(call);
  later.request.handle = lane;
  later.request.args[0] = argument;
  later.then = [this, box = std::weak_ptr(mailbox)](Answer answer) {
    const std::shared_ptr<Mailbox> mail = box.lock();
    if (mail == nullptr) return;
    have_mail_.push_back(mail->reader());
    mail->Post(std::move(answer));
  };
  AddLater(std::move(later));
}

void SessionCore::LaterThen(abi::Syscall call, const CallArguments& arguments,
                            Then then) {
  LaterCall later = {};
  later.request.number = static_cast<uint32_t>(call);
  later.request.options = arguments.options;
  std::copy(std::begin(arguments.args), std::end(arguments.args),
            later.request.args);
  later.then = std::move(then);
  AddLater(std::move(later));
}

void SessionCore::AddLater(LaterCall call) {
  if (over() != Error::ok) return;
  std::lock_guard lock(submit_mutex_);
  later_.push_back(std::move(call));
  SubmitLaterLocked();
}

void SessionCore::SubmitLater() {
  std::lock_guard lock(submit_mutex_);
  SubmitLaterLocked();
}

// What does not fit goes with the next pump.
void SessionCore::SubmitLaterLocked() {
  while (!later_.empty()) {
    LaterCall& next = later_.back();
    next.request.user_data = next_user_data_;
    if (!Submit(next.request, {})) return;
    if (next.then) pending_[next_user_data_].then = std::move(next.then);
    ++next_user_data_;
    later_.pop_back();
  }
}

void SessionCore::AskForSpare() {
  if (!spare_.wanted()) return;
  std::lock_guard lock(submit_mutex_);
  PutSpareLocked();
  WakeKernel();
}

void SessionCore::PutSpareLocked() {
  if (!spare_.Ask()) return;
  abi::Request request = {};
  request.number = static_cast<uint32_t>(abi::Syscall::half_spare);
  request.user_data = next_user_data_;
  if (!Put(request, {})) return spare_.CouldNotAsk();
  ++next_user_data_;
  pending_[request.user_data].then = [this](Answer granted) {
    const uint64_t number = spare_.Keep(std::move(granted));
    if (number != 0) Later(abi::Syscall::half_spare, abi::kNoHandle, number);
  };
}

bool SessionCore::Submit(const abi::Request& request, Bytes payload) {
  if (!Put(request, payload)) return false;
  WakeKernel();
  return true;
}

bool SessionCore::Put(const abi::Request& request, Bytes payload) {
  const size_t bytes = sizeof(request) + payload.size();
  if (!writer_.HasRoom(bytes, completions_.get())) return false;
  uint8_t* at = writer_.Payload();
  std::memcpy(at, &request, sizeof(request));
  if (!payload.empty())
    std::memcpy(at + sizeof(request), payload.data(), payload.size());
  abi::RecordHeader header = {};
  header.payload_bytes = static_cast<uint32_t>(bytes);
  writer_.Publish(header);
  return true;
}

void SessionCore::WakeKernel() {
  const uint32_t here = base::ThisProcessor();
  if (here != ProcessorOf(*requests_))
    requests_->processor().store(here, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const uint32_t armed = completions_->armed().load(std::memory_order_relaxed);
  if (armed == 0 || !rung_.IsDue(armed, writer_.position())) return;
  if ((armed & abi::kArmRecordsFutex) != 0)
    base::WakeWord(requests_->tail_word(), 1);
  else
    RingDoorbell();
}

void SessionCore::RingDoorbell() {
  const abi::SocketMessage bell = {abi::kMagic, abi::SocketKind::bell, 0};
  base::SendMessage(socket_.get(), &bell, sizeof(bell)).ok();
}

}  // namespace ipc
